"""The `patronus` command: stdout is data, stderr is words."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from patronus.cli import commands
from patronus.ops.errors import CallFailed
from patronus.values.problem import Refused

REFUSED, USAGE, UNREACHABLE = 1, 2, 3
_EXIT_CODES = "Exit codes: 0 done, 1 refused, 2 usage, 3 the box cannot be reached or failed."


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    arguments = make_parser().parse_args(argv)
    try:
        module, _, function = arguments.run.partition(":")
        run = getattr(importlib.import_module(f"patronus.cli.{module}"), function)
        return int(run(arguments) or 0)
    except Refused as refused:
        from patronus.cli.text import print_problems

        print_problems(refused.problems)
        return REFUSED
    except CallFailed as error:
        print(f"patronus: {error}", file=sys.stderr)
        return UNREACHABLE
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command, so that documents can be made from it."""
    parser = argparse.ArgumentParser(
        prog="patronus", description="One signed document, one appliance.", epilog=_EXIT_CODES
    )
    group = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_workstation(group)
    commands.add_box(group)
    commands.add_push(group)
    return parser


if __name__ == "__main__":
    sys.exit(main())
