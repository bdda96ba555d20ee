"""The host's half of the test agent: how it gets into an unchanged image, and how to talk to it."""

import base64
import contextlib
import json
import socket
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from patronus_builder.vm.qmp import connect_unix

AGENT_PORT = "patronus.agent"
SHELL_PORT = "patronus.shell"

# systemd-debug-generator(8) turns credentials into units. It also runs in the initrd, which has no Python: hence the
# condition. Without default dependencies they are there before the appliance's own units, so that a boot that fails can
# still be looked into; the agent does not even wait for udev, which finds the port late.
UNIT = """[Unit]
Description=Test hook {name}
DefaultDependencies=no
ConditionPathExists=!/etc/initrd-release
{unit_settings}
[Service]
{service_settings}ExecStart=/usr/bin/python3 -I -S /run/credentials/@system/test-{name}.py {argument}
Restart=always
RestartSec=100ms
OOMScoreAdjust=-1000
"""
SHELL_DEVICE = r"dev-virtio\x2dports-patronus.shell.device"


def agent_credentials(*, after: str = "") -> dict[str, bytes]:
    """The system credentials that start the agent and the root shell in any systemd 256+ guest that has Python.

    They start as early as they can, or when the unit `after` is up.
    """
    here = Path(__file__).parent
    ordering = f"After={after}\n" if after else ""
    units = {
        "agent": UNIT.format(
            name="agent",
            unit_settings=ordering,
            service_settings="ExecStartPre=-/usr/sbin/modprobe virtio_console\n",
            argument=AGENT_PORT,
        ),
        "shell": UNIT.format(
            name="shell",
            unit_settings=f"Wants={SHELL_DEVICE}\nAfter={SHELL_DEVICE}\n{ordering}",
            service_settings="",
            argument=f"/dev/virtio-ports/{SHELL_PORT}",
        ),
    }
    result = {"systemd.unit-dropin.sysinit.target~test": b"[Unit]\nWants=test-agent.service test-shell.service\n"}
    for name, unit in units.items():
        result[f"test-{name}.py"] = (here / f"guest_{name}.py").read_bytes()
        result[f"systemd.extra-unit.test-{name}.service"] = unit.encode()
    return result


class AgentError(RuntimeError):
    """The agent could not do what it was asked, or it went away with the machine."""


@dataclass(frozen=True)
class Completed:
    """How a command in the guest ended."""

    argv: Sequence[str]
    code: int
    out: str
    err: str

    def check(self) -> "Completed":
        """Itself when the command succeeded; raises AgentError with its words otherwise."""
        if self.code != 0:
            raise AgentError(f"{' '.join(self.argv)} ended with {self.code}\n{self.out}{self.err}")
        return self


class Agent:
    """One connection for the life of a QEMU process; the guest behind it may reboot."""

    def __init__(self, path: Path, *, alive: Callable[[], bool]) -> None:
        """Connects to QEMU's end of the port; the guest's end answers later, see `wait_for_boot`."""
        self._socket = connect_unix(path, alive=alive, timeout=60)
        self._changed = threading.Condition()
        self._pending: dict[int, Future[dict[str, Any]]] = {}
        self._next_id = 0
        self._boots: list[str] = []
        self._closed = False
        threading.Thread(target=self._read_forever, name="agent", daemon=True).start()

    @property
    def boots(self) -> int:
        """How many boots of the guest said hello so far."""
        with self._changed:
            return len(self._boots)

    def wait_for_boot(self, number: int, *, timeout: float) -> str:
        """Waits for the hello of boot `number` (1 is the first) and returns its boot id; raises AgentError."""
        with self._changed:
            self._changed.wait_for(lambda: len(self._boots) >= number or self._closed, timeout)
            if len(self._boots) >= number:
                return self._boots[number - 1]
            if self._closed:
                raise AgentError("the machine ended before the guest's agent said hello")
        raise AgentError(f"the guest's agent said nothing within {timeout:.0f} s; see serial.log in the evidence")

    def start(
        self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float | None = None
    ) -> "Future[dict[str, Any]]":
        """Starts a command and returns at once; `finish` turns the future into its result."""
        return self._request(op="run", argv=list(argv), stdin=base64.b64encode(stdin).decode(), timeout=timeout)

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float = 60) -> Completed:
        """Runs a command as root in the guest and waits for its end."""
        return self.finish(argv, self.start(argv, stdin=stdin, timeout=timeout), timeout=timeout + 30)

    def finish(self, argv: Sequence[str], future: "Future[dict[str, Any]]", *, timeout: float) -> Completed:
        """The result of a command that `start` began."""
        answer = self._wait(future, timeout)
        out, err = (base64.b64decode(answer[key]).decode(errors="replace") for key in ("out", "err"))
        return Completed(argv, answer["code"], out, err)

    def read(self, path: str) -> bytes:
        """The bytes of a file in the guest."""
        return base64.b64decode(self._wait(self._request(op="read", path=path), 60)["data"])

    def write(self, path: str, data: bytes) -> None:
        """Writes a file in the guest."""
        self._wait(self._request(op="write", path=path, data=base64.b64encode(data).decode()), 60)

    def close(self) -> None:
        """Ends the connection; whatever still waits fails."""
        with contextlib.suppress(OSError):  # it may be closed from the other side already
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _wait(self, future: "Future[dict[str, Any]]", timeout: float) -> dict[str, Any]:
        try:
            answer = future.result(timeout)
        except TimeoutError:
            raise AgentError(f"the guest's agent did not answer within {timeout:.0f} s") from None
        if "error" in answer:
            raise AgentError(answer["error"])
        return answer

    def _request(self, **request: object) -> "Future[dict[str, Any]]":
        future: Future[dict[str, Any]] = Future()
        with self._changed:
            if self._closed:
                raise AgentError("the machine is off")
            self._next_id += 1
            self._pending[self._next_id] = future
            line = json.dumps({"id": self._next_id, **request}).encode() + b"\n"
            try:
                self._socket.sendall(line)
            except OSError as error:
                raise AgentError(f"the machine is off: {error}") from error
        return future

    def _read_forever(self) -> None:
        try:
            for line in self._socket.makefile("rb"):
                self._take(line)
        except OSError:
            pass
        with self._changed:
            self._closed = True
            self._fail_pending("the machine went off")
            self._changed.notify_all()

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:  # a line that a reboot cut short
            return
        with self._changed:
            if "hello" in message:
                if message["hello"] not in self._boots:
                    self._boots.append(message["hello"])
                self._fail_pending("the guest rebooted")
                self._changed.notify_all()
            elif (future := self._pending.pop(message["id"], None)) is not None:
                future.set_result(message)

    def _fail_pending(self, reason: str) -> None:
        pending, self._pending = self._pending, {}
        for future in pending.values():
            future.set_exception(AgentError(reason))
