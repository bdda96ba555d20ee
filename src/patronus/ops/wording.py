"""Words and columns for what operations return, the same on the command line and the console. Not yet safe to print."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from patronus.ops import observations as o


def count_bytes(size: int) -> str:
    """Write a number of bytes briefly, in decimal units: 1500 is `1.5k`."""
    value = float(size)
    for unit in ("", "k", "M", "G"):
        if value < 999.5:
            return f"{value:.1f}{unit}" if unit and value < 99.95 else f"{value:.0f}{unit}"
        value /= 1000
    return f"{value:.1f}T"


def count_seconds(seconds: float) -> str:
    """Write a time span with its two largest units: `3 d 4 h`, `59 s`."""
    whole = int(seconds)
    parts = [(whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    first = next((index for index, (count, _) in enumerate(parts) if count), 3)
    return " ".join(f"{count} {unit}" for count, unit in parts[first : first + 2])


def align(rows: Iterable[Sequence[str]]) -> list[str]:
    """Align cells in columns, two spaces apart."""
    table = [list(row) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)] if table else []
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]


def describe_carrier(link: o.Link) -> str:
    """Say whether a cable is plugged in, and how fast it is."""
    if not link.up:
        return "off"
    if not link.carrier:
        return "no link"
    return f"{link.speed} Mbit/s" if link.speed else "link"


def tell_links(links: o.Links) -> list[str]:
    """Return a line per interface, and one per further address."""
    rows = [("interface", "zone", "link", "card", "driver", "addresses")]
    for link in links.links:
        addresses = link.addresses or ("-",)
        rows.append((link.name, link.zone or "-", describe_carrier(link), link.mac, link.driver or "-", addresses[0]))
        rows += [("", "", "", "", "", address) for address in addresses[1:]]
    return align(rows)


def tell_connections(found: o.Connections) -> list[str]:
    """Return a line per connection."""
    rows = [("bytes", "packets", "protocol", "from", "to", "state")]
    for item in found.entries:
        size, packets = count_bytes(item.bytes), count_bytes(item.packets)
        rows.append((size, packets, item.protocol, item.source, item.destination, item.state.lower()))
    return [*align(rows), f"{len(found.entries)} of {found.total} connections"]


def tell_firewall_log(log: o.FirewallLog) -> list[str]:
    """Return a line per packet, times as the box's clock shows them."""
    rows = []
    for item in log.entries:
        way = f"{item.incoming or 'self'} > {item.outgoing or 'self'}"
        when = time.strftime("%m-%d %H:%M:%S", time.localtime(item.time))
        rows.append((when, item.rule, way, item.protocol, item.source, item.destination, item.detail))
    return align(rows) or ["no rule has logged a packet since the box started"]


def tell_counters(counters: o.Counters, wanted: str = "") -> list[str]:
    """Return a line per rule whose place or name holds `wanted`, and how long was counted."""
    rows = [("rule", "name", "stage", "packets", "bytes")]
    for item in counters.rules:
        if wanted in f"{item.place} {item.name}":
            rows.append((item.place, item.name, item.stage, str(item.packets), count_bytes(item.bytes)))
    return [*align(rows), f"since the rules were loaded, {count_seconds(counters.seconds)} ago"]
