"""Firewall -> kernel settings, and the owner's rules as the compiler knows them. The ruleset is gathered last."""

from __future__ import annotations

from collections.abc import Iterable

from patronus.features.firewall.names import ICMP_TYPES, ICMPV6_TYPES, join_flags, protocol_numbers
from patronus.features.firewall.schema import Firewall, Rule
from patronus.firewall import ir
from patronus.firewall.resolve import Resolver
from patronus.values.addresses import Addresses
from patronus.values.facts import Context
from patronus.values.fragments import Sysctl

ORIGIN = "firewall"

# A router forwards, trusts no redirect and no source route, and does not amplify (kernel: ip-sysctl.rst). Loose
# rp_filter everywhere; zones with anti_spoofing are checked strictly by the ruleset, for IPv6 too.
SYSCTLS = {
    "net.ipv4.ip_forward": "1",
    "net.ipv4.conf.all.accept_redirects": "0",
    "net.ipv4.conf.default.accept_redirects": "0",
    "net.ipv4.conf.all.accept_source_route": "0",
    "net.ipv4.conf.default.accept_source_route": "0",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.default.send_redirects": "0",
    "net.ipv4.conf.all.rp_filter": "2",
    "net.ipv4.conf.default.rp_filter": "2",
    "net.ipv4.icmp_echo_ignore_broadcasts": "1",
    "net.ipv4.tcp_syncookies": "1",
    "net.ipv6.conf.all.accept_redirects": "0",
    "net.ipv6.conf.default.accept_redirects": "0",
    "net.ipv6.conf.all.accept_source_route": "0",
    "net.ipv6.conf.default.accept_source_route": "0",
    "net.ipv6.conf.all.forwarding": "1",
    "net.ipv6.conf.default.forwarding": "1",
}


def plan(_firewall: Firewall, _context: Context) -> Iterable[object]:
    """Return the kernel settings of a router and the checker of the ruleset."""
    yield from (Sysctl(key, value, ORIGIN) for key, value in SYSCTLS.items())


def translate_rules(rules: Iterable[Rule], resolver: Resolver) -> list[ir.Rule]:
    """Return the enabled rules with zones, aliases and names resolved."""
    return [_translate(rule, resolver) for rule in rules if rule.enabled]


def _translate(rule: Rule, resolver: Resolver) -> ir.Rule:
    source, destination = resolver.addresses(rule.source), resolver.addresses(rule.destination)
    source, destination = narrow_family(rule.family, source, destination)
    types = ICMP_TYPES if rule.protocol == "icmp" else ICMPV6_TYPES
    flags = rule.tcp_flags
    return ir.Rule(
        rule.name,
        rule.action,
        resolver.links(rule.from_),
        resolver.links(rule.to),
        source,
        destination,
        protocol_numbers(rule.protocol),
        resolver.ports(rule.source_ports),
        resolver.ports(rule.ports),
        tuple(sorted({types[name] for name in rule.icmp_types})),
        (join_flags(flags.of) | join_flags(flags.set), join_flags(flags.set)) if flags else None,
        None,
        rule.log,
    )


def narrow_family(family: str, source: Addresses, destination: Addresses) -> tuple[Addresses, Addresses]:
    """Return source and destination with the addresses of the other family taken away."""
    if family == "both":
        return source, destination
    if family == "inet":
        return Addresses(source.v4, (), source.label), Addresses(destination.v4, (), destination.label)
    return Addresses((), source.v6, source.label), Addresses((), destination.v6, destination.label)
