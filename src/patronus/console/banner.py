"""The lines above the menu: who the box is, its interfaces, and what cannot wait."""

from __future__ import annotations

import time
from typing import NamedTuple

from patronus.console.action import Call
from patronus.ops import messages as m
from patronus.ops import registry
from patronus.ops.errors import CallFailed
from patronus.ops.observations import Link
from patronus.ops.wording import align, count_seconds, describe_carrier, describe_lockdown, is_locked_down, tell_edits
from patronus.values.problem import Refused
from patronus.values.terminal import plain

WIDTH = 78
_MOST_LINKS = 5


class View(NamedTuple):
    """What the box said when it was last asked; `taken` is on the monotonic clock."""

    status: m.Status | None
    links: tuple[Link, ...]
    fault: str
    taken: float


def look(call: Call) -> View:
    """Ask the box; one that does not answer gives a view that says so."""
    taken = time.monotonic()
    try:
        return View(call(registry.STATUS, m.Nothing()), call(registry.LINKS, m.Nothing()).links, "", taken)
    except (CallFailed, Refused) as error:
        return View(None, (), str(error), taken)


def tell_name(view: View) -> str:
    """Return the first line: name, image, how long the box is up."""
    if view.status is None:
        return "Patronus"
    status = view.status
    return plain(f"{status.hostname} - Patronus {status.image}, up {count_seconds(status.uptime)}", WIDTH)


def tell_interfaces(view: View) -> list[str]:
    """Return a line per interface that has a zone; cards nobody uses when there is none."""
    shown = [link for link in view.links if link.zone] or [link for link in view.links if link.physical]
    rows = []
    for link in shown[:_MOST_LINKS]:
        addresses = " ".join(link.addresses) or "no address"
        rows.append((plain(link.name), f"({plain(link.zone) or 'unused'})", plain(link.driver), describe_carrier(link),
                     plain(addresses)))  # fmt: skip
    lines = [plain(line, WIDTH) for line in align(rows)]
    hidden = len(shown) - len(rows)
    return [*lines, f"... and {hidden} more, see Status"] if hidden > 0 else lines


def tell_warnings(view: View, now: float) -> list[str]:
    """Return what cannot wait: a pending change with the seconds it has left, a lock-down with its reason."""
    if view.status is None:
        return [plain(f"THE BOX DOES NOT ANSWER: {view.fault}", 3 * WIDTH)]
    lines = []
    if view.status.failure:
        colon = ":" if is_locked_down(view.status) else ""
        lines.append(plain(f"LOCKED DOWN{colon} {describe_lockdown(view.status)}", WIDTH))
    if view.status.pending:
        lines.append(f"A CHANGE WAITS: it goes back in {seconds_left(view, now)} s unless you keep it (item 11)")
    if view.status.edits:
        lines.append(plain(f"NOT MERGED: {tell_edits(view.status.edits)} (patronus show --pending)", WIDTH))
    down = [unit.name for unit in view.status.units if not unit.active]
    if down and not is_locked_down(view.status):
        lines.append(plain(f"NOT RUNNING: {', '.join(down)}", WIDTH))
    return lines


def seconds_left(view: View, now: float) -> int:
    """Return the whole seconds until the pending change goes back."""
    pending = view.status.pending if view.status else None
    return max(0, int(pending.seconds_left - (now - view.taken))) if pending else 0
