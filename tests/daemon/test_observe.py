"""What the box tells about itself while it runs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.box import Box, sign

from patronus.boot import apply as boot_apply
from patronus.boot import load
from patronus.daemon import observe
from patronus.daemon.caller import Caller
from patronus.daemon.handlers import HANDLERS
from patronus.host import conntrack, nft
from patronus.host.run import CommandFailed
from patronus.ops import messages as m
from patronus.ops import observations as o

CALLER = Caller("alice", lambda _text: None)
ADDRESSES = [
    {"ifname": "lo", "link_type": "loopback", "flags": ["UP", "LOWER_UP"]},
    {
        "ifname": "lan", "link_type": "ether", "flags": ["BROADCAST", "UP", "LOWER_UP"],
        "address": "52:54:00:00:00:02", "permaddr": "52:54:00:AA:00:02",
        "addr_info": [
            {"local": "192.168.1.1", "prefixlen": 24, "scope": "global"},
            {"local": "fe80::1", "prefixlen": 64, "scope": "link"},
            {"local": "2001:db8::1", "prefixlen": 64, "scope": "global"},
        ],
    },
    {"ifname": "guest", "link_type": "ether", "flags": ["UP"], "address": "52:54:00:00:00:02",
     "linkinfo": {"info_kind": "vlan"}},
]  # fmt: skip


@pytest.fixture
def running(box: Box, monkeypatch: pytest.MonkeyPatch) -> Box:
    for step in (load, boot_apply):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    box.deliver("first.bundle", sign(box.key, 10))
    assert (load.main() or boot_apply.main()) == 0
    box.system.calls.clear()
    box.system.prints["ip -json -details address"] = json.dumps(ADDRESSES).encode()
    observe._zones.clear()
    return box


def links(box: Box) -> dict[str, o.Link]:
    return {link.name: link for link in observe.links(box.layout, m.Nothing(), CALLER).links}


def test_links_have_the_zones_of_the_running_document(running: Box) -> None:
    found = links(running)
    assert list(found) == ["lan", "guest"], "the loopback is nobody's business"
    assert (found["lan"].zone, found["guest"].zone) == ("lan", "guest")
    assert (found["lan"].mac, found["lan"].carrier) == ("52:54:00:aa:00:02", True)
    assert found["lan"].addresses == ("192.168.1.1/24", "2001:db8::1/64")
    assert (found["guest"].driver, found["guest"].carrier, found["guest"].up) == ("vlan", False, True)


def test_a_document_that_was_tampered_with_gives_no_zones(running: Box) -> None:
    bundle = next((running.layout.config / "generations").glob("*/bundle"))
    bundle.write_bytes(bundle.read_bytes().replace(b'"guest"', b'"gUest"'))
    assert {link.zone for link in links(running).values()} == {""}


def test_a_locked_down_box_lists_its_cards(box: Box) -> None:
    box.system.prints["ip -json -details address"] = json.dumps(ADDRESSES).encode()
    assert {link.zone for link in links(box).values()} == {""}


def test_ping_tells_each_line_as_it_comes(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []

    def play(*argv: str, timeout: float) -> Iterator[str]:
        asked.append(argv)
        yield "one"
        raise CommandFailed(list(argv), 1, "")

    monkeypatch.setattr(observe, "stream", play)
    said: list[str] = []
    output = observe.ping(box.layout, o.PingRequest(host="192.0.2.1", count=2, family=4), Caller("a", said.append))
    assert asked == [("ping", "-n", "-4", "-c", "2", "-W", "2", "-w", "6", "--", "192.0.2.1")]
    assert (said, output.lines, output.ok) == (["one"], ("one",), False)


@pytest.mark.parametrize("host", ["", "-f", "a b", "a;b", "$(x)", "a\n", "--", "x" * 254])
def test_a_host_is_a_name_or_an_address(host: str) -> None:
    with pytest.raises(ValueError, match="host"):
        o.PingRequest(host=host)


TABLE = """\
ipv4     2 tcp      6 431999 ESTABLISHED src=192.168.1.100 dst=198.51.100.1 sport=40000 dport=443 packets=10 bytes=900 \
src=198.51.100.1 dst=203.0.113.2 sport=443 dport=40000 packets=20 bytes=30000 [ASSURED] mark=0 zone=0 use=2
ipv4     2 udp      17 29 src=192.168.1.100 dst=198.51.100.1 sport=5353 dport=53 packets=1 bytes=60 [UNREPLIED] \
src=198.51.100.1 dst=203.0.113.2 sport=53 dport=5353 packets=0 bytes=0 mark=0 zone=0 use=2
ipv6     10 icmpv6   58 29 src=2001:0db8:0000:0000:0000:0000:0000:0002 dst=2001:0db8:0000:0000:0000:0000:0000:0001 \
type=128 code=0 id=7 packets=99 bytes=9504 src=2001:0db8:0000:0000:0000:0000:0000:0001 \
dst=2001:0db8:0000:0000:0000:0000:0000:0002 type=129 code=0 id=7 packets=99 bytes=9504 mark=0 zone=0 use=2
ipv6     10 tcp      6 src=2001:0db8:0000:0000:0000:0000:0000:0002 dst=2001:0db8:0000:0000:0000:0000:0000:0001 \
sport=1 dport=2 src=2001:0db8:0000:0000:0000:0000:0000:0001 dst=2001:0db8:0000:0000:0000:0000:0000:0002 sport=2 \
dport=1 [OFFLOAD] mark=0 zone=0 use=3
"""


def test_the_largest_connections_come_first(tmp_path: Path) -> None:
    table = tmp_path / "nf_conntrack"
    table.write_text(TABLE)
    found, total = conntrack.largest(2, "bytes", table)
    assert total == 4
    assert found == [
        ("tcp", "ESTABLISHED", "192.168.1.100:40000", "198.51.100.1:443", 30, 30900),
        ("icmpv6", "", "2001:db8::2", "2001:db8::1", 198, 19008),
    ]
    assert conntrack.largest(9, "packets", table)[0][0].protocol == "icmpv6"
    assert conntrack.largest(9, "packets", table)[0][-1].source == "[2001:db8::2]:1"
    assert conntrack.largest(9, "bytes", tmp_path / "absent") == ([], 0)


PACKET = (
    "patronus:box.default: IN=wan OUT= MAC=52:54 SRC=198.51.100.9 DST=203.0.113.2 LEN=60 TOS=0x00 TTL=64 ID=1 DF "
    "PROTO=TCP SPT=40000 DPT=22 WINDOW=64240 RES=0x00 SYN URGP=0 "
)
ICMP = (
    "patronus:odd: IN=lan OUT=wan SRC=fd00::2 DST=2001:db8::9 PROTO=ICMPv6 TYPE=1 CODE=4 [SRC=2001:db8::9 DST=fd00::2 ]"
)


def test_logged_packets_are_read_from_the_journal(box: Box) -> None:
    lines = [{"MESSAGE": PACKET, "__REALTIME_TIMESTAMP": "1800000000000000"}, {"MESSAGE": ICMP}, {"MESSAGE": [1, 2]},
             {"MESSAGE": "patronus:"}]  # fmt: skip
    box.system.prints["journalctl"] = "\n".join(map(json.dumps, lines)).encode()
    log = observe.firewall_log(box.layout, o.FirewallLogRequest(limit=7), CALLER)
    first, second = log.entries
    assert (first.time, first.rule, first.incoming, first.outgoing) == (1_800_000_000, "box.default", "wan", "")
    assert (first.source, first.destination, first.detail) == ("198.51.100.9:40000", "203.0.113.2:22", "SYN")
    assert (second.source, second.destination, second.detail) == ("fd00::2", "2001:db8::9", "type 1")
    assert "--lines=7" in box.system.calls[-1]


def test_every_topic_can_be_looked_at(box: Box) -> None:
    for topic in o.TOPICS:
        output = observe.diagnose(box.layout, o.DiagnoseRequest.model_validate({"topic": topic}), CALLER)
        assert output.lines == ("nothing",)


@pytest.mark.parametrize(("name", "verb"), [("Reboot", "reboot"), ("PowerOff", "poweroff")])
def test_the_box_goes_down_after_it_has_answered(box: Box, name: str, verb: str) -> None:
    assert HANDLERS[name](box.layout, m.Nothing(), CALLER) == m.Nothing()
    assert box.system.calls == [f"systemctl --no-block {verb}"]


def test_counters_are_those_since_the_rules_were_loaded(running: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    counter = {"counter": {"packets": 2, "bytes": 120}}
    listing = {"nftables": [{"rule": {"chain": "input", "comment": "box.default", "expr": [counter, {"drop": None}]}}]}
    monkeypatch.setattr(nft, "list_counters", lambda: [listing])
    loaded = float(running.layout.ruleset_loaded.read_text())
    monkeypatch.setattr(observe, "clock", lambda: loaded + 5)
    assert observe.counters(running.layout, m.Nothing(), CALLER) == o.Counters(
        seconds=5, rules=(o.RuleHits(place="box", name="default", stage="filter", packets=2, bytes=120),)
    )


def test_a_box_without_rules_of_its_own_has_no_counters(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nft, "list_counters", lambda: [{}])
    assert observe.counters(box.layout, m.Nothing(), CALLER).rules == ()
