"""Address translation as lines of nftables. The first rule that matches a connection's first packet decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patronus.firewall.ir import MASQUERADE, NO_NAT, PortForward, SourceNat
from patronus.firewall.matches import FORWARDED, match_families, match_protocol
from patronus.firewall.sets import SetTable
from patronus.firewall.text import PROTOCOL_NAMES, write_address, write_links
from patronus.values.addresses import ALL_PORTS, Addresses

LOCAL = "fib daddr type local "
"""Addressed to an address the box has at this moment, so a new lease needs no new ruleset."""


def _only_v4(addresses: Addresses) -> Addresses:
    return Addresses(addresses.v4, (), addresses.label)


def write_forward(forward: PortForward, sets: SetTable) -> Iterator[str]:
    """Yield the lines of a port forward."""
    links = f"iifname {write_links(sorted(forward.links))} "
    ports = match_protocol(forward.protocols, ALL_PORTS, forward.ports, sets)
    local = LOCAL if forward.local else ""
    for addresses in match_families(_only_v4(forward.source), _only_v4(forward.destination), sets):
        yield f'{links}{addresses}{local}{ports}counter {_redirection(forward)} comment "{forward.name}"'


def _redirection(forward: PortForward) -> str:
    target = write_address(forward.target, 4)
    first, last = forward.ports[0]
    if forward.target_port is None or (forward.target_port == first and len(forward.ports) == 1):
        return f"dnat ip to {target}"
    if first == last:
        return f"dnat ip to {target}:{forward.target_port}"
    shift = forward.target_port - first
    pairs = ", ".join(f"{port} : {target} . {port + shift}" for port in range(first, last + 1))
    header = PROTOCOL_NAMES[forward.protocols[0]] if len(forward.protocols) == 1 else "th"
    return f"dnat ip to {header} dport map {{ {pairs} }}"


def write_source_nat(rule: SourceNat, sets: SetTable) -> Iterator[str]:
    """Yield the lines of a source translation."""
    links = f"oifname {write_links(sorted(rule.links))} "
    ports = match_protocol(rule.protocols, ALL_PORTS, rule.destination_ports, sets)
    forwarded = FORWARDED if rule.forwarded else ""
    verdict = {MASQUERADE: "masquerade", NO_NAT: "accept"}.get(rule.to, f"snat ip to {rule.to}")
    for addresses in match_families(_only_v4(rule.source), _only_v4(rule.destination), sets):
        yield f'{links}{addresses}{ports}{forwarded}counter {verdict} comment "{rule.name}"'


def write_translation(
    forwards: Iterable[PortForward], rules: Iterable[SourceNat], sets: SetTable
) -> dict[str, list[str]]:
    """Return the bodies of the two NAT chains."""
    chains = {
        "destination-nat": ["type nat hook prerouting priority dstnat; policy accept;"],
        "source-nat": ["type nat hook postrouting priority srcnat; policy accept;"],
    }
    for forward in forwards:
        chains["destination-nat"] += write_forward(forward, sets)
    for rule in rules:
        chains["source-nat"] += write_source_nat(rule, sets)
    return chains
