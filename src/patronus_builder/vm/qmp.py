"""A small client of QEMU's control protocol, see qemu-qmp-ref(7)."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

JsonObject = dict[str, Any]


class QmpError(RuntimeError):
    """QEMU refused a command, or the connection ended; the text is QEMU's own."""


class Qmp:
    """One connection; a thread collects events while the caller sends commands one at a time."""

    def __init__(self, path: Path, *, alive: Callable[[], bool], timeout: float = 60) -> None:
        """Connects as soon as QEMU listens; gives up after `timeout` seconds or when `alive` says that QEMU ended."""
        self._socket = connect_unix(path, alive=alive, timeout=timeout)
        self._changed = threading.Condition()
        self._events: list[JsonObject] = []
        self._reply: JsonObject | None = None
        self._closed = False
        self._command_lock = threading.Lock()
        threading.Thread(target=self._read_forever, name="qmp", daemon=True).start()
        try:
            self.command("qmp_capabilities")
        except QmpError:
            self.close()
            raise

    def command(self, name: str, /, *, timeout: float = 30, **arguments: object) -> Any:
        """Runs one command and returns its result; raises QmpError with QEMU's reason."""
        message: JsonObject = {"execute": name}
        if arguments:
            message["arguments"] = {key.replace("_", "-"): value for key, value in arguments.items()}
        with self._command_lock:
            self._send(message)
            with self._changed:
                if not self._changed.wait_for(lambda: self._reply is not None or self._closed, timeout):
                    raise QmpError(f"QEMU did not answer {name} within {timeout:.0f} s")
                reply, self._reply = self._reply, None
        if reply is None:
            raise QmpError(f"QEMU ended while it handled {name}")
        if "error" in reply:
            raise QmpError(f"{name}: {reply['error'].get('desc', reply['error'])}")
        return reply.get("return")

    def mark(self) -> int:
        """The number of events so far, to wait for later ones only."""
        with self._changed:
            return len(self._events)

    def wait_for_event(self, name: str, *, since: int = 0, timeout: float) -> JsonObject:
        """The first event of this name after `since` (a value of `mark`); raises QmpError after `timeout` seconds."""

        def find() -> JsonObject | None:
            return next((event for event in self._events[since:] if event["event"] == name), None)

        with self._changed:
            self._changed.wait_for(lambda: find() is not None or self._closed, timeout)
            found = find()
        if found is None:
            raise QmpError(f"no event {name} from QEMU within {timeout:.0f} s")
        return found

    def close(self) -> None:
        """Ends the connection; QEMU goes on."""
        with contextlib.suppress(OSError):  # it may be closed from the other side already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _send(self, message: JsonObject) -> None:
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise QmpError(f"QEMU does not listen any more: {error}") from error

    def _read_forever(self) -> None:
        try:
            for line in self._socket.makefile("rb"):
                self._take(json.loads(line))
        except (OSError, ValueError):
            pass
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _take(self, message: JsonObject) -> None:
        with self._changed:
            if "event" in message:
                self._events.append(message)
            elif "QMP" not in message:
                self._reply = message
            self._changed.notify_all()


def connect_unix(path: Path, *, alive: Callable[[], bool], timeout: float) -> socket.socket:
    """Connects to a socket that another process is about to make; raises QmpError when it ends or `timeout` passes."""
    deadline = time.monotonic() + timeout
    pause = 0.005
    while True:
        client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            client.connect(str(path))
        except (FileNotFoundError, ConnectionRefusedError) as error:
            client.close()
            if not alive():
                raise QmpError("QEMU ended at once; its last words are in qemu.log") from error
            if time.monotonic() > deadline:
                raise QmpError(f"nobody listens on {path.name} after {timeout:.0f} s") from error
            time.sleep(pause)
            pause = min(pause * 2, 0.2)
        else:
            return client
