"""Calls operations of the box over its socket."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from patronus.ops import wire
from patronus.ops.errors import CallFailed
from patronus.ops.messages import Message
from patronus.ops.registry import INTERFACE, SOCKET, Operation
from patronus.values.problem import Problem, Refused

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)
_ANSWER_LIMIT = 64 * 2**20


def call(operation: Operation[Q, R], request: Q, progress: Callable[[str], None] | None = None) -> R:
    """Call one operation. Raises Refused with the box's problems, CallFailed for everything else."""
    with socket.socket(socket.AF_UNIX) as stream:
        try:
            stream.connect(SOCKET)
        except OSError as error:
            reason = f"cannot reach patronusd at {SOCKET}: {error.strerror}"
            raise CallFailed(f"{reason}; is this the appliance? see: systemctl status patronusd.socket") from error
        connection = wire.Connection(stream, _ANSWER_LIMIT)
        method = f"{INTERFACE}.{operation.name}"
        with suppress(OSError):  # it may have answered with a refusal already, such as of the size
            connection.send({"method": method, "parameters": request.model_dump(), "more": True})
        while True:
            reply = _receive(connection)
            if reply is None:
                raise CallFailed("patronusd ended the connection without an answer; see: journalctl -u patronusd")
            if reply.get("continues"):
                if progress:
                    progress(str(reply["parameters"].get("progress", "")))
                continue
            return _result(operation, reply)


def _receive(connection: wire.Connection) -> Any:
    """Return the next message; None when patronusd has gone, also in the middle of one."""
    try:
        return connection.receive()
    except (OSError, ValueError):
        return None


def _result(operation: Operation[Q, R], reply: dict[str, Any]) -> R:
    parameters = reply.get("parameters") or {}
    error = reply.get("error")
    if error == wire.REFUSED:
        raise Refused([Problem(*fields) for fields in parameters["problems"]])
    if error:
        raise CallFailed(parameters.get("message") or str(error))
    return operation.result.model_validate(parameters)
