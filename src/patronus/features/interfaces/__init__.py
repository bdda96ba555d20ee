"""Network interfaces, rendered to systemd-networkd."""

from patronus.features.contract import Feature
from patronus.features.interfaces.checks import check
from patronus.features.interfaces.facts import facts
from patronus.features.interfaces.plan import plan
from patronus.features.interfaces.schema import Interfaces

FEATURE = Feature(
    key="interfaces",
    title="Interfaces",
    schema=Interfaces,
    facts=facts,
    check=check,
    plan=plan,
)
