"""The kernel decides with the compiled ruleset as the model does with the rules: same rule for every packet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.checkers.firewall import frames
from tests.checkers.firewall.tap_router import TapRouter, can_use_kernel
from tests.firewall.model import Packet, decide
from tests.firewall.strategies import LINKS, packets, rulesets

from patronus.firewall.compiler import compile_ruleset
from patronus.firewall.ir import ICMP, ICMPV6, SELF, TCP, UDP, Link, Rule, Ruleset

pytestmark = pytest.mark.skipif(not can_use_kernel(), reason="needs root and nft")

# The type of service chooses the route, so that any host may be behind any link.
TOS = {"dmz": 0x04, "lan": 0x08, "wan": 0x10, SELF: 0x1C}


@pytest.fixture(scope="module")
def router() -> Iterator[TapRouter]:
    with TapRouter(LINKS) as router:
        for target, tos in TOS.items():
            for family, network in (("-4", "198.51.0.0/24"), ("-6", "2a00::/64")):
                route = ["local", network, "dev", "lo"] if target == SELF else [network, "dev", target]
                router.run("ip", family, "rule", "add", "pref", "10", "tos", hex(tos), "table", str(100 + tos))
                router.run("ip", family, "route", "add", *route, "table", str(100 + tos))
        for link in LINKS:
            router.set_sysctl(f"net/ipv4/conf/{link}/accept_local", "1")
        yield router


def forge(packet: Packet, number: int) -> bytes:
    """Return the packet as bytes; `number` tells pings apart."""
    address = IPv4Address if packet.family == 4 else IPv6Address
    transport = {
        TCP: frames.tcp(packet.source_port, packet.destination_port, packet.flags),
        UDP: frames.udp(packet.source_port, packet.destination_port),
        ICMP: frames.icmp(packet.icmp_type, number),
        ICMPV6: frames.icmp(packet.icmp_type, number),
    }[packet.protocol]
    source, destination = str(address(packet.source)), str(address(packet.destination))
    return frames.wrap(source, destination, packet.protocol, transport, tos=TOS[packet.target])


def connection(packet: Packet) -> frozenset[object]:
    """Two packets with the same value belong to one connection for conntrack."""
    ends = ((packet.source, packet.source_port), (packet.destination, packet.destination_port))
    return frozenset({packet.protocol, *ends})


def is_testable(packet: Packet) -> bool:
    """A host does not talk to itself, and pings of the box are answered before any rule when the zone says so."""
    return packet.source != packet.destination


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rulesets(), st.lists(packets() | packets().map(lambda p: p._replace(target=SELF)), min_size=5, max_size=30))
def test_the_same_rule_decides(router: TapRouter, rules: list[Rule], sent: list[Packet]) -> None:
    links = tuple(Link(name, anti_spoofing=False, ping=False) for name in LINKS)
    router.load(compile_ruleset(Ruleset(links, tuple(rules))))
    fresh = list({connection(packet): packet for packet in sent if is_testable(packet)}.values())
    expected = Counter(decide(rules, packet) for packet in fresh)
    router.forget_connections()
    for number, packet in enumerate(fresh):
        router.send(packet.origin, forge(packet, number))
    counted = router.counters()
    assert counted == expected
