"""Time: an NTP client, and a time server for the networks that ask for one, by chrony."""

from __future__ import annotations

from patronus.features.contract import Feature
from patronus.features.ntp.checks import check
from patronus.features.ntp.plan import facts, plan
from patronus.features.ntp.schema import Ntp

FEATURE = Feature(
    key="ntp",
    title="Time (NTP)",
    schema=Ntp,
    plan=plan,
    facts=facts,
    check=check,
    default=True,
)
