"""What the schema of one field cannot see."""

from __future__ import annotations

from collections.abc import Iterable

from patronus.features.firewall.names import ICMP_TYPES, ICMPV6_TYPES
from patronus.features.firewall.plan import narrow_family
from patronus.features.firewall.schema import Firewall, Rule
from patronus.firewall.ir import SELF
from patronus.firewall.references import check_addresses, check_links, check_names, check_ports
from patronus.firewall.resolve import Resolver
from patronus.values.addresses import ALL4, ALL6, Addresses
from patronus.values.facts import Context
from patronus.values.problem import WARNING, Problem, config_path

Found = Iterable[Problem]
_WITH_PORTS = frozenset({"tcp", "udp", "tcp+udp", 6, 17})


def check(firewall: Firewall, context: Context) -> Found:
    """Return every problem of the section."""
    yield from check_names("firewall.rules", [rule.name for rule in firewall.rules])
    resolver = Resolver(context)
    for index, rule in enumerate(firewall.rules):
        path = config_path("firewall", "rules", index)
        yield from check_links(f"{path}.from", rule.from_, context)
        yield from check_links(f"{path}.to", rule.to, context)
        yield from check_addresses(f"{path}.source", rule.source, context)
        yield from check_addresses(f"{path}.destination", rule.destination, context)
        yield from check_ports(f"{path}.source_ports", rule.source_ports, context)
        yield from check_ports(f"{path}.ports", rule.ports, context)
        yield from _check_protocol(path, rule)
        yield from _check_direction(path, rule)
        yield from _check_possible(path, rule, resolver)
        yield from _check_exclusions(path, rule, resolver, context)


def _check_protocol(path: str, rule: Rule) -> Found:
    if (rule.ports or rule.source_ports) and rule.protocol not in _WITH_PORTS:
        key = "ports" if rule.ports else "source_ports"
        yield Problem(
            f"{path}.{key}", f"protocol `{rule.protocol}` has no ports", "set `protocol: tcp`, `udp` or `tcp+udp`"
        )
    if rule.tcp_flags is not None and rule.protocol not in {"tcp", 6}:
        yield Problem(f"{path}.tcp_flags", f"protocol `{rule.protocol}` has no TCP flags", "set `protocol: tcp`")
    if rule.tcp_flags is not None and not set(rule.tcp_flags.set) <= set(rule.tcp_flags.of):
        yield Problem(f"{path}.tcp_flags.set", "has flags that `of` does not look at", "name them in `of` too")
    yield from _check_icmp(path, rule)


def _check_icmp(path: str, rule: Rule) -> Found:
    known = {"icmp": ICMP_TYPES, "icmpv6": ICMPV6_TYPES}.get(str(rule.protocol))
    if rule.icmp_types and known is None:
        hint = "set `protocol: icmp` or `icmpv6`"
        yield Problem(f"{path}.icmp_types", f"protocol `{rule.protocol}` has no ICMP types", hint)
    for index, name in enumerate(rule.icmp_types if known is not None else ()):
        if name not in (known or {}):
            hint = f"known there: {', '.join(known or {})}"
            yield Problem(f"{path}.icmp_types[{index}]", f"`{rule.protocol}` has no type {name!r}", hint)
    if (rule.protocol, rule.family) in {("icmp", "inet6"), ("icmpv6", "inet")}:
        yield Problem(f"{path}.protocol", f"`{rule.protocol}` does not exist in `{rule.family}`", "use the other one")


def _check_direction(path: str, rule: Rule) -> Found:
    comes_from_self = any(term.name == SELF for term in rule.from_)
    if comes_from_self and any(term.name == SELF and not term.negated for term in rule.to):
        yield Problem(f"{path}.to", "traffic of the box with itself always passes", "take `self` out of `from` or `to`")


def _check_possible(path: str, rule: Rule, resolver: Resolver) -> Found:
    """A rule that no packet can match is a mistake, and a dangerous one when it was to block."""
    if any(term.alias is not None for term in (*rule.source, *rule.destination)):
        return  # an unknown or empty alias is reported where it stands
    source, destination = narrow_family(
        rule.family, resolver.addresses(rule.source), resolver.addresses(rule.destination)
    )
    if not (source.v4 and destination.v4) and not (source.v6 and destination.v6):
        yield Problem(path, "no packet can match: family, source and destination exclude each other",
                      "compare `family` with the addresses of `source` and `destination`")  # fmt: skip


def _check_exclusions(path: str, rule: Rule, resolver: Resolver, context: Context) -> Found:
    """`!10.0.0.0/8` alone means everything else, and every IPv6 address is something else.

    Unless the other end of the connection, or the protocol, keeps IPv6 out.
    """
    terms = (*rule.source, *rule.destination)
    if rule.family != "both" or not all(term.alias is None or context.is_alias_sure(term.alias) for term in terms):
        return
    source, destination = resolver.addresses(rule.source), resolver.addresses(rule.destination)
    for key, written, left, beyond in (
        ("source", rule.source, source, destination),
        ("destination", rule.destination, destination, source),
    ):
        if written and all(term.negated for term in written):
            other = _find_untouched(left, beyond, rule.protocol)
            hint = "set `family: inet` or `inet6`, or exclude addresses of both"
            message = f"excludes nothing of {other}, so every {other} address matches"
            yield from [Problem(f"{path}.{key}", message, hint, WARNING)] if other else ()


def _find_untouched(left: Addresses, beyond: Addresses, protocol: str | int) -> str:
    """Return the family of which everything is left and which the rule matches; empty when there is none."""
    if left.v6 == ALL6 and beyond.v6 and protocol != "icmp":
        return "IPv6"
    return "IPv4" if left.v4 == ALL4 and beyond.v4 and protocol != "icmpv6" else ""
