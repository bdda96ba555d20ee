"""A box for the console: the operations' own socket, types and roles, with answers that are the same every time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from patronus.daemon import handlers, server
from patronus.daemon.caller import Caller
from patronus.daemon.peer import Peer
from patronus.host.layout import Layout
from patronus.ops import client, wire
from patronus.ops import messages as m
from patronus.ops import observations as o
from patronus.ops.registry import Role
from patronus.values.problem import Refused

EVIL = "\x1b[2J\x1b]52;c;ZXZpbA==\x07\x9b31m\u202e[b]x[/b]"


def link(name: str, zone: str, number: int, *addresses: str, **changes: Any) -> o.Link:
    usual = o.Link(
        name=name, zone=zone, mac=f"52:54:00:00:00:0{number}", driver="virtio_net", physical=True, up=True,
        carrier=True, speed=1000, addresses=addresses,
    )  # fmt: skip
    return usual.model_copy(update=changes)


STATUS = m.Status(
    device="0123456789abcdef", hostname="gw", image="1.2", profiles=("dhcp", "dns"), uptime=12345.0,
    generation="8-0123456789abcdef", confirmed="8-0123456789abcdef", pending=None, failure=None,
    trust="1 of 1 keys (alice), SHA256:x",
    units=(m.UnitState(name="chrony.service", active=True, origin="ntp"),
           m.UnitState(name="unbound.service", active=True, origin="dns")),
    console_shell=True,
)  # fmt: skip
REVIEW = m.Review(
    generation="8-0123456789abcdef",
    files=(m.FileChange(path="etc/x", kind="changed", origin="ntp", text="--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2"),),
    restart=("chrony.service",),
)
HISTORY = m.History(
    entries=(
        m.HistoryEntry(generation="8-0123456789abcdef", serial=8, author="Alice", comment="new",
                       confirmed_at=1_800_000_000, running=True, confirmed=True),
        m.HistoryEntry(generation="7-fedcba9876543210", serial=7, author="Bob", comment="",
                       confirmed_at=1_790_000_000, running=False, confirmed=False),
    )
)  # fmt: skip
ANSWERS: dict[str, m.Message] = {
    "Status": STATUS,
    "History": HISTORY,
    "Diff": REVIEW,
    "Show": m.Shown(files={"config.yaml": "version: 1\nsystem:\n  hostname: gw"}),
    "Confirm": m.GenerationResult(generation="8-0123456789abcdef"),
    "Rollback": m.GenerationResult(generation="7-fedcba9876543210"),
    "Links": o.Links(links=(link("wan", "wan", 1, "203.0.113.2/24", "2001:db8::2/64"),
                            link("lan", "lan", 2, "192.168.1.1/24"),
                            link("opt", "", 3, carrier=False))),
    "Ping": o.Output(lines=("PING 192.0.2.1", "64 bytes from 192.0.2.1: icmp_seq=1 ttl=64 time=1 ms"), ok=True),
    "Connections": o.Connections(total=9, entries=(o.Connection(protocol="tcp", state="ESTABLISHED", packets=3,
                                 source="192.168.1.100:40000", destination="198.51.100.1:443", bytes=1500),)),
    "FirewallLog": o.FirewallLog(entries=(o.LoggedPacket(time=1_800_000_000, rule="box.default", incoming="wan",
                                 outgoing="", protocol="TCP", source="198.51.100.9:1", destination="203.0.113.2:22",
                                 detail="SYN"),)),
    "Diagnose": o.Output(lines=("default via 198.51.100.1 dev wan",), ok=True),
    "StickBundles": o.StickFiles(files=(o.StickFile(name="gw.bundle", size=4711),)),
    "StickBundle": m.BundleRequest(bundle="UEFUUk9OVVM="),
    "Plan": REVIEW,
    "Apply": m.ApplyResult(generation="9-0011223344556677", confirm_within=600, review=REVIEW),
    "Reboot": m.Nothing(),
    "PowerOff": m.Nothing(),
    "FactoryReset": m.Nothing(),
}  # fmt: skip


class Played:
    """Answers as told, and remembers what it was asked, looks apart."""

    def __init__(self) -> None:
        self.answers = dict(ANSWERS)
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.refusal: Refused | None = None
        self.refuses = ""
        self.hurries = threading.Event()
        self.hurries.set()

    def handle(self, name: str, request: m.Message, caller: Caller) -> m.Message:
        if name not in {"Status", "Links"}:
            self.asked.append((name, request.model_dump()))
            assert self.hurries.wait(30)
        if self.refusal and self.refuses == name:
            raise self.refusal
        answer = self.answers[name]
        for line in answer.lines if isinstance(answer, o.Output) else ():
            caller.progress(line)
        return answer

    def update(self, name: str, **changes: Any) -> None:
        self.answers[name] = self.answers[name].model_copy(update=changes)

    def wait_for_change(self, seconds: float = 90) -> None:
        """Let a change wait for its confirmation."""
        pending = m.PendingChange(
            generation="8-0123456789abcdef", previous="7-fedcba9876543210", seconds_left=seconds, author="Alice"
        )
        self.update("Status", pending=pending, confirmed="7-fedcba9876543210")


@contextmanager
def serve(played: Played, place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve on a socket as patronusd does, with its own reading, roles and types."""
    for name in list(handlers.HANDLERS):

        def handle(_layout: Layout, request: Any, caller: Caller, name: str = name) -> m.Message:
            return played.handle(name, request, caller)

        monkeypatch.setitem(handlers.HANDLERS, name, handle)
    monkeypatch.setattr(client, "SOCKET", str(place))
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(place))
    listener.listen()

    def talk(stream: socket.socket) -> None:
        with stream:
            connection = wire.Connection(stream, 2**20)
            while (message := connection.receive()) is not None:
                connection.send(server.answer(Peer("alice", Role.ADMIN), message, connection.send))

    def accept() -> None:
        while True:
            try:
                stream, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(stream,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
