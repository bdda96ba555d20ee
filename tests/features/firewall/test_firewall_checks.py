"""The firewall section: every refusal with its path, and the order rules end up in."""

from __future__ import annotations

from ipaddress import IPv4Interface
from typing import Any

import pytest

from patronus.features.firewall import FEATURE
from patronus.features.firewall.gather import build_ruleset
from patronus.features.firewall.schema import Firewall
from patronus.firewall import ir
from patronus.values.addresses import Addresses
from patronus.values.facts import AliasFact, Context, LinkFact, ZoneFact
from patronus.values.plan import Opening, Plan

HOUSE = Context(
    (
        ZoneFact("wan", "zones.wan", external=True),
        ZoneFact("lan", "zones.lan", intra_zone=True),
        ZoneFact("empty", "zones.empty"),
        LinkFact("wan", "interfaces.wan", "wan", dynamic4=True),
        LinkFact("lan", "interfaces.lan", "lan", (IPv4Interface("192.168.1.1/24"),)),
        LinkFact("lab", "interfaces.lab"),
        AliasFact("hosts", "aliases.hosts", addresses=Addresses.of("10.0.0.1")),
        AliasFact("web", "aliases.web", ports=((80, 80),)),
        AliasFact("broken", "aliases.broken"),
    )
)


def check(*rules: dict[str, Any]) -> list[tuple[str, str]]:
    """Return (path below rules, severity) of every problem; rules get a name and an action when they have none."""
    numbered = [{"name": f"r{index}", "action": "pass", **rule} for index, rule in enumerate(rules)]
    found = FEATURE.check(Firewall.model_validate({"rules": numbered}), HOUSE)
    return [(problem.path.removeprefix("firewall.rules"), problem.severity) for problem in found]


@pytest.mark.parametrize(
    ("rule", "problems"),
    [
        ({}, []),
        ({"from": ["lan"], "to": ["wan", "self"], "source": ["hosts", "!10.0.0.2"]}, []),
        ({"from": ["!lab"], "to": "wan"}, []),
        ({"from": ["nowhere"], "to": ["lan", "!gone"]}, [("[0].from[0]", "error"), ("[0].to[1]", "error")]),
        ({"from": ["empty"]}, [("[0].from[0]", "warning")]),
        ({"source": ["nobody"]}, [("[0].source[0]", "error")]),
        ({"source": ["web"]}, [("[0].source[0]", "error")]),
        ({"source": ["broken"]}, []),  # its own section says why
        ({"destination": ["any"]}, [("[0].destination[0]", "error")]),
        ({"protocol": "tcp", "ports": ["web", "hosts"]}, [("[0].ports[1]", "error")]),
        ({"protocol": "tcp", "source_ports": ["none"]}, [("[0].source_ports[0]", "error")]),
        ({"ports": [80]}, [("[0].ports", "error")]),
        ({"protocol": "icmp", "source_ports": [80]}, [("[0].source_ports", "error")]),
        ({"protocol": 17, "ports": [80]}, []),
        ({"protocol": "udp", "tcp_flags": {"set": ["syn"], "of": ["syn"]}}, [("[0].tcp_flags", "error")]),
        ({"protocol": "tcp", "tcp_flags": {"set": ["syn"], "of": ["ack"]}}, [("[0].tcp_flags.set", "error")]),
        ({"icmp_types": ["echo-request"]}, [("[0].icmp_types", "error")]),
        ({"protocol": "icmp", "icmp_types": ["packet-too-big"]}, [("[0].icmp_types[0]", "error")]),
        ({"protocol": "icmpv6", "family": "inet"}, [("[0].protocol", "error")]),
        ({"from": ["self"], "to": ["self"]}, [("[0].to", "error")]),
        ({"family": "inet6", "source": ["10.0.0.0/8"]}, [("[0]", "error")]),
        ({"source": ["10.0.0.0/8"], "destination": ["2001:db8::/32"]}, [("[0]", "error")]),
        ({"source": ["10.0.0.0/8", "!0.0.0.0/0"]}, [("[0]", "error")]),
        ({"source": ["!10.0.0.0/8"]}, [("[0].source", "warning")]),
        ({"source": ["!10.0.0.0/8"], "family": "inet"}, []),
        ({"destination": ["!2001:db8::/32"]}, [("[0].destination", "warning")]),
        ({"source": ["192.168.1.0/24"], "destination": ["!10.0.0.0/8"]}, []),
        ({"source": ["hosts"], "destination": ["!10.0.0.0/8"]}, []),
        ({"source": ["!10.0.0.0/8"], "destination": ["broken"]}, []),
        ({"source": ["!2001:db8::/32"], "destination": ["2001:db8::1"]}, []),
        (
            {"source": ["192.168.1.0/24", "2001:db8::/64"], "destination": ["!10.0.0.0/8"]},
            [("[0].destination", "warning")],
        ),
        (
            {"source": ["!10.0.0.0/8"], "destination": ["!hosts"]},
            [("[0].source", "warning"), ("[0].destination", "warning")],
        ),
        ({"source": ["!10.0.0.0/8"], "protocol": "icmp"}, []),
        ({"source": ["!2001:db8::/32"], "protocol": "icmpv6"}, []),
        ({"source": ["!10.0.0.0/8"], "protocol": "icmpv6"}, [("[0].source", "warning")]),
    ],
)
def test_problems(rule: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    assert check(rule) == problems


def test_a_name_twice_is_refused_where_it_stands_the_second_time() -> None:
    assert check({"name": "a"}, {"name": "b"}, {"name": "a"}) == [("[2].name", "error")]


def test_all_problems_come_at_once() -> None:
    assert len(check({"from": ["x"]}, {"ports": [1]}, {"source": ["y"]})) == 3


def order(openings: list[Opening], section: dict[str, Any]) -> list[str]:
    plan = Plan((*openings, ir.Rule("forward.web", ir.PASS, frozenset({"wan"}), frozenset({"lan"}))))
    return [rule.name for rule in build_ruleset(Firewall.model_validate(section), HOUSE, plan).rules]


def test_services_stay_behind_the_owners_rules_but_not_ssh_and_dhcp() -> None:
    openings = [
        Opening(("lan", "wan"), "tcp", 22, "ssh.interfaces"),
        Opening(("lan",), "udp", 67, "dhcp.subnets[0]"),
        Opening(("lan",), "udp", 53, "dns.interfaces"),
    ]
    rules = {"rules": [{"name": "mine", "action": "block", "to": ["self"]}]}
    assert order(openings, rules) == [
        "anti-lockout.ssh.tcp-22", "opening.dhcp.udp-67", "mine", "opening.ssh.tcp-22", "opening.dns.udp-53",
        "forward.web", "zone.lan.intra",
    ]  # fmt: skip
    assert order(openings, {**rules, "anti_lockout": False})[:2] == ["opening.dhcp.udp-67", "mine"]


def test_anti_lockout_never_opens_an_external_zone() -> None:
    plan = Plan((Opening(("lan", "wan"), "tcp", 22, "ssh.interfaces"),))
    rules = {rule.name: rule for rule in build_ruleset(Firewall(), HOUSE, plan).rules}
    assert rules["anti-lockout.ssh.tcp-22"].origins == {"lan"}
    assert rules["opening.ssh.tcp-22"].origins == {"wan"}


def scope(**rule: Any) -> tuple[set[str], set[str]]:
    section = Firewall.model_validate({"rules": [{"name": "r", "action": "pass", **rule}]})
    found = build_ruleset(section, HOUSE, Plan()).rules[0]
    return set(found.origins), set(found.targets)


def test_what_a_rule_without_zones_is_about() -> None:
    everywhere = {"wan", "lan", "lab"}
    assert scope() == (everywhere, everywhere)
    assert scope(**{"from": ["!wan"], "to": ["!lan", "self"]}) == ({"lan", "lab"}, {"wan", "lab", "self"})
    assert scope(**{"from": ["self"], "to": ["wan"]}) == ({"self"}, {"wan"})
    assert scope(**{"from": ["!empty"]}) == scope()
    assert scope(to=["self"]) == (everywhere, {"self"})
