"""Nat -> translations and the rules that pass what they forward; the firewall compiles them into its ruleset."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address

from patronus.features.nat.schema import Nat, OutboundRule, PortForward
from patronus.firewall import ir
from patronus.firewall.resolve import Resolver
from patronus.values.addresses import Addresses, Ranges, merge_ranges
from patronus.values.facts import Context, LinkFact, ZoneFact

_PROTOCOLS = {"any": (), "tcp": (ir.TCP,), "udp": (ir.UDP,), "tcp+udp": (ir.TCP, ir.UDP)}


def plan(nat: Nat, context: Context) -> Iterable[object]:
    """Return translations in the order they are tried."""
    resolver = Resolver(context)
    outside = external_links(context)
    for forward in nat.port_forwards:
        if forward.enabled:
            yield from _forward(forward, resolver, outside)
    if nat.outbound.mode in {"hybrid", "manual"}:
        for rule in nat.outbound.rules:
            if rule.enabled:
                yield _translate_outbound(rule, resolver, outside)
    if nat.outbound.mode in {"automatic", "hybrid"}:
        yield from _automatic(context, outside)


def external_links(context: Context) -> frozenset[str]:
    """Return the links of external zones."""
    return frozenset(link.name for link in context.links_in(z.name for z in context.all(ZoneFact) if z.external))


def _forward(forward: PortForward, resolver: Resolver, outside: frozenset[str]) -> Iterable[object]:
    links = resolver.links(forward.from_, outside)
    ports = resolver.ports(forward.ports)
    source = resolver.addresses(forward.source)
    protocols = _PROTOCOLS[forward.protocol]
    translated = isinstance(forward.target, IPv4Address)
    if translated:
        destination = resolver.addresses(forward.destination) if forward.destination else None
        name, target = f"forward.{forward.name}", int(forward.target)
        yield ir.PortForward(name, links, protocols, ports, target, forward.target_port, source, destination)
    if forward.rule == "pass":
        yield ir.Rule(
            f"forward.{forward.name}",
            ir.PASS,
            links,
            resolver.all_links,
            source,
            Addresses.of(str(forward.target)),
            protocols,
            destination_ports=shift_ports(ports, forward.target_port),
            forwarded_port=ports if translated else None,
            log=forward.log,
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
