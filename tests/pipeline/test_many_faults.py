"""Documents with a thousand faults: each is told. `make bench` measures that it takes a time in proportion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.documents import HOUSE, house, problems_of

MANY = 1000


def rules(count: int, **settings: Any) -> dict[str, Any]:
    return house(firewall={"rules": [{"name": f"r{n}", "action": "pass", **settings} for n in range(count)]})


def aliases(count: int, refer: Callable[[int], int]) -> dict[str, Any]:
    more = {f"a{n}": {"addresses": [f"a{refer(n)}", "10.0.0.1"]} for n in range(count)}
    return house(aliases={**HOUSE["aliases"], **more})


def forwards(count: int) -> dict[str, Any]:
    one = {"ports": 8443, "target": "192.168.1.10"}
    return house(nat={"port_forwards": [{"name": f"f{n}", **one} for n in range(count)]})


def cards(count: int) -> dict[str, Any]:
    one = {"zone": "mars", "match": {"mac": "52:54:00:00:00:09"}}
    return house(interfaces={**HOUSE["interfaces"], **{f"i{n}": one for n in range(count)}})


def zones(count: int) -> dict[str, Any]:
    more: dict[str, Any] = {f"z{n}": {} for n in range(count)}
    return rules(count, **{"from": ["mars", "z1"]}) | {"zones": {**HOUSE["zones"], **more}}


DOCUMENTS: dict[str, tuple[Callable[[int], dict[str, Any]], float]] = {
    "wrong choice": (lambda count: rules(count, action="perhaps"), 1),
    "unknown key": (lambda count: rules(count, colour="red"), 1),
    "not an address": (lambda count: rules(count, source=["300.1.1.1"]), 1),
    "unknown alias": (lambda count: rules(count, source=["nowhere"]), 1),
    "unknown zone among many": (zones, 1),
    "one cycle": (lambda count: aliases(count, lambda n: (n + 1) % count), 1 / MANY),
    "cycles": (lambda count: aliases(count, lambda n: n ^ 1), 1 / 2),
    "forwards of one port": (forwards, 1),
    "one card": (cards, 2),
}
"""What makes such a document, and how many errors each of its parts is at least."""


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_fault_of_many_is_told(name: str) -> None:
    make, share = DOCUMENTS[name]
    assert len(problems_of(make(MANY))) >= (MANY - 1) * share
