"""Zones -> what the other features are told; zones render nothing themselves."""

from __future__ import annotations

from collections.abc import Iterable

from patronus.features.zones.schema import Zones
from patronus.values.facts import Context, ZoneFact
from patronus.values.problem import config_path


def facts(zones: Zones) -> Iterable[object]:
    """Publish every zone with its defaults filled in."""
    for name, zone in zones.root.items():
        yield ZoneFact(
            name,
            config_path("zones", name),
            external=zone.external,
            block_private=_default(zone.block_private, zone.external),
            block_bogons=_default(zone.block_bogons, zone.external),
            anti_spoofing=_default(zone.anti_spoofing, not zone.external),
            ping=_default(zone.ping, not zone.external),
            intra_zone=zone.intra_zone == "pass",
        )


def plan(_zones: Zones, _context: Context) -> Iterable[object]:
    """Return nothing: rules, services and translation read the facts."""
    return ()


def _default(value: bool | None, default: bool) -> bool:
    return default if value is None else value
