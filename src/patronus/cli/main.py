"""The `patronus` command: stdout is data, stderr is words."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from io import TextIOWrapper
from typing import NoReturn

from patronus.cli import commands
from patronus.ops.errors import CallFailed
from patronus.values.problem import Problem, Refused
from patronus.values.terminal import one_line, safe
from patronus.values.version import SCHEMA_VERSION, VERSION

REFUSED, USAGE, UNREACHABLE = 1, 2, 3
_EXIT_CODES = (
    "Exit codes: 0 done, 1 refused, 2 usage, 3 the box cannot be reached or failed, 4 pushed but not confirmed."
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    _open_closed_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that knows fewer characters
    arguments = make_parser().parse_args(argv)
    code = 0
    try:
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(
            os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno()
        )  # else Python complains when it flushes at its end
    except OSError as error:
        _say(error.strerror or str(error))
        return REFUSED
    except KeyboardInterrupt:
        return 130
    return code


def _run(arguments: argparse.Namespace) -> int:
    """Run the command. Why it is refused or fails goes to stderr and, with `--json`, as data to stdout."""
    try:
        module, _, function = arguments.run.partition(":")
        run = getattr(importlib.import_module(f"patronus.cli.{module}"), function)
        return int(run(arguments) or 0)
    except Refused as refused:
        from patronus.cli.text import print_problems

        print_problems(refused.problems)
        return _fail(arguments, REFUSED, refused.problems)
    except CallFailed as error:
        _say(str(error))
        return _fail(arguments, UNREACHABLE, [Problem("", str(error), "see: systemctl status patronusd, on the box")])
    except OSError as error:
        if error.filename is None:
            raise  # standard output itself
        message = f"{error.filename}: {error.strerror}"
        _say(message)
        return _fail(arguments, REFUSED, [Problem("", message, "check the name and whether you may use it")])


def _fail(arguments: argparse.Namespace, code: int, problems: Iterable[Problem]) -> int:
    if getattr(arguments, "json", False):
        with suppress(BrokenPipeError):  # told again at the last flush
            print(json.dumps([problem._asdict() for problem in problems]))
    return code


def _say(message: str) -> None:
    print(one_line(f"patronus: {message}"), file=sys.stderr)


def _open_closed_streams() -> None:
    """Put /dev/null where the caller closed a standard stream: Python has None there, and the next file its number."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))


class Parser(argparse.ArgumentParser):
    """A parser whose complaints repeat no control character of the command line."""

    def error(self, message: str) -> NoReturn:
        """End with the code for usage errors."""
        super().error(safe(f"{message}; see: {self.prog} --help"))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command, so that documents can be made from it."""
    parser = Parser(prog="patronus", description="One signed document, one appliance.", epilog=_EXIT_CODES)
    version = f"patronus {VERSION}, for documents of version {SCHEMA_VERSION}"
    parser.add_argument("--version", action="version", version=version, help="print the version and end")
    group = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_workstation(group)
    commands.add_box(group)
    commands.add_observation(group)
    commands.add_trust(group)
    commands.add_stick(group)
    commands.add_push(group)
    return parser


if __name__ == "__main__":
    sys.exit(main())
