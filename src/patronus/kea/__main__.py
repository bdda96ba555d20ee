"""Reloads Kea and sees that it worked: `python3 -m patronus.kea reload MAINPID`, the ExecReload= of its unit.

A signal would say nothing: Kea keeps running without its subnets when it cannot take a new configuration over, for
instance because of a link it has not seen yet. Such a Kea is ended, and systemd starts it again with the new one.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from patronus.kea.control import SOCKET, SUCCESS, send_command


def reload_server(process: int, path: Path = SOCKET) -> bool:
    """Return whether Kea took its configuration over; when not, end it."""
    try:
        answer = send_command("config-reload", path)
        reason = answer.text
        if answer.result == SUCCESS:
            return True
    except (OSError, ValueError, KeyError) as error:
        reason = str(error)
    print(f"Kea could not reload, it starts again: {reason}", file=sys.stderr)
    os.kill(process, signal.SIGTERM)
    return False


if __name__ == "__main__":
    reload_server(int(sys.argv[2]))
