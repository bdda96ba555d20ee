"""DHCP server for IPv4: Kea."""

from patronus.features.contract import Feature
from patronus.features.dhcp.checks import check
from patronus.features.dhcp.facts import facts
from patronus.features.dhcp.plan import plan
from patronus.features.dhcp.schema import DhcpServer

FEATURE = Feature(
    key="dhcp",
    title="DHCP server",
    schema=DhcpServer,
    facts=facts,
    check=check,
    plan=plan,
    profile="dhcp",
)
