"""`python3 -m patronus_builder VERB`: what the Makefile calls."""

import argparse
from collections.abc import Sequence

from patronus_builder.venv import make_venv, venv_path


def make_parser() -> argparse.ArgumentParser:
    """The command line of the builder."""
    parser = argparse.ArgumentParser(prog="patronus_builder", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verbs.add_parser("venv", help="make the environment with linters and test tools")
    verbs.add_parser("venv-path", help="print where it is")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; returns the exit status."""
    options = make_parser().parse_args(arguments)
    if options.verb == "venv":
        make_venv()
    else:
        print(venv_path())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
