"""DNS resolver: Unbound."""

from patronus.features.contract import Feature
from patronus.features.dns.checks import check
from patronus.features.dns.plan import facts, plan
from patronus.features.dns.schema import Dns

FEATURE = Feature(
    key="dns",
    title="DNS resolver",
    schema=Dns,
    facts=facts,
    check=check,
    plan=plan,
    profile="dns",
)
