"""Hits are found under the rule's name wherever the compiler put the rule."""

from __future__ import annotations

from typing import Any

from patronus.firewall.counters import Hits, read_counters


def rule(name: str, packets: int) -> dict[str, Any]:
    return {"rule": {"chain": "x", "comment": name, "expr": [{"counter": {"packets": packets, "bytes": 10 * packets}}]}}


def test_hits_of_one_name_are_added_up() -> None:
    element = {"elem": {"val": "10.0.0.1", "counter": {"packets": 5, "bytes": 50}, "comment": "web"}}
    listing = {
        "nftables": [
            {"metainfo": {"version": "1.1.3"}},
            {"set": {"name": "x.v4", "elem": ["10.0.0.1"]}},
            rule("web", 1),
            rule("mail", 0),
            {"rule": {"chain": "y", "expr": [{"accept": None}]}},
            {"map": {"name": "m", "elem": [[element, {"accept": None}], ["10.0.0.2", {"drop": None}]]}},
            rule("web", 2),
        ]
    }
    assert read_counters(listing) == {"web": Hits(8, 80), "mail": Hits(0, 0)}


def test_an_empty_answer_has_no_counters() -> None:
    assert read_counters({}) == {}
