"""`python3 -m patronus_builder VERB`: what the Makefile calls."""

import argparse
from collections.abc import Sequence

from patronus_builder.sandbox import run_in_sandbox
from patronus_builder.tools import make_tools
from patronus_builder.venv import make_venv, venv_path


def make_parser() -> argparse.ArgumentParser:
    """The command line of the builder."""
    parser = argparse.ArgumentParser(prog="patronus_builder", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("venv", help="make the environment with linters and test tools")
    verbs.add_parser("venv-path", help="print where it is")
    verbs.add_parser("tools", help="fetch mkosi and build the tools tree; print its folder")
    sandbox = verbs.add_parser("sandbox", help="run a command in the tools tree: sandbox -- COMMAND...")
    sandbox.add_argument("command", nargs="+")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    options = make_parser().parse_args(arguments)
    if options.verb == "venv":
        make_venv()
    elif options.verb == "tools":
        print(make_tools())
    elif options.verb == "sandbox":
        return run_in_sandbox(options.command).returncode
    else:
        print(venv_path())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
