"""Accepts connections, checks the caller's role and the request's type, calls the handler, answers."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from patronus.daemon.handlers import HANDLERS, Busy, Caller
from patronus.daemon.peer import Peer, identify
from patronus.host.layout import Layout
from patronus.ops import wire
from patronus.ops.registry import INTERFACE, Role, operation
from patronus.values.problem import Refused

_SMALL = 64 * 2**10
_LARGE = 24 * 2**20  # a bundle of 16 MiB in base64
_TIMEOUT = 900.0  # seconds a caller may be silent
_PATIENCE = 5.0  # seconds for someone who may do nothing here: one refusal, and the place is free again
_IDLE = 300.0  # seconds without any caller after which the daemon ends; systemd starts it again for the next one
_CALLERS = 32
_GUESTS = threading.BoundedSemaphore(16)
"""Callers at once who are no admins: the other places are always free for those who confirm or go back."""


def serve() -> None:
    """Serve until systemd stops us; the socket is systemd's, so that no call is lost while we restart."""
    from systemd import daemon

    listener = socket.socket(fileno=daemon.listen_fds()[0])
    listener.settimeout(_IDLE)
    daemon.notify("READY=1")
    places = threading.BoundedSemaphore(_CALLERS)
    while True:
        places.acquire()
        try:
            stream, _address = listener.accept()
        except TimeoutError:
            places.release()
            if threading.active_count() == 1:
                return
            continue
        threading.Thread(target=_talk, args=(stream, places), daemon=True).start()


def _talk(stream: socket.socket, places: threading.BoundedSemaphore) -> None:
    try:
        _answer_all(stream)
    finally:
        places.release()


def _answer_all(stream: socket.socket) -> None:
    with stream:
        peer = identify(stream)
        if peer.role >= Role.ADMIN:
            _converse(stream, peer)
        elif _GUESTS.acquire(blocking=False):
            try:
                _converse(stream, peer)
            finally:
                _GUESTS.release()
        else:
            with suppress(OSError):
                wire.Connection(stream, _SMALL).send(_error(wire.BUSY, "too many ask at once; try again later"))


def _converse(stream: socket.socket, peer: Peer) -> None:
    stream.settimeout(_TIMEOUT if peer.role > Role.NOBODY else _PATIENCE)
    connection = wire.Connection(stream, _LARGE if peer.role >= Role.ADMIN else _SMALL)
    try:
        while (message := connection.receive()) is not None:
            connection.send(answer(peer, message, connection.send))
            if peer.role is Role.NOBODY:
                break
    except (OSError, ValueError, wire.TooLong) as error:
        _log(4, peer, f"connection ended: {error!r}")


def answer(peer: Peer, message: Any, send: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Return the reply to one message; `send` carries progress on the way."""
    if not isinstance(message, dict) or not isinstance(message.get("method"), str):
        return _error(wire.INVALID, "not a method call")
    interface, _, name = message["method"].rpartition(".")
    wanted = operation(name) if interface == INTERFACE else None
    if wanted is None:
        return _error(wire.UNKNOWN, f"there is no operation {message['method'][:100]!r}")
    if peer.role < wanted.role:
        _log(4, peer, f"may not {name}")
        return _error(
            wire.DENIED, f"{name} needs the role {wanted.role.name.lower()}, {peer.name} has {peer.role.name.lower()}"
        )
    caller = Caller(peer.name, _progress(message, send))
    _log(5 if wanted.role >= Role.ADMIN else 6, peer, name)
    try:
        request = wanted.request.model_validate(message.get("parameters") or {})
        return {"parameters": HANDLERS[wanted.name](Layout(), request, caller).model_dump()}
    except ValidationError as error:
        return _error(wire.INVALID, f"the request does not fit {name}: {error.error_count()} problems")
    except Refused as refused:
        return {"error": wire.REFUSED, "parameters": {"problems": [list(problem) for problem in refused.problems]}}
    except Busy:
        return _error(wire.BUSY, "another change is under way; try again when it is done")
    except Exception as error:
        _log(3, peer, f"{name} failed: {error!r}")
        return _error(wire.FAILED, f"{name} failed: {error}; see: journalctl -u patronusd")


def _progress(message: dict[str, Any], send: Callable[[dict[str, Any]], None]) -> Callable[[str], None]:
    if not message.get("more"):
        return lambda _text: None
    return lambda text: send({"parameters": {"progress": text}, "continues": True})


def _error(error: str, message: str) -> dict[str, Any]:
    return {"error": error, "parameters": {"message": message}}


def _log(level: int, peer: Peer, text: str) -> None:
    """Write to the journal through stdout: the level as sd-daemon(3) spells it, and who asked for what."""
    print(f"<{level}>{peer.name}: {text}", file=sys.stderr, flush=True)
