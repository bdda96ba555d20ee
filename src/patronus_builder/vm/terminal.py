"""Attaches the caller's terminal to a socket, byte by byte, until the escape key or the end."""

import os
import select
import shutil
import socket
import sys
import termios
import tty
from pathlib import Path

ESCAPE = b"\x1d"  # Ctrl-], as telnet has it


def attach(path: Path) -> None:
    """Copies between the terminal and the socket at `path`; Ctrl-] leaves, the other side goes on."""
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(str(path))
    columns, rows = shutil.get_terminal_size()
    client.sendall(f" stty rows {rows} cols {columns}; clear\n".encode())
    saved = termios.tcgetattr(0) if sys.stdin.isatty() else None
    try:
        if saved is not None:
            tty.setraw(0)
        _copy(client)
    finally:
        if saved is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)
        client.close()


def _copy(client: socket.socket) -> None:
    while True:
        ready, _, _ = select.select([0, client.fileno()], [], [])
        if client.fileno() in ready:
            data = client.recv(65536)
            if not data:
                return
            os.write(1, data)
        if 0 in ready:
            data = os.read(0, 4096)
            if not data or ESCAPE in data:
                return
            client.sendall(data)
