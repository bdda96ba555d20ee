"""Kea's control channel: one JSON command, one JSON answer per connection (Kea ARM 2.6, chapter 18)."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any, NamedTuple

SOCKET = Path("/run/kea/kea4-ctrl-socket")
SUCCESS = 0
MAX_ANSWER = 64 * 2**20
"""Bytes; the leases of a /16 need about 16 MiB."""


class Answer(NamedTuple):
    """What Kea says: a result (0 is success), words, and data of the command's own shape."""

    result: int
    text: str
    arguments: Any = None


def send_command(command: str, path: Path = SOCKET, *, timeout: float = 30.0) -> Answer:
    """Send a command without arguments. Raises OSError when Kea does not answer, ValueError or KeyError on nonsense."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as channel:
        channel.settimeout(timeout)
        channel.connect(str(path))
        channel.sendall(json.dumps({"command": command}).encode())
        channel.shutdown(socket.SHUT_WR)
        raw = _read_all(channel)
    answer = json.loads(raw)
    return Answer(int(answer["result"]), str(answer.get("text", "")), answer.get("arguments"))


def _read_all(channel: socket.socket) -> bytes:
    parts: list[bytes] = []
    size = 0
    while part := channel.recv(65536):
        parts.append(part)
        size += len(part)
        if size > MAX_ANSWER:
            raise ValueError("Kea's answer does not end")
    return b"".join(parts)
