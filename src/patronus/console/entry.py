"""`patronus-console`: what a session on the console starts with. As a login shell it serves SSH, too."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

_SHELL = "/bin/bash"


def is_remote(terminal: str) -> bool:
    """Tell whether a session comes by SSH, with a pseudo terminal or none; lines of the box have many names."""
    return not terminal or terminal.startswith("/dev/pts/")


def choose(argv: Sequence[str], terminal: str) -> list[str]:
    """Return the program to become instead of the menu; empty for the menu.

    sshd starts a login shell with `-c` and a command (sshd(8)); login(1) starts it with nothing.
    """
    if not is_remote(terminal):
        return []
    return ["bash", *argv[1:]] if len(argv) > 1 else ["-bash"]


def main() -> int:
    """Serve the menu on a console, and be an ordinary shell anywhere else."""
    program = choose(sys.argv, os.ttyname(0) if os.isatty(0) else "")
    if program:
        os.execv(_SHELL, program)  # noqa: S606 - becoming the shell is what is asked for
    from patronus.console.__main__ import main as serve

    return serve()
