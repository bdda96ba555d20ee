"""Words and columns for what operations return, the same on the command line and the console.

Not yet safe to print: what a box or a document says stands in these lines as it came, line breaks included. A front end
shows each of them as one line of harmless characters (`patronus.values.terminal`).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from patronus.ops import messages as m
from patronus.ops import observations as o
from patronus.values.problem import Problem

_LONGEST = 400
"""Characters of a place, a hint or a line of a message; what the product itself says is shorter, but for long lists."""
_MOST_LINES = 20
"""Further lines of a message: a daemon's checker says more than one."""


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


def tell_status(status: m.Status) -> list[str]:
    """Return the box at a glance; why it is locked down comes last."""
    kept = "confirmed" if status.generation == status.confirmed else f"confirmed is {status.confirmed or 'none'}"
    lines = [
        f"device      {status.device} ({status.hostname}), up {count_seconds(status.uptime)}",
        f"image       {status.image}, profiles: {' '.join(status.profiles) or 'none'}",
        f"trust       {status.trust}",
        f"generation  {status.generation or 'none'}, {kept}",
    ]
    if status.edits:
        lines.append(f"NOT MERGED  {tell_edits(status.edits)} on top of the owners' document: patronus show --pending")
    if status.pending:
        lines.append(f"PENDING     goes back in {status.pending.seconds_left:.0f} s unless: patronus confirm")
    lines += [f"{'running' if unit.active else 'FAILED':<12}{unit.name}  ({unit.origin})" for unit in status.units]
    if status.failure:
        lines.append(f"LOCKED DOWN {describe_lockdown(status)}")
    return lines


def tell_edits(edits: int) -> str:
    """Say how many local edits there are."""
    return f"{edits} local edit{'s' if edits > 1 else ''}"


def is_locked_down(status: m.Status) -> bool:
    """Tell whether the box is closed now; while a change is tried on a box that was, it is not."""
    return status.failure is not None and not (status.pending and status.pending.generation == status.generation)


def describe_lockdown(status: m.Status) -> str:
    """Say why the box is locked down, or was and will be again."""
    reason = status.failure.reason if status.failure else ""
    return reason if is_locked_down(status) else f"again unless confirmed: {reason}"


def tell_review(review: m.Review) -> list[str]:
    """Return a review, findings left out: diffs first, then what happens to services, as a reviewer reads it."""
    lines = []
    for file in review.files:
        lines.append(f"{file.kind} /{file.path}" + (f"  ({file.origin})" if file.origin else ""))
        diff = file.text.split("\n")
        lines += [f"    {line}" for line in (diff[2:] if file.text.startswith("--- a/") else diff)]
    for verb in ("stop", "reload", "restart", "start"):
        lines += [f"{verb} {name}" for name in getattr(review, verb)]
    return lines if review.files else [*lines, "nothing changes"]


def tell_findings(findings: Iterable[m.Finding | Problem]) -> list[str]:
    """Return each problem with its place, and what to do about it below.

    What comes from a document, a file's name or a daemon may be megabytes long; the further lines of a message stand
    behind a bar.
    """
    lines = []
    for finding in findings:
        place = f"{_shorten(finding.path)}: " if finding.path else ""
        first, *more = finding.message.split("\n")
        lines.append(f"{finding.severity}: {place}{_shorten(first)}")
        lines += [f"    | {_shorten(line)}" for line in more[:_MOST_LINES]]
        lines += [f"    | ... and {len(more) - _MOST_LINES} more lines"] if len(more) > _MOST_LINES else []
        lines += [f"    -> {_shorten(finding.hint)}"] if finding.hint else []
    return lines


def _shorten(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[: _LONGEST // 2]} ... ({len(text)} characters) ... {text[-_LONGEST // 4 :]}"


def tell_history(history: m.History) -> list[str]:
    """Return a line per generation, newest first; times are UTC."""
    return [tell_generation(entry) for entry in history.entries] or ["no generation yet"]


def tell_generation(entry: m.HistoryEntry) -> str:
    """Return one generation with when it was kept, who made it and what it is now."""
    marks = " ".join(mark for mark in ("running", "confirmed") if getattr(entry, mark))
    when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(entry.confirmed_at)) if entry.confirmed_at else "never kept"
    return f"{entry.generation}  {when:<16}  {entry.author}  {entry.comment}  {marks}".rstrip()
