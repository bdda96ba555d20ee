"""Aliases: names for addresses and ports, nested and with exclusions."""

from __future__ import annotations

from patronus.features.aliases.checks import check
from patronus.features.aliases.plan import facts, plan
from patronus.features.aliases.schema import Aliases
from patronus.features.contract import Feature

FEATURE = Feature(key="aliases", title="Aliases", schema=Aliases, plan=plan, facts=facts, check=check)
