"""`python3 -m patronus.console`: the menu with Textual; without it, where that cannot start, in plain lines."""

from __future__ import annotations

import os
import sys

from patronus.console.plain import PlainConsole
from patronus.console.terminal import give_size, prepare_environment
from patronus.ops.client import call

_NEEDED = 96 * 2**20
"""Bytes of free memory below which Textual is not even tried."""


def main() -> int:
    """Serve the menu until somebody logs out."""
    give_size()
    reason = find_obstacle()
    if not reason:
        try:
            prepare_environment()
            from patronus.console.app import ConsoleApp

            app = ConsoleApp(call)
            code = app.run()
            if code is not None:
                return code
            reason = "it ended by itself"
        except Exception as error:
            reason = repr(error)
    sys.stdout.write(f"\nThe menu on the whole screen cannot start: {reason}\n")
    return PlainConsole(call).run()


def find_obstacle() -> str:
    """Return why Textual need not be tried on this terminal and this box; empty when nothing is known against it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return "this is no terminal"
    if os.environ.get("TERM", "dumb") in {"", "dumb", "unknown"}:
        return "the terminal cannot move its cursor (TERM)"
    return "" if _available() >= _NEEDED else f"only {_available() // 2**20} MB of memory are free"


def _available() -> int:
    """Return how much memory programs can still have, in bytes (proc_meminfo(5))."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123
            fields = dict(line.split(":") for line in file)
        return int(fields["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return _NEEDED


if __name__ == "__main__":
    sys.exit(main())
