"""What a ruleset means, said as simply as possible: the yardstick for what the compiler writes."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from patronus.firewall.folding import Run
from patronus.firewall.ir import SELF, TCP, UDP, Rule
from patronus.values.addresses import ALL_PORTS, Ranges


class Packet(NamedTuple):
    """The first packet of a connection; addresses are numbers, `flags` and `icmp_type` matter for TCP and ICMP only."""

    origin: str
    target: str
    family: int
    source: int
    destination: int
    protocol: int
    source_port: int = 0
    destination_port: int = 0
    icmp_type: int = 8
    flags: int = 2


def holds(ranges: Ranges, number: int) -> bool:
    return any(first <= number <= last for first, last in ranges)


def matches(rule: Rule, packet: Packet) -> bool:
    """Every condition of the rule holds for the packet."""
    source = rule.source.v4 if packet.family == 4 else rule.source.v6
    destination = rule.destination.v4 if packet.family == 4 else rule.destination.v6
    return (
        packet.origin in rule.origins
        and packet.target in rule.targets
        and holds(source, packet.source)
        and holds(destination, packet.destination)
        and (not rule.protocols or packet.protocol in rule.protocols)
        and _ports_match(rule, packet)
        and (not rule.icmp_types or packet.icmp_type in rule.icmp_types)
        and (rule.tcp_flags is None or packet.flags & rule.tcp_flags[0] == rule.tcp_flags[1])
        and rule.forwarded_port is None
    )


def _ports_match(rule: Rule, packet: Packet) -> bool:
    if rule.source_ports == ALL_PORTS and rule.destination_ports == ALL_PORTS:
        return True
    return (
        packet.protocol in (TCP, UDP)
        and holds(rule.source_ports, packet.source_port)
        and holds(rule.destination_ports, packet.destination_port)
    )


def decide(rules: Iterable[Rule], packet: Packet) -> str:
    """Return the name of the rule that decides; what no rule matches falls to the default."""
    for rule in rules:
        if matches(rule, packet):
            return rule.name
    return "" if packet.origin == SELF else "box.default"


def decide_folded(items: Iterable[Rule | Run], packet: Packet) -> str:
    """Return the name of the rule that decides in a folded list, reading the maps' keys as the kernel does."""
    for item in items:
        if isinstance(item, Run):
            for key, rule in item.elements:
                if key_matches(item, key, packet):
                    return rule.name
        elif matches(item, packet):
            return item.name
    return "box.default"


def key_matches(run: Run, key: str, packet: Packet) -> bool:
    """A key equals the packet's fields, or holds its address when it is a range."""
    for (field, _), word in zip(run.fields, key.split(" . "), strict=True):
        if field.split()[0] in ("ip", "ip6"):
            if (field.split()[0] == "ip") != (packet.family == 4):
                return False
            number = packet.source if field.endswith("saddr") else packet.destination
            if "-" in word:
                first, _, last = word.partition("-")
                span = (int(ip_address(first)), int(ip_address(last)))
            else:
                network = ip_network(word)
                span = (int(network.network_address), int(network.broadcast_address))
            if not span[0] <= number <= span[1]:
                return False
        elif field == "meta l4proto":
            if {"tcp": 6, "udp": 17, "icmp": 1, "ipv6-icmp": 58, "gre": 47}.get(word, -1) != packet.protocol:
                return False
        elif int(word) != (packet.source_port if field == "th sport" else packet.destination_port):
            return False
    return True
