"""What happens to packets at a house: the ruleset of a document, the kernel, and taps instead of cables."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from tests.checkers.firewall import frames
from tests.checkers.firewall.frames import Seen
from tests.checkers.firewall.tap_router import TapRouter, can_use_kernel

from patronus.pipeline.load import load
from patronus.pipeline.plan import plan
from patronus.pipeline.validate import validate
from patronus.values.fragments import RULESET_PATH, File

pytestmark = pytest.mark.skipif(not can_use_kernel(), reason="needs root and nft")

LOCKDOWN = Path(__file__).parents[3] / "mkosi.extra/usr/lib/patronus/lockdown.nft"
LINKS = ("wan", "lan", "guest")
WAN, LAN, SERVER, GUEST = "93.184.0.2", "192.168.1.1", "192.168.1.80", "192.168.20.1"
OUTSIDE, CLIENT, VISITOR = "8.8.4.4", "192.168.1.50", "192.168.20.9"
SYN, ACK, RST = 2, 16, 4

HOUSE = b"""
version: 1
zones:
  wan: {external: true}
  lan: {}
  guest: {}
interfaces:
  wan: {match: {mac: "52:54:00:00:00:01"}, zone: wan, ipv4: {method: dhcp}, ipv6: {method: dhcp}}
  lan:
    match: {mac: "52:54:00:00:00:02"}
    zone: lan
    ipv4: {addresses: [192.168.1.1/24]}
    ipv6: {addresses: ["2a01::1/64"]}
  guest: {match: {mac: "52:54:00:00:00:03"}, zone: guest, ipv4: {addresses: [192.168.20.1/24]}}
ssh: {interfaces: [lan]}
aliases:
  bad: {addresses: [8.8.8.0/24, "2a02::/32"]}
firewall:
  rules:
    - {name: bad-guys, action: block, from: [wan], source: [bad]}
    - {name: no-box, action: block, from: [lan], to: [self]}
    - {name: lan-out, action: pass, from: [lan], to: [wan]}
    - {name: guest-ping, action: pass, from: [guest], to: [wan], protocol: icmp, icmp_types: [echo-request]}
    - {name: guest-rest, action: reject, from: [guest]}
    - {name: no-smtp, action: block, from: [self], to: [wan], protocol: tcp, ports: [25]}
nat:
  port_forwards:
    - {name: web, ports: [8080], target: 192.168.1.80, target_port: 80, reflection: true}
    - {name: games, protocol: udp, ports: [5000-5009], target: 192.168.1.80, target_port: 6000}
    - {name: web6, ports: [443], target: "2a01::80"}
"""


def ruleset_of(document: bytes) -> str:
    merged = plan(validate(load({"test.yaml": document})))
    return next(file.content.decode() for file in merged.of(File) if file.path == RULESET_PATH)


@pytest.fixture(scope="module")
def house() -> Iterator[TapRouter]:
    with TapRouter(LINKS) as router:
        for link, address in (("wan", WAN), ("lan", LAN), ("guest", GUEST)):
            router.run("ip", "address", "add", f"{address}/24", "dev", link)
        router.run("ip", "-6", "address", "add", "2a01::1/64", "dev", "lan")
        router.run("ip", "route", "add", "default", "dev", "wan")
        router.run("ip", "-6", "route", "add", "default", "dev", "wan")
        yield router


@pytest.fixture
def router(house: TapRouter) -> TapRouter:
    """The house with fresh counters and no connections."""
    house.load(ruleset_of(HOUSE))
    house.forget_connections()
    for link in LINKS:
        house.drain(link)
    return house


def came_out(router: TapRouter, link: str) -> list[Seen]:
    """Return what left by a link, without the kernel's own multicast."""
    seen = [frames.read(packet) for packet in router.drain(link)]
    return [item for item in seen if item and not ip_address(item.destination).is_multicast]


def send_tcp(
    router: TapRouter, link: str, source: str, destination: str, ports: tuple[int, int], flags: int = SYN
) -> None:
    router.send(link, frames.wrap(source, destination, frames.TCP, frames.tcp(*ports, flags)))


def test_lan_leaves_under_the_address_of_the_wan_and_replies_come_back(router: TapRouter) -> None:
    send_tcp(router, "lan", CLIENT, OUTSIDE, (4000, 443))
    assert came_out(router, "wan") == [Seen(WAN, OUTSIDE, 6, 4000, 443, SYN)]
    send_tcp(router, "wan", OUTSIDE, WAN, (443, 4000), SYN | ACK)
    assert came_out(router, "lan") == [Seen(OUTSIDE, CLIENT, 6, 443, 4000, SYN | ACK)]
    assert router.counters() == {"lan-out": 1, "nat.outbound.automatic": 1}


def test_ipv6_is_routed_without_translation_and_its_replies_pass(router: TapRouter) -> None:
    send_tcp(router, "lan", "2a01::50", "2a03::1", (4000, 443))
    assert came_out(router, "wan") == [Seen("2a01::50", "2a03::1", 6, 4000, 443, SYN)]
    send_tcp(router, "wan", "2a03::1", "2a01::50", (443, 4000), SYN | ACK)
    assert len(came_out(router, "lan")) == 1


@pytest.mark.parametrize(
    ("source", "destination", "port"),
    [(OUTSIDE, CLIENT, 443), (OUTSIDE, SERVER, 80), (OUTSIDE, WAN, 22), (OUTSIDE, WAN, 80),
     ("2a03::1", "2a01::50", 443), ("2a03::1", "2a01::80", 80)],
)  # fmt: skip
def test_outside_cannot_open_a_connection_inwards(router: TapRouter, source: str, destination: str, port: int) -> None:
    send_tcp(router, "wan", source, destination, (4000, port))
    assert [came_out(router, link) for link in LINKS] == [[], [], []]
    assert router.counters() == {"box.default": 1}


def test_a_port_forward_reaches_its_target_and_only_as_forwarded(router: TapRouter) -> None:
    send_tcp(router, "wan", OUTSIDE, WAN, (4000, 8080))
    assert came_out(router, "lan") == [Seen(OUTSIDE, SERVER, 6, 4000, 80, SYN)]
    send_tcp(router, "lan", SERVER, OUTSIDE, (80, 4000), SYN | ACK)
    assert came_out(router, "wan") == [Seen(WAN, OUTSIDE, 6, 8080, 4000, SYN | ACK)]
    assert router.counters()["nat.port_forwards.web"] == 2  # the translation and the rule that passes it


def test_a_long_list_of_forwards_is_one_lookup_that_translates_and_counts_each(router: TapRouter) -> None:
    """Folded ones behind a rule of their own, with the reflected one in front."""
    lines = [
        f"    - {{name: f{number}, protocol: {protocol}, ports: {7000 + number},"
        f" target: {SERVER}, target_port: {number}}}"
        for number, protocol in zip(range(1, 13), ["tcp", "tcp", "udp"] * 4, strict=True)
    ]
    text = ruleset_of(HOUSE + "\n".join(lines).encode() + b"\n")
    assert text.count("vmap @forwards") == 1
    router.load(text)
    router.forget_connections()
    for number in (1, 3, 12):
        send = frames.tcp if number == 1 else frames.udp
        words = (4000 + number, 7000 + number, SYN) if number == 1 else (4000 + number, 7000 + number, b"x")
        protocol = frames.TCP if number == 1 else frames.UDP
        router.send("wan", frames.wrap(OUTSIDE, WAN, protocol, send(*words)))
    assert [(seen[1], *seen[3:5]) for seen in came_out(router, "lan")] == [
        (SERVER, 4001, 1), (SERVER, 4003, 3), (SERVER, 4012, 12),
    ]  # fmt: skip
    send_tcp(router, "wan", OUTSIDE, WAN, (4000, 7003))  # f3 is UDP
    send_tcp(router, "wan", OUTSIDE, WAN, (4000, 7013))
    send_tcp(router, "wan", OUTSIDE, WAN, (4000, 8080))
    assert len(came_out(router, "lan")) == 1
    counted = router.counters()
    assert {name: counted[f"nat.port_forwards.{name}"] for name in ("f1", "f3", "f12", "f2", "web")} == {
        "f1": 2, "f3": 2, "f12": 2, "f2": 0, "web": 2,
    }  # fmt: skip
    assert counted["box.default"] == 2


def test_a_range_of_ports_is_forwarded_in_order(router: TapRouter) -> None:
    router.send("wan", frames.wrap(OUTSIDE, WAN, frames.UDP, frames.udp(4000, 5007, b"x")))
    assert came_out(router, "lan") == [Seen(OUTSIDE, SERVER, 17, 4000, 6007)]


def test_an_ipv6_forward_passes_to_the_host_itself(router: TapRouter) -> None:
    send_tcp(router, "wan", "2a03::1", "2a01::80", (4000, 443))
    assert came_out(router, "lan") == [Seen("2a03::1", "2a01::80", 6, 4000, 443, SYN)]


def test_a_block_of_the_owner_wins_over_a_port_forward(router: TapRouter) -> None:
    send_tcp(router, "wan", "8.8.8.8", WAN, (4000, 8080))
    assert came_out(router, "lan") == []
    assert router.counters()["bad-guys"] == 1


def test_reflection_leads_hosts_inside_to_the_target_and_back(router: TapRouter) -> None:
    send_tcp(router, "lan", CLIENT, WAN, (4000, 8080))
    assert came_out(router, "lan") == [Seen(LAN, SERVER, 6, 4000, 80, SYN)]
    send_tcp(router, "lan", SERVER, LAN, (80, 4000), SYN | ACK)
    assert came_out(router, "lan") == [Seen(WAN, CLIENT, 6, 8080, 4000, SYN | ACK)]


def test_reflection_leaves_the_inner_address_of_the_box_alone(router: TapRouter) -> None:
    send_tcp(router, "lan", CLIENT, LAN, (4000, 8080))
    assert came_out(router, "lan") == []
    assert router.counters() == {"no-box": 1}


@pytest.mark.parametrize("source", ["10.1.2.3", "192.168.77.1", "172.20.0.1"])
def test_private_sources_outside_are_dropped(router: TapRouter, source: str) -> None:
    send_tcp(router, "wan", source, WAN, (4000, 8080))
    assert came_out(router, "lan") == []
    assert router.counters()["box.block-private"] == 1


@pytest.mark.parametrize("source", ["203.0.113.9", "198.18.0.1", "100.64.0.1", "250.1.1.1", "169.254.7.7"])
def test_bogon_sources_outside_are_dropped(router: TapRouter, source: str) -> None:
    send_tcp(router, "wan", source, WAN, (4000, 8080))
    assert came_out(router, "lan") == []
    assert router.counters()["box.block-bogons"] == 1


def test_a_source_that_lives_elsewhere_is_spoofed(router: TapRouter) -> None:
    send_tcp(router, "lan", VISITOR, OUTSIDE, (4000, 443))
    send_tcp(router, "guest", "2a01::50", "2a03::1", (4000, 443))
    assert came_out(router, "wan") == []
    assert router.counters() == {"box.spoofed": 2}


def test_a_reject_answers_at_once(router: TapRouter) -> None:
    send_tcp(router, "guest", VISITOR, CLIENT, (4000, 443))
    router.send("guest", frames.wrap(VISITOR, CLIENT, frames.UDP, frames.udp(4000, 53)))
    answers = came_out(router, "guest")
    assert [(seen.protocol, seen.source) for seen in answers] == [(6, CLIENT), (1, GUEST)]
    assert answers[0].flags & RST
    assert answers[1].source_port == 3  # destination unreachable
    assert router.counters() == {"guest-rest": 2}


def test_icmp_types_are_told_apart(router: TapRouter) -> None:
    router.send("guest", frames.wrap(VISITOR, OUTSIDE, frames.ICMP, frames.icmp(8)))
    router.send("guest", frames.wrap(VISITOR, OUTSIDE, frames.ICMP, frames.icmp(13, 2)))
    assert [seen.source_port for seen in came_out(router, "wan")] == [8]


def test_ssh_stays_open_inside_whatever_the_rules_say(router: TapRouter) -> None:
    send_tcp(router, "lan", CLIENT, LAN, (4000, 22))
    send_tcp(router, "lan", CLIENT, LAN, (4000, 80))
    assert router.counters() == {"ssh.anti-lockout tcp-22": 1, "no-box": 1}
    assert [seen.flags & RST for seen in came_out(router, "lan")] == [RST]  # nobody listens, but it was let in


def test_path_mtu_messages_come_back_through_translation(router: TapRouter) -> None:
    send_tcp(router, "lan", CLIENT, OUTSIDE, (4000, 443))
    sent = router.drain("wan")[-1]
    too_big = struct.pack("!BBHHH", 3, 4, 0, 0, 1400) + sent[:28]
    router.send("wan", frames.wrap("93.184.0.1", WAN, frames.ICMP, too_big))
    assert came_out(router, "lan") == [Seen("93.184.0.1", CLIENT, 1, 3, 0)]


def test_packets_of_no_connection_are_dropped(router: TapRouter) -> None:
    send_tcp(router, "wan", OUTSIDE, CLIENT, (443, 4000), SYN | ACK)
    send_tcp(router, "lan", CLIENT, OUTSIDE, (4000, 443), SYN | ACK)
    assert came_out(router, "lan") == came_out(router, "wan") == []


def test_neighbour_discovery_needs_a_neighbour(router: TapRouter) -> None:
    """RFC 4861: a hop limit below 255 has crossed a router."""
    solicit = struct.pack("!BBHI", 135, 0, 0, 0) + ip_address("2a01::1").packed
    router.send("lan", frames.wrap("2a01::50", "2a01::1", frames.ICMPV6, solicit, ttl=255))
    assert router.counters() == {}
    router.send("lan", frames.wrap("2a01::50", "2a01::1", frames.ICMPV6, solicit, ttl=64))
    assert router.counters() == {"no-box": 1}


def test_replies_of_dhcp_servers_reach_the_client_on_wan_only(router: TapRouter) -> None:
    six = frames.wrap("fe80::1", "fe80::2", frames.UDP, frames.udp(547, 546))
    router.run("ip", "-6", "address", "replace", "fe80::2/64", "dev", "wan", "nodad")
    router.send("wan", six)
    router.send("wan", frames.wrap("10.0.0.1", WAN, frames.UDP, frames.udp(67, 68)))
    assert router.counters() == {}
    router.send("lan", frames.wrap(CLIENT, LAN, frames.UDP, frames.udp(67, 68)))
    assert router.counters() == {"no-box": 1}


def test_the_box_answers_ping_inside_only(router: TapRouter) -> None:
    router.send("lan", frames.wrap(CLIENT, LAN, frames.ICMP, frames.icmp(8)))
    router.send("wan", frames.wrap(OUTSIDE, WAN, frames.ICMP, frames.icmp(8)))
    assert [len(came_out(router, link)) for link in ("lan", "wan")] == [1, 0]
    assert router.counters() == {"box.ping": 1, "box.default": 1}


def test_rules_about_the_box_itself_hold(router: TapRouter) -> None:
    script = (
        "import socket, sys\n"
        "for port in (25, 26):\n"
        "    s = socket.socket(); s.setblocking(False)\n"
        "    try: s.connect(('8.8.4.4', port))\n"
        "    except OSError: pass\n"
    )
    router.run("python3", "-c", script)
    assert [seen.destination_port for seen in came_out(router, "wan") if seen.flags == SYN] == [26]
    assert router.counters()["no-smtp"] == 1


def test_a_new_ruleset_keeps_connections_and_changes_the_rest(router: TapRouter) -> None:
    send_tcp(router, "lan", CLIENT, OUTSIDE, (4000, 443))
    send_tcp(router, "wan", OUTSIDE, WAN, (443, 4000), SYN | ACK)
    router.drain("wan"), router.drain("lan")
    router.load(ruleset_of(HOUSE.replace(b"name: lan-out, action: pass", b"name: lan-out, action: block")))
    send_tcp(router, "lan", CLIENT, OUTSIDE, (4000, 443), ACK)
    send_tcp(router, "lan", CLIENT, OUTSIDE, (4001, 443))
    assert came_out(router, "wan") == [Seen(WAN, OUTSIDE, 6, 4000, 443, ACK)]


def test_lockdown_lets_nothing_in_out_or_through(router: TapRouter) -> None:
    router.run("nft", "-f", str(LOCKDOWN))
    send_tcp(router, "lan", CLIENT, OUTSIDE, (4000, 443))
    router.send("lan", frames.wrap(CLIENT, LAN, frames.ICMP, frames.icmp(8)))
    router.send("wan", frames.wrap(OUTSIDE, WAN, frames.ICMP, frames.icmp(8)))
    assert [came_out(router, link) for link in LINKS] == [[], [], []]
    talk = "import socket; s = socket.create_server(('127.0.0.1', 0)); socket.create_connection(s.getsockname(), 5)"
    router.run("python3", "-c", talk)
