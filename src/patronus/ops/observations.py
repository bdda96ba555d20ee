"""Requests and results of looking at the running box, and of switching it off. Every list is bounded."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from patronus.ops.messages import Message

MAX_PINGS = 20
MAX_ENTRIES = 500


class Link(Message):
    """One network interface. `speed` is Mbit/s, 0 when unknown; `zone` is empty for a card no interface uses."""

    name: str
    zone: str
    mac: str
    driver: str
    physical: bool
    up: bool
    carrier: bool
    speed: int
    addresses: tuple[str, ...]


class Links(Message):
    """Every network interface but the loopback, in the kernel's order."""

    links: tuple[Link, ...]


class PingRequest(Message):
    """A host by name or address; `family` 0 takes what the name resolves to first."""

    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:_][A-Za-z0-9._:%-]*$", max_length=253)]
    count: Annotated[int, Field(ge=1, le=MAX_PINGS)] = 4
    family: Literal[0, 4, 6] = 0


class Output(Message):
    """What a program printed; `ok` tells whether it was content."""

    lines: tuple[str, ...]
    ok: bool


class ConnectionsRequest(Message):
    """How many of the largest connections."""

    limit: Annotated[int, Field(ge=1, le=MAX_ENTRIES)] = 20
    sort: Literal["bytes", "packets"] = "bytes"


class Connection(Message):
    """One tracked connection as it began, before translation; bytes and packets of both directions."""

    protocol: str
    state: str
    source: str
    destination: str
    packets: int
    bytes: int


class Connections(Message):
    """The largest connections, largest first, and how many there are."""

    entries: tuple[Connection, ...]
    total: int


class FirewallLogRequest(Message):
    """How many of the newest packets that were logged."""

    limit: Annotated[int, Field(ge=1, le=MAX_ENTRIES)] = 50


class LoggedPacket(Message):
    """A packet a rule logged; `time` is seconds since 1970, ports and flags stand in `detail`."""

    time: int
    rule: str
    incoming: str
    outgoing: str
    protocol: str
    source: str
    destination: str
    detail: str


class FirewallLog(Message):
    """Logged packets, newest first."""

    entries: tuple[LoggedPacket, ...]


class RuleHits(Message):
    """What one rule has matched: `place` of the document and `name` there, `stage` is `filter` or `nat`."""

    place: str
    name: str
    stage: str
    packets: int
    bytes: int


class Counters(Message):
    """What every rule has matched in the last `seconds`, since the ruleset was loaded, in the order of the ruleset."""

    seconds: float
    rules: tuple[RuleHits, ...]


TOPICS = {
    "routes": "Routes of IPv4 and IPv6",
    "neighbours": "Neighbours: ARP and NDP",
    "sockets": "Open ports of the box",
    "services": "Services that failed",
    "journal": "Newest warnings and errors",
    "memory": "Memory and load",
    "disks": "File systems",
}
"""What can be looked at, with its title."""


class DiagnoseRequest(Message):
    """What to look at: a key of TOPICS."""

    topic: Literal["routes", "neighbours", "sockets", "services", "journal", "memory", "disks"]


class StickFile(Message):
    """A bundle on a stick, unread: its name and how many bytes it has."""

    name: str
    size: int


class StickFiles(Message):
    """The bundles on the stick with the label PATRONUS."""

    files: tuple[StickFile, ...]


class StickRequest(Message):
    """A bundle on the stick, by the name it was listed with."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
