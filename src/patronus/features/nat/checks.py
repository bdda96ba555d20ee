"""What the schema of one field cannot see."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from patronus.features.nat.plan import external_links, shift_ports
from patronus.features.nat.schema import Nat, OutboundRule, PortForward
from patronus.firewall.references import check_addresses, check_links, check_names, check_ports
from patronus.firewall.resolve import Resolver
from patronus.values.addresses import MAX_PORT, LinkTerm
from patronus.values.facts import Context
from patronus.values.problem import Problem, config_path

Found = Iterable[Problem]


def check(nat: Nat, context: Context) -> Found:
    """Return every problem of the section."""
    yield from check_names("nat.port_forwards", [forward.name for forward in nat.port_forwards])
    yield from check_names("nat.outbound.rules", [rule.name for rule in nat.outbound.rules])
    if nat.outbound.rules and nat.outbound.mode not in {"hybrid", "manual"}:
        hint = "set `mode: hybrid` (rules first, then automatic) or `manual`"
        yield Problem("nat.outbound.rules", f"are not used with `mode: {nat.outbound.mode}`", hint)
    for index, rule in enumerate(nat.outbound.rules):
        yield from _check_outbound(config_path("nat", "outbound", "rules", index), rule, context)
    resolver = Resolver(context)
    for index, forward in enumerate(nat.port_forwards):
        yield from _check_forward(config_path("nat", "port_forwards", index), forward, context, resolver)


def _check_outbound(path: str, rule: OutboundRule, context: Context) -> Found:
    yield from check_links(f"{path}.to", rule.to, context)
    yield from check_addresses(f"{path}.source", rule.source, context)
    yield from check_addresses(f"{path}.destination", rule.destination, context)
    yield from check_ports(f"{path}.ports", rule.ports, context)
    yield from _check_external(f"{path}.to", rule.to, context)
    if rule.ports and rule.protocol == "any":
        yield Problem(f"{path}.ports", "protocol `any` has no ports", "set `protocol: tcp`, `udp` or `tcp+udp`")


def _check_forward(path: str, forward: PortForward, context: Context, resolver: Resolver) -> Found:
    yield from check_links(f"{path}.from", forward.from_, context)
    yield from check_addresses(f"{path}.source", forward.source, context)
    yield from check_addresses(f"{path}.destination", forward.destination, context)
    yield from check_ports(f"{path}.ports", forward.ports, context)
    yield from _check_external(f"{path}.from", forward.from_, context)
    ports = resolver.ports(forward.ports)
    sure = all(term.alias is None or context.is_alias_sure(term.alias) for term in forward.ports)
    if forward.target_port is not None and ports and sure:
        yield from _check_target_port(path, forward, ports)
    if forward.target.version == 6 and forward.destination:
        hint = "an IPv6 host is reached by its own address, `target`"
        yield Problem(f"{path}.destination", "has no meaning with an IPv6 target", hint)


def _check_target_port(path: str, forward: PortForward, ports: tuple[tuple[int, int], ...]) -> Found:
    where = f"{path}.target_port"
    if len(ports) > 1:
        yield Problem(where, "works with one port or one range", "make a forward for each of `ports`")
    elif shift_ports(ports, forward.target_port)[0][1] > MAX_PORT:
        yield Problem(where, f"the range would end after {MAX_PORT}", "choose a lower one")
    elif forward.target.version == 6 and forward.target_port != ports[0][0]:
        yield Problem(where, "an IPv6 target is passed to, not translated", "use the ports the host listens on")


def _check_external(path: str, terms: Sequence[LinkTerm], context: Context) -> Found:
    if not terms and not external_links(context) and not context.may_hide_external and not context.may_hide_links:
        hint = "mark a zone `external: true`, or name zones or interfaces here"
        yield Problem(path, "is empty and there is no external zone to default to", hint)
    for index, term in enumerate(terms):
        if term.name == "self":
            yield Problem(f"{path}[{index}]", "`self` is not an interface", "name zones or interfaces")
