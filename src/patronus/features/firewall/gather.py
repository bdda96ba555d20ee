"""All rules of the document -> the ruleset. Runs last: services have said by then what they need open."""

from __future__ import annotations

from collections.abc import Iterable

from patronus.features.firewall.plan import ORIGIN, translate_rules
from patronus.features.firewall.schema import Firewall
from patronus.firewall import ir
from patronus.firewall.compiler import compile_ruleset
from patronus.firewall.resolve import Resolver
from patronus.values.addresses import ALL4, ALL6, Addresses
from patronus.values.facts import Context, LinkFact, ZoneFact
from patronus.values.fragments import RULESET_PATH, File
from patronus.values.plan import Opening, Plan

_MANAGEMENT = frozenset({"ssh", "web"})
"""Sections whose openings anti-lockout keeps before the owner's rules."""
_ADDRESSING = frozenset({("udp", 67), ("udp", 547)})
"""DHCP servers: a network with rules of its own still needs addresses."""


def gather(firewall: Firewall, context: Context, plan: Plan) -> Iterable[object]:
    """Return the ruleset's file."""
    text = compile_ruleset(build_ruleset(firewall, context, plan))
    yield File(RULESET_PATH, text.encode(), ORIGIN)


def build_ruleset(firewall: Firewall, context: Context, plan: Plan) -> ir.Ruleset:
    """Return what the compiler compiles, in the order rules are tried.

    Anti-lockout and DHCP come first; then the owner's rules; then what services, port forwards and zones opened, so
    that a rule of the owner can close it.
    """
    external = {zone.name for zone in context.all(ZoneFact) if zone.external}
    outside = {link.name for link in context.all(LinkFact) if link.zone in external}
    first: list[ir.Rule] = []
    last: list[ir.Rule] = []
    for opening in plan.of(Opening):
        safe = frozenset(opening.links) - outside if firewall.anti_lockout else frozenset[str]()
        links = frozenset(opening.links)
        if opening.origin.split(".")[0] in _MANAGEMENT and safe:
            first.append(_open(opening, safe, "anti-lockout"))
            links -= safe
        if links:
            early = (opening.protocol, opening.port) in _ADDRESSING
            (first if early else last).append(_open(opening, links, "opening"))
    owners = translate_rules(firewall.rules, Resolver(context))
    rules = (*first, *owners, *last, *plan.of(ir.Rule), *_pass_inside_zones(context))
    described = tuple(_describe_link(link, context) for link in context.all(LinkFact))
    return ir.Ruleset(described, rules, plan.of(ir.PortForward), plan.of(ir.SourceNat), firewall.log_default)


def _open(opening: Opening, links: frozenset[str], why: str) -> ir.Rule:
    name = f"{why}.{opening.origin.split('.')[0]}.{opening.protocol}-{opening.port}"
    destination = Addresses(
        ALL4 if opening.family in {"both", "inet"} else (), ALL6 if opening.family in {"both", "inet6"} else ()
    )
    return ir.Rule(
        name,
        ir.PASS,
        links,
        frozenset({ir.SELF}),
        destination=destination,
        protocols=(ir.TCP if opening.protocol == "tcp" else ir.UDP,),
        destination_ports=((opening.port, opening.port),),
    )


def _pass_inside_zones(context: Context) -> Iterable[ir.Rule]:
    for zone in context.all(ZoneFact):
        links = frozenset(link.name for link in context.links_in([zone.name]))
        if zone.intra_zone and links:
            yield ir.Rule(f"zone.{zone.name}.intra", ir.PASS, links, links)


def _describe_link(link: LinkFact, context: Context) -> ir.Link:
    """A link without a zone has the defaults of an inner one."""
    zone = next((zone for zone in context.all(ZoneFact) if zone.name == link.zone), ZoneFact("", ""))
    return ir.Link(
        link.name,
        external=zone.external,
        dynamic4=link.dynamic4,
        dynamic6=link.dynamic6,
        anti_spoofing=zone.anti_spoofing,
        block_private=zone.block_private,
        block_bogons=zone.block_bogons,
        ping=zone.ping,
    )
