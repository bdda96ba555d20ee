"""Address translation as lines of nftables. The first rule that matches a connection's first packet decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patronus.firewall.counters import REDIRECT_CHAIN
from patronus.firewall.folding import ForwardRun, fold_forwards
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
    action = _write_action(forward, sets)
    for match in _match_where(forward, sets):
        yield f"{match}{action}"


def _match_where(forward: PortForward, sets: SetTable) -> Iterator[str]:
    """Yield the matches for everything but protocol and ports."""
    links = f"iifname {write_links(sorted(forward.links))} "
    local = LOCAL if forward.local else ""
    for addresses in match_families(_only_v4(forward.source), _only_v4(forward.destination), sets):
        yield f"{links}{addresses}{local}"


def _write_action(forward: PortForward, sets: SetTable) -> str:
    """Return the rest of the rule; nftables translates ports only where it reads the protocol in the same rule."""
    ports = match_protocol(forward.protocols, ALL_PORTS, forward.ports, sets)
    return f'{ports}counter {_redirection(forward)} comment "{forward.name}"'


def write_forward_run(run: ForwardRun, sets: SetTable) -> Iterator[str]:
    """Yield the lines of a folded run: one lookup finds the chain of the forward, which counts and translates."""
    elements = [
        f"{PROTOCOL_NAMES[protocol]} . {port} : goto {_chain_of(forward)}"
        for (protocol, port), forward in run.elements.items()
    ]
    name = sets.add_map("forwards", "inet_proto . inet_service", elements)
    for match in _match_where(run.first, sets):
        yield f"{match}meta l4proto . th dport vmap @{name}"


def _chain_of(forward: PortForward) -> str:
    return f"{REDIRECT_CHAIN}{forward.name.removeprefix('forward.')}"


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
    """Return the bodies of the two NAT chains, after those of the chains they go to."""
    chains = {
        "destination-nat": ["type nat hook prerouting priority dstnat; policy accept;"],
        "source-nat": ["type nat hook postrouting priority srcnat; policy accept;"],
    }
    redirects: dict[str, list[str]] = {}
    for item in fold_forwards(forwards):
        if isinstance(item, ForwardRun):
            redirects |= {_chain_of(forward): [_write_action(forward, sets)] for forward in item.elements.values()}
            chains["destination-nat"] += write_forward_run(item, sets)
        else:
            chains["destination-nat"] += write_forward(item, sets)
    for rule in rules:
        chains["source-nat"] += write_source_nat(rule, sets)
    return redirects | chains
