"""The `patronus` command: stdout is data, stderr is words.

Exit codes: 0 done, 1 refused, 2 usage, 3 the box cannot be reached or failed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from patronus.cli import box, push, workstation
from patronus.cli.text import print_problems
from patronus.values.problem import Refused

REFUSED, USAGE, UNREACHABLE = 1, 2, 3


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = make_parser().parse_args(argv)
    try:
        return int(arguments.run(arguments) or 0)
    except Refused as refused:
        print_problems(refused.problems)
        return REFUSED
    except box.CallFailed as error:
        print(f"patronus: {error}", file=sys.stderr)
        return UNREACHABLE
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command, so that documents can be made from it."""
    parser = argparse.ArgumentParser(prog="patronus", description="One signed document, one appliance.", epilog=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    workstation.add_commands(commands)
    box.add_commands(commands)
    push.add_commands(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
