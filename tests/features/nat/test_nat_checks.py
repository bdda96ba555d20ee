"""The nat section: every refusal with its path."""

from __future__ import annotations

from typing import Any

import pytest

from patronus.features.nat import FEATURE
from patronus.features.nat.schema import Nat
from patronus.firewall import ir
from patronus.values.facts import AliasFact, Context, LinkFact, ZoneFact
from patronus.values.plan import Plan

HOUSE = Context(
    (
        ZoneFact("wan", "zones.wan", external=True),
        ZoneFact("lan", "zones.lan"),
        LinkFact("wan", "interfaces.wan", "wan", dynamic4=True),
        LinkFact("lan", "interfaces.lan", "lan"),
        AliasFact("web", "aliases.web", ports=((80, 80), (443, 443))),
    )
)
NO_OUTSIDE = Context((ZoneFact("lan", "zones.lan"), LinkFact("lan", "interfaces.lan", "lan")))


def check(section: dict[str, Any], context: Context = HOUSE) -> list[str]:
    return [problem.path.removeprefix("nat.") for problem in FEATURE.check(Nat.model_validate(section), context)]


def forward(**fields: Any) -> dict[str, Any]:
    return {"name": "f", "ports": [80], "target": "192.168.1.9", **fields}


@pytest.mark.parametrize(
    ("fields", "paths"),
    [
        ({}, []),
        ({"ports": ["web"], "source": ["10.0.0.0/8"]}, []),
        ({"ports": ["8000-8010"], "target_port": 9000}, []),
        ({"from": ["gone"]}, ["from[0]"]),
        ({"from": ["self"]}, ["from[0]"]),
        ({"source": ["gone"], "destination": ["web"]}, ["source[0]", "destination[0]"]),
        ({"ports": ["gone"]}, ["ports[0]"]),
        ({"ports": ["web"], "target_port": 8080}, ["target_port"]),
        ({"ports": ["1-100"], "target_port": 65500}, ["target_port"]),
        ({"target": "2001:db8::9", "target_port": 81}, ["target_port"]),
        ({"target": "2001:db8::9", "destination": ["10.0.0.1"]}, ["destination"]),
    ],
)
def test_problems_of_a_port_forward(fields: dict[str, Any], paths: list[str]) -> None:
    assert check({"port_forwards": [forward(**fields)]}) == [f"port_forwards[0].{path}" for path in paths]


@pytest.mark.parametrize(
    ("rule", "paths"),
    [
        ({}, []),
        ({"protocol": "tcp", "ports": [25], "translate": "192.0.2.1"}, []),
        ({"ports": [25]}, ["ports"]),
        ({"to": ["gone", "self"]}, ["to[0]", "to[1]"]),
        ({"source": ["gone"], "destination": ["web"]}, ["source[0]", "destination[0]"]),
    ],
)
def test_problems_of_an_outbound_rule(rule: dict[str, Any], paths: list[str]) -> None:
    outbound = {"mode": "hybrid", "rules": [{"name": "r", **rule}]}
    assert check({"outbound": outbound}) == [f"outbound.rules[0].{path}" for path in paths]


def test_rules_that_their_mode_ignores_are_refused() -> None:
    assert check({"outbound": {"rules": [{"name": "r"}]}}) == ["outbound.rules"]


def test_without_an_external_zone_the_place_must_be_named() -> None:
    section = {"port_forwards": [forward()], "outbound": {"mode": "manual", "rules": [{"name": "r"}]}}
    assert check(section, NO_OUTSIDE) == ["outbound.rules[0].to", "port_forwards[0].from"]
    assert check({"port_forwards": [forward(**{"from": ["lan"]})]}, NO_OUTSIDE) == []


def test_names_are_unique() -> None:
    assert check({"port_forwards": [forward(), forward()]}) == ["port_forwards[1].name"]


def test_an_ipv6_forward_translates_nothing() -> None:
    section = Nat.model_validate({"port_forwards": [forward(target="2001:db8::9")]})
    plan = Plan(tuple(FEATURE.plan(section, HOUSE)))
    assert plan.of(ir.PortForward) == ()
    assert [rule.forwarded_port for rule in plan.of(ir.Rule)] == [None]
