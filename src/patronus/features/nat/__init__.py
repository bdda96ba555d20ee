"""Address translation: outbound (masquerade, source NAT) and port forwards."""

from __future__ import annotations

from patronus.features.contract import Feature
from patronus.features.nat.checks import check
from patronus.features.nat.plan import plan
from patronus.features.nat.schema import Nat

FEATURE = Feature(
    key="nat",
    title="NAT",
    schema=Nat,
    plan=plan,
    check=check,
    default=True,
)
