"""Zones: groups of interfaces with one level of trust, which rules are written for."""

from __future__ import annotations

from patronus.features.contract import Feature
from patronus.features.zones.plan import facts, plan
from patronus.features.zones.schema import Zones

FEATURE = Feature(key="zones", title="Zones", schema=Zones, plan=plan, facts=facts)
