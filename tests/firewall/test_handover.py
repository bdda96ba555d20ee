"""What is loaded in place of a ruleset when one is in force already."""

from __future__ import annotations

from typing import Any

from patronus.firewall.compiler import compile_ruleset
from patronus.firewall.handover import HEADER, write_handover
from patronus.firewall.ir import Link, Ruleset

TEXT = compile_ruleset(Ruleset((Link("wan", external=True, anti_spoofing=False), Link("lan")), ()))
BASE = ["input", "forward", "output", "anti-spoofing", "destination-nat", "source-nat"]


def listing(kind: str, *names: str, table: str = "patronus") -> dict[str, Any]:
    return {"nftables": [{"metainfo": {}}, *({kind: {"table": table, "name": name}} for name in names)]}


def test_an_empty_kernel_gets_the_ruleset_as_it_is() -> None:
    assert write_handover(TEXT, []) == TEXT
    assert write_handover(TEXT, [listing("chain", *BASE, table="other")]) == TEXT


def test_lockdown_is_replaced_whole() -> None:
    assert write_handover(TEXT, [listing("chain", "input", "forward", "output")]) == TEXT


def test_base_chains_stay_and_everything_else_goes_maps_before_chains() -> None:
    held = [listing("chain", *BASE, "refuse", "forward.lan.wan"), listing("set", "__set0", "x.v4"), listing("map", "m")]
    text = write_handover(TEXT, held)
    assert text == (
        "flush table inet patronus\n"
        "delete set inet patronus x.v4\n"
        "delete map inet patronus m\n"
        "delete chain inet patronus refuse\n"
        "delete chain inet patronus forward.lan.wan\n"
    ) + TEXT.removeprefix(HEADER)


def test_every_ruleset_has_every_base_chain() -> None:
    for links in ((), (Link("wan", external=True, anti_spoofing=False),), (Link("lan"),)):
        text = compile_ruleset(Ruleset(links, ()))
        assert text.startswith(HEADER)
        assert all(f"\tchain {name} {{\n\t\ttype " in text for name in BASE)
        assert text.count("hook ") == len(BASE)
