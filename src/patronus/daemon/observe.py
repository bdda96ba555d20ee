"""Looks at the running box: interfaces, connections, the firewall's log, other hosts. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patronus.boot.choose import verify_kept_generation
from patronus.daemon import look
from patronus.daemon.caller import Caller
from patronus.firewall.counters import read_counters
from patronus.host import conntrack, inspection, linkstate, nft, packetlog
from patronus.host.generations import Generations
from patronus.host.layout import Layout
from patronus.host.run import CommandFailed, stream
from patronus.host.trust import read_trust
from patronus.ops import messages as m
from patronus.ops import observations as o
from patronus.pipeline.confirm import clock
from patronus.trust.format import MAX_BUNDLE
from patronus.values.problem import Refused

_PATIENCE = 2
"""Seconds to wait for one answer to a ping."""
_zones: dict[str, dict[str, str]] = {}
"""Zones by interface, of the generation looked at last."""


def links(layout: Layout, _request: m.Nothing, _caller: Caller) -> o.Links:
    """List the interfaces with the zones the running document gives them."""
    zones = _read_zones(layout)
    found = linkstate.list_links()
    return o.Links(links=tuple(o.Link(zone=zones.get(link.name, ""), **link._asdict()) for link in found))


def _read_zones(layout: Layout) -> dict[str, str]:
    """Return the zone of each interface of the running document, which is read once and only after it is verified."""
    generation = look.running_generation(layout)
    if generation not in _zones:
        _zones.clear()
        _zones[generation] = _zones_of(layout, generation) if generation else {}
    return _zones[generation]


def _zones_of(layout: Layout, generation: str) -> dict[str, str]:
    from patronus.pipeline.build import documents_of
    from patronus.pipeline.load import load

    try:
        bundle = Generations(layout.config).read(generation, MAX_BUNDLE)
        verified = verify_kept_generation(layout, read_trust(layout), generation, bundle)
        interfaces = load(documents_of(verified.members)).get("interfaces")
    except (OSError, Refused):  # the box runs, whatever became of the disk; the zones are for show
        return {}
    return {str(name): str(body.get("zone") or "") for name, body in (interfaces or {}).items()}


def ping(_layout: Layout, request: o.PingRequest, caller: Caller) -> o.Output:
    """Send a few pings, telling each line as it comes."""
    family = [f"-{request.family}"] if request.family else []
    limit = request.count * (1 + _PATIENCE)
    argv = ("ping", "-n", *family, "-c", str(request.count), "-W", str(_PATIENCE), "-w", str(limit))
    lines: list[str] = []
    try:
        for line in stream(*argv, "--", request.host, timeout=limit + 10):
            lines.append(line)
            caller.tell(line)  # nothing depends on a ping: it ends when nobody listens any more
    except CommandFailed:
        # Nobody answered, or there is no such host: that is what was asked, not a failure of the box.
        return o.Output(lines=tuple(lines), ok=False)
    return o.Output(lines=tuple(lines), ok=True)


def connections(_layout: Layout, request: o.ConnectionsRequest, _caller: Caller) -> o.Connections:
    """List the largest connections."""
    found, total = conntrack.largest(request.limit, request.sort)
    return o.Connections(entries=tuple(o.Connection(**item._asdict()) for item in found), total=total)


def firewall_log(_layout: Layout, request: o.FirewallLogRequest, _caller: Caller) -> o.FirewallLog:
    """List the packets that rules logged since the box started."""
    return o.FirewallLog(entries=tuple(o.LoggedPacket(**item._asdict()) for item in packetlog.newest(request.limit)))


def counters(layout: Layout, _request: m.Nothing, _caller: Caller) -> o.Counters:
    """Count what each rule has matched since the ruleset was loaded."""
    loaded = layout.ruleset_loaded
    since = float(loaded.read_text()) if loaded.exists() else 0.0
    hits = read_counters(nft.list_counters())
    rules = tuple(o.RuleHits(**source._asdict(), **count._asdict()) for source, count in hits.items())
    return o.Counters(seconds=round(clock() - since, 1), rules=rules)


def diagnose(_layout: Layout, request: o.DiagnoseRequest, _caller: Caller) -> o.Output:
    """Show one side of the box as its own tools print it."""
    return o.Output(lines=tuple(inspection.show(request.topic)), ok=True)


HANDLERS: dict[str, Callable[[Layout, Any, Caller], m.Message]] = {
    "Links": links,
    "Ping": ping,
    "Connections": connections,
    "FirewallLog": firewall_log,
    "Counters": counters,
    "Diagnose": diagnose,
}
