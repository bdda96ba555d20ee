"""Reads the connections the kernel tracks, one line each (nf_conntrack_standalone.c, ct_seq_show)."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

_TABLE = Path("/proc/net/nf_conntrack")


class Tracked(NamedTuple):
    """One connection: its first direction's ends, and what both directions carried."""

    protocol: str
    state: str
    source: str
    destination: str
    packets: int
    bytes: int


def largest(count: int, by: str, table: Path = _TABLE) -> tuple[list[Tracked], int]:
    """Return the `count` connections with the most `bytes` or `packets`, and how many there are; memory is bounded."""
    total = 0

    def counted(found: Iterable[Tracked]) -> Iterator[Tracked]:
        nonlocal total
        for item in found:
            total += 1
            yield item

    try:
        with table.open(encoding="ascii", errors="replace") as file:
            found = heapq.nlargest(count, counted(map(parse, file)), key=lambda item: (getattr(item, by), item))
    except FileNotFoundError:  # no ruleset has asked for tracking yet
        return [], 0
    return found, total


def parse(line: str) -> Tracked:
    """Read a line: layer 3 name and number, layer 4 name and number, seconds left, maybe a state, then fields."""
    words = line.split()
    # A connection handed to hardware or a flow table has no seconds left (in words[4]).
    states = [word for word in words[4:7] if "=" not in word and not word.isdigit() and not word.startswith("[")]
    first: dict[str, str] = {}
    sums = {"packets": 0, "bytes": 0}
    for key, _, value in (word.partition("=") for word in words[4:]):
        if key in sums:
            sums[key] += int(value)
        else:
            first.setdefault(key, value)
    ends = [_write_end(first.get(side, ""), first.get(port, "")) for side, port in (("src", "sport"), ("dst", "dport"))]
    return Tracked(words[2], states[0] if states else "", ends[0], ends[1], sums["packets"], sums["bytes"])


def _write_end(address: str, port: str) -> str:
    """Write address and port the usual way; the kernel writes IPv6 addresses out in full."""
    from ipaddress import ip_address

    try:
        host = str(ip_address(address))
    except ValueError:
        return address
    if not port:
        return host
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
