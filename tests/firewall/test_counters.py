"""Hits are found under the rule's name wherever the compiler put the rule."""

from __future__ import annotations

from typing import Any

import pytest

from patronus.firewall.counters import NAT, Hits, Source, find_source, read_counters


def rule(name: str, packets: int, chain: str = "x") -> dict[str, Any]:
    counter = {"counter": {"packets": packets, "bytes": 10 * packets}}
    return {"rule": {"chain": chain, "comment": name, "expr": [counter]}}


def owners(name: str) -> Source:
    return Source("firewall.rules", name)


def test_hits_of_one_rule_are_added_up() -> None:
    element = {"elem": {"val": "10.0.0.1", "counter": {"packets": 5, "bytes": 50}, "comment": "web"}}
    table = {
        "nftables": [
            {"metainfo": {"version": "1.1.3"}},
            {"set": {"name": "x.v4", "elem": ["10.0.0.1"]}},
            rule("web", 1),
            rule("mail", 0),
            {"rule": {"chain": "y", "expr": [{"accept": None}]}},
            {"map": {"name": "m"}},
            rule("web", 2),
        ]
    }
    verdicts = {
        "nftables": [{"map": {"name": "m", "elem": [[element, {"accept": None}], ["10.0.0.2", {"drop": None}]]}}]
    }
    assert read_counters([table, verdicts]) == {owners("web"): Hits(8, 80), owners("mail"): Hits(0, 0)}


def test_a_forward_is_counted_where_it_translates_and_where_it_passes() -> None:
    listing = {"nftables": [rule("forward.web", 1, "destination-nat"), rule("forward.web", 3, "forward-wan-lan")]}
    assert read_counters([listing]) == {
        Source("nat.port_forwards", "web", NAT): Hits(1, 10),
        Source("nat.port_forwards", "web"): Hits(3, 30),
    }


@pytest.mark.parametrize(
    ("comment", "source"),
    [
        ("lan-out", owners("lan-out")),
        ("box.default", Source("box", "default")),
        ("outbound.automatic", Source("nat.outbound", "automatic")),
        ("opening.dns.udp-53", Source("dns", "opening udp-53")),
        ("anti-lockout.ssh.tcp-22", Source("ssh", "anti-lockout tcp-22")),
        ("zone.lan.intra", Source("zones.lan", "intra_zone")),
    ],
)
def test_a_name_tells_where_the_rule_comes_from(comment: str, source: Source) -> None:
    assert find_source(comment) == source


def test_an_empty_answer_has_no_counters() -> None:
    assert read_counters([{}]) == {}
