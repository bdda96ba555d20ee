"""The Varlink framing of the operations socket: a JSON object and a NUL byte per message (varlink.org/Method-Call)."""

from __future__ import annotations

import json
import socket
from typing import Any

REFUSED = "io.patronus.Box.Refused"
DENIED = "io.patronus.Box.PermissionDenied"
BUSY = "io.patronus.Box.Busy"
FAILED = "io.patronus.Box.Failed"
INVALID = "org.varlink.service.InvalidParameter"
UNKNOWN = "org.varlink.service.MethodNotFound"


class TooLong(Exception):  # noqa: N818 - reads as what happened
    """A message is longer than its sender may send."""


class Connection:
    """One end of a Varlink connection. `limit` is the most bytes a message from the other end may have."""

    def __init__(self, stream: socket.socket, limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._buffer = bytearray()

    def send(self, message: dict[str, Any]) -> None:
        """Send one message."""
        self._stream.sendall(json.dumps(message).encode() + b"\0")

    def receive(self) -> Any:
        """Return the next message, None at the end. Raises ValueError for what is not JSON, TooLong past the limit."""
        searched = 0
        while (end := self._buffer.find(0, searched)) < 0:
            searched = len(self._buffer)
            if searched > self._limit:
                raise TooLong
            chunk = self._stream.recv(65536)
            if not chunk:
                return None
            self._buffer += chunk
        if end > self._limit:
            raise TooLong
        message = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        try:
            return json.loads(message)
        except RecursionError as error:
            raise ValueError("nested too deep") from error
