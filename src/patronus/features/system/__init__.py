"""The box itself: its name, clock zone, kernel settings, and the people who may log in."""

from __future__ import annotations

from patronus.features.contract import Feature
from patronus.features.system.checks import check
from patronus.features.system.plan import facts, plan
from patronus.features.system.schema import System

FEATURE = Feature(
    key="system",
    title="System",
    schema=System,
    plan=plan,
    facts=facts,
    check=check,
    default=True,
)
