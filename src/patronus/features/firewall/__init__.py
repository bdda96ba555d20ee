"""The firewall: rules between zones and to the box, compiled to one nftables transaction."""

from __future__ import annotations

from patronus.features.contract import Feature
from patronus.features.firewall.checks import check
from patronus.features.firewall.gather import gather
from patronus.features.firewall.plan import plan
from patronus.features.firewall.schema import Firewall

FEATURE = Feature(
    key="firewall",
    title="Firewall",
    schema=Firewall,
    plan=plan,
    check=check,
    gather=gather,
    default=True,
)
