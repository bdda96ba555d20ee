"""Nat -> translations and the rules that pass what they forward; the firewall compiles them into its ruleset."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address

from patronus.features.nat.schema import Nat, OutboundRule, PortForward
from patronus.firewall import ir
from patronus.firewall.resolve import Resolver
from patronus.values.addresses import Addresses, Ranges, merge_ranges, subtract_addresses
from patronus.values.facts import Context, LinkFact, ZoneFact

_PROTOCOLS = {"any": (), "tcp": (ir.TCP,), "udp": (ir.UDP,), "tcp+udp": (ir.TCP, ir.UDP)}


def plan(nat: Nat, context: Context) -> Iterable[object]:
    """Return translations in the order they are tried."""
    resolver = Resolver(context)
    outside = external_links(context)
    for forward in nat.port_forwards:
        if forward.enabled and _is_known(forward, context):
            yield from _forward(forward, resolver, context)
    if nat.outbound.mode in {"hybrid", "manual"}:
        for rule in nat.outbound.rules:
            if rule.enabled:
                yield _translate_outbound(rule, resolver, outside)
    if nat.outbound.mode in {"automatic", "hybrid"}:
        yield from _automatic(context, outside)


def _is_known(forward: PortForward, context: Context) -> bool:
    """Tell whether it is certain what a forward is for; in a document that is refused an alias may be in doubt."""
    addresses = (*forward.source, *forward.destination)
    named = [term.alias for term in addresses] + [term.alias for term in forward.ports]
    return all(context.is_alias_sure(name) for name in named if name is not None)


def external_links(context: Context) -> frozenset[str]:
    """Return the links of external zones."""
    return frozenset(link.name for link in context.links_in(z.name for z in context.all(ZoneFact) if z.external))


def _forward(forward: PortForward, resolver: Resolver, context: Context) -> Iterable[object]:
    outside = external_links(context)
    links = resolver.links(forward.from_, outside)
    ports = resolver.ports(forward.ports)
    rule = ir.Rule(
        f"forward.{forward.name}",
        ir.PASS,
        links,
        resolver.all_links,
        resolver.addresses(forward.source),
        Addresses.of(str(forward.target)),
        _PROTOCOLS[forward.protocol],
        destination_ports=shift_ports(ports, forward.target_port),
        log=forward.log,
    )
    if isinstance(forward.target, IPv4Address):
        redirection = ir.PortForward(
            rule.name,
            links,
            rule.protocols,
            ports,
            int(forward.target),
            forward.target_port,
            rule.source,
            resolver.addresses(forward.destination),
            local=not forward.destination,
        )
        yield redirection
        rule = rule._replace(forwarded_port=ports)
        if forward.reflection:
            yield from _reflect(redirection, rule, resolver.all_links - outside - links, context)
            rule = rule._replace(origins=links | (resolver.all_links - outside))
    if forward.rule == "pass":
        yield rule


def _reflect(
    forward: ir.PortForward, rule: ir.Rule, inside: frozenset[str], context: Context
) -> Iterable[ir.PortForward | ir.SourceNat]:
    """Redirect hosts inside too, unless they mean the box by an inner address; replies must come back through it."""
    inner = [
        (link.name, address) for link in context.all(LinkFact) if link.name in inside for address in link.addresses4
    ]
    if not inner:
        return
    own = Addresses(merge_ranges((int(address.ip), int(address.ip)) for _, address in inner))
    destination = subtract_addresses(forward.destination, own) if forward.local else forward.destination
    yield forward._replace(links=inside, destination=destination)
    for link, address in inner:
        if IPv4Address(forward.target) in address.network:
            source = Addresses.of(str(address.network))
            target, ports = rule.destination, rule.destination_ports
            yield ir.SourceNat(
                rule.name, frozenset({link}), ir.MASQUERADE, source, target, rule.protocols, ports, forwarded=True
            )


def shift_ports(ports: Ranges, target_port: int | None) -> Ranges:
    """Return the ports at the target."""
    if target_port is None:
        return ports
    first, last = ports[0]
    return ((target_port, target_port + last - first),)


def _translate_outbound(rule: OutboundRule, resolver: Resolver, outside: frozenset[str]) -> ir.SourceNat:
    return ir.SourceNat(
        f"outbound.{rule.name}",
        resolver.links(rule.to, outside),
        str(rule.translate),
        resolver.addresses(rule.source),
        resolver.addresses(rule.destination),
        _PROTOCOLS[rule.protocol],
        resolver.ports(rule.ports),
    )


def _automatic(context: Context, outside: frozenset[str]) -> Iterable[ir.SourceNat]:
    """Networks of inner links leave by an external link under its address: masqueraded when the provider gives it."""
    inside = Addresses(
        merge_ranges(
            (int(address.network.network_address), int(address.network.broadcast_address))
            for link in context.all(LinkFact)
            if link.name not in outside
            for address in link.addresses4
        ),
        label="inside",
    )
    links = [link for link in context.all(LinkFact) if link.name in outside]
    dynamic = frozenset(link.name for link in links if link.dynamic4)
    if not inside.v4:
        return
    if dynamic:
        yield ir.SourceNat("outbound.automatic", dynamic, ir.MASQUERADE, inside)
    for link in links:
        if link.addresses4 and not link.dynamic4:
            address = str(link.addresses4[0].ip)
            yield ir.SourceNat("outbound.automatic", frozenset({link.name}), address, inside)
