"""Plain data -> a typed appliance, or every problem of every section at once."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
from tests.documents import HOUSE, KEY, house, problems_of

from patronus.features import FEATURES
from patronus.pipeline.validate import validate
from patronus.values.problem import ERROR, Problem


def errors_of(document: dict[str, Any]) -> list[Problem]:
    return [problem for problem in problems_of(document) if problem.severity == ERROR]


def at(problems: list[Problem], path: str) -> Problem:
    """The only problem of a path; when there is none the failure shows the nearest paths."""
    found = [problem for problem in problems if problem.path == path]
    assert len(found) == 1, (path, difflib.get_close_matches(path, [problem.path for problem in problems]), problems)
    return found[0]


def test_the_house_has_no_problem() -> None:
    assert problems_of(HOUSE) == []


def test_an_empty_document_still_has_the_defaults_of_every_section_that_has_some() -> None:
    appliance = validate({"version": 1})
    assert [feature.key for feature, _ in appliance.sections] == [
        feature.key for feature in FEATURES if feature.default
    ]


@pytest.mark.parametrize("value", [None, {}])
def test_a_section_without_content_has_its_defaults(value: Any) -> None:
    assert validate(house(ntp=HOUSE["ntp"]) | {"ssh": value}) == validate(house())


@pytest.mark.parametrize(
    ("document", "message", "hint"),
    [
        ({}, "is missing", "add `version: 1`"),
        ({"version": 2}, "is not 1, the version this program knows", "update the image first"),
        ({"version": True}, "is not 1, the version this program knows", "write `version: 1`"),
        ({"version": "1"}, "is not 1, the version this program knows", "write `version: 1`"),
        ({"version": 1.0}, "is not 1, the version this program knows", "write `version: 1`"),
    ],
)
def test_the_version_is_a_known_whole_number(document: dict[str, Any], message: str, hint: str) -> None:
    assert Problem("version", message, hint) in problems_of(document)


@pytest.mark.parametrize(
    ("changes", "path", "message", "hint"),
    [
        pytest.param({"sytem": {}}, "sytem", "is not a known section", "did you mean `system`?", id="section"),
        pytest.param({"dhcp": {"subnet": []}}, "dhcp.subnet", "is not a known key here", "did you mean `subnets`?",
                     id="key"),
        pytest.param({"interfaces": {"lan": {"ipv4": {"adresses": []}}}}, "interfaces.lan.ipv4.adresses",
                     "is not a known key here", "did you mean `addresses`?", id="nested key"),
        pytest.param({"firewall": {"rules": [{"name": "a", "action": "pass", "form": "lan"}]}},
                     "firewall.rules[0].form", "is not a known key here", "did you mean `from`?", id="key in a list"),
        pytest.param({"zones": []}, "zones", "expected a mapping of names", "write `name: ...` below it", id="mapping"),
        pytest.param({"zones": {"lan": 5}}, "zones.lan", "expected a mapping of settings",
                     "write `key: value` below it; known there: description, external, block_private, block_bogons, "
                     "anti_spoofing, ping, intra_zone", id="settings"),
        pytest.param({"interfaces": {"lan": {"match": "eth0", "zone": "lan"}}}, "interfaces.lan.match",
                     "expected a mapping of settings", "write `key: value` below it; known there: mac, path, name",
                     id="settings that are one word"),
        pytest.param({"firewall": {"rules": [{"name": "a", "action": "accept"}]}}, "firewall.rules[0].action",
                     "expected `pass`, `block` or `reject`", "did you mean `pass`?", id="word of another firewall"),
        pytest.param({"firewall": {"rules": [{"name": "a", "action": "pass", "from": ["LAN"]}]}},
                     "firewall.rules[0].from[0]", "expected a zone, an interface or self; a leading ! excludes it",
                     "write `lan`", id="zone in capitals"),
        pytest.param({"firewall": {"rules": [{"name": "a", "action": "pass", "to": ["any"]}]}},
                     "firewall.rules[0].to[0]", "there is no zone or interface 'any'",
                     "leave the list out to match everything", id="any"),
        pytest.param({"firewall": {"rules": [{"name": "a", "action": "pass", "protocol": "tcp", "ports": "http"}]}},
                     "firewall.rules[0].ports[0]", "there is no alias 'http'",
                     "write the number, or define it under `aliases`", id="port by name"),
        pytest.param({"nat": {"port_forwards": [{"name": "a", "ports": 80, "target": "192.168.1.80:8080"}]}},
                     "nat.port_forwards[0].target", "expected an IPv4 or IPv6 address",
                     "write `192.168.1.80`, without port", id="port behind an address"),
        pytest.param({"nat": {"port_forwards": [{"name": "a", "ports": 80, "target": "[2001:db8::1]:8080"}]}},
                     "nat.port_forwards[0].target", "expected an IPv4 or IPv6 address",
                     "write `2001:db8::1`, without port", id="port behind an IPv6 address"),
        pytest.param({"system": {"hostname": "gw.home.arpa"}}, "system.hostname",
                     "expected a host name: letters, digits and -, at most 63",
                     "write `gw`; the domain stands in a setting of its own", id="host name with its domain"),
        pytest.param({"dhcp": {"subnets": {}}}, "dhcp.subnets", "expected a list",
                     "write it as [a, b] or as lines beginning with -", id="list"),
        pytest.param({"ssh": {"port": "22"}}, "ssh.port", "expected a whole number", "write it without quotes",
                     id="number in quotes"),
        pytest.param({"ssh": {"port": True}}, "ssh.port", "expected a whole number", "write a number, such as 1",
                     id="truth as a number"),
        pytest.param({"ssh": {"port": 0}}, "ssh.port", "expected at least 1", "raise it", id="too small"),
        pytest.param({"ssh": {"port": 70000}}, "ssh.port", "expected at most 65535", "lower it", id="too large"),
        pytest.param({"ssh": {"idle_timeout": "5s"}}, "ssh.idle_timeout", "expected at least 1m", "raise it",
                     id="duration out of bounds"),
        pytest.param({"dhcp": {"lease_time": 3600}}, "dhcp.lease_time",
                     "expected a duration such as 30s, 10m, 12h or 7d", "add the unit", id="duration without unit"),
        pytest.param({"zones": {"lan": {"ping": 3}}}, "zones.lan.ping", "expected true or false",
                     "write `true` or `false`, without quotes", id="truth"),
        pytest.param({"zones": {"lan": {"intra_zone": "pas"}}}, "zones.lan.intra_zone", "expected `pass` or `block`",
                     "did you mean `pass`?", id="choice"),
        pytest.param({"firewall": {"rules": [{"name": "a", "action": "pass", "protocol": "tpc"}]}},
                     "firewall.rules[0].protocol", "expected one of the words this setting knows, or a whole number",
                     "did you mean `tcp`?", id="many choices, in a union"),
        pytest.param({"nat": {"outbound": {"mode": "manual", "rules": [{"name": "a", "translate": "me"}]}}},
                     "nat.outbound.rules[0].translate",
                     "expected `masquerade` or `none`, or an IPv4 address such as 192.0.2.1",
                     "write one of these words", id="union"),
        pytest.param({"system": {"hostname": 1.5}}, "system.hostname",
                     "expected a host name: letters, digits and -, at most 63",
                     "the name alone, without domain, dots, spaces and _; write it in quotes if it is meant as text",
                     id="number for a text"),
        pytest.param({"zones": {"LAN": {}}}, "zones.LAN",
                     "expected a zone name of at most 15 lower-case letters, digits, - and _", "write `lan`",
                     id="name of an entry"),
        pytest.param({"interfaces": {"lan": {"vlan": {"id": 5}}}}, "interfaces.lan.vlan.parent", "is missing", "add it",
                     id="missing"),
        pytest.param({"dhcp": {"subnets": [{"interface": "lan", "reservations": [{"mac": "x"}]}]}},
                     "dhcp.subnets[0].reservations[0].mac", "expected a MAC address such as 52:54:00:12:34:56",
                     "six pairs of digits 0-9, a-f with : between", id="mac in lists"),
    ],
)  # fmt: skip
def test_one_fault_is_told_in_the_words_of_the_document(
    changes: dict[str, Any], path: str, message: str, hint: str
) -> None:
    assert at(errors_of(house(**changes)), path) == Problem(path, message, hint)


BROKEN = house(
    system={"hostname": "gw", "hostnam": "x", "timezone": "Europe/Berln", "tunables": {"a;b": "1"},
            "admins": [{"name": "root"}, {"name": "Bad Name"}, {"name": "alice", "ssh_keys": [KEY]},
                       {"name": "alice"}]},
    interfaces={
        "wan": {"match": {"mac": "52:54:00:00:00:01"}, "zone": "wan", "ipv4": {"method": "dhcp"}},
        "lan": {"match": {"mac": "52:54:00:00:00:01"}, "zone": "lan", "ipv4": {"addresses": ["192.168.1.1/24"]}},
        "lab": {"match": {"mac": "52:54:00:00:00:03"}, "zone": "moon", "ipv4": {"addresses": ["192.168.1.9/25"]}},
    },
    aliases={"a": {"addresses": ["b", "nowhere"]}, "b": {"addresses": "a"}, "web": {"ports": [80]}},
    firewall={"rules": [{"name": "a", "action": "drop"}, {"name": "b", "action": "pass", "ports": [80]}]},
    nat={"port_forwards": [{"name": "w", "ports": 443, "target": "192.168.1"}]},
    dhcp={"subnets": [{"interface": "lan", "pools": ["192.168.2.1-192.168.2.9"]}], "max_lease_time": "5"},
    ssh={"port": 0},
    ntp={"serve": ["moon"]},
    sytem={},
)  # fmt: skip


def test_all_faults_of_all_sections_are_told_at_once() -> None:
    found = errors_of(BROKEN)
    assert all(problem.path and problem.message for problem in found)
    for path in (
        "sytem",
        "system.hostnam",
        "system.timezone",
        "system.tunables.a;b",
        "system.admins[0].name",
        "system.admins[1].name",
        "system.admins[3].name",
        "interfaces.wan.match",
        "interfaces.lan.match",
        "interfaces.lan.ipv4.addresses[0]",
        "interfaces.lab.zone",
        "aliases.a.addresses[1]",
        "aliases.a",
        "firewall.rules[0].action",
        "nat.port_forwards[0].target",
        "dhcp.max_lease_time",
        "dhcp.subnets[0].pools[0]",
        "ssh.port",
        "ntp.serve[0]",
    ):
        at(found, path)


def test_every_fault_says_what_to_do() -> None:
    assert all(problem.hint for problem in errors_of(BROKEN))


@pytest.mark.parametrize(
    ("written", "hint"),
    [
        ("yes", "write `true`"), ("On", "write `true`"), ("true", "write `true`"), (1, "write `true`"),
        ("no", "write `false`"), ("off", "write `false`"), ("False", "write `false`"), (0, "write `false`"),
        ("maybe", "write `true` or `false`, without quotes"),
    ],
)  # fmt: skip
def test_a_switch_is_true_or_false_and_the_words_of_older_yaml_are_explained(written: Any, hint: str) -> None:
    problem = at(errors_of(house(zones={"lan": {"ping": written}})), "zones.lan.ping")
    assert problem == Problem("zones.lan.ping", "expected true or false", hint)


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"ssh": {"port": "80"}}, "write it without quotes"),
        ({"ssh": {"port": 80.0}}, "write it without a fraction"),
        ({"ssh": {"port": "eighty"}}, "write digits only"),
        ({"ssh": {"port": None}}, "write a number behind the colon, or remove the line"),
        ({"firewall": {"rules": [{"name": "a", "action": "pass", "protocol": "6"}]}}, "write it without quotes"),
        ({"journal": {"max_size": "100 MB"}}, "write `100M`"),
        ({"journal": {"keep_for": "1.5h"}}, "write `90m`"),
        ({"journal": {"keep_for": "7 days"}}, "write `1w`"),
        ({"system": {"hostname": "My Gateway"}}, "write `my-gateway`"),
        ({"interfaces": {"a": {"match": {"mac": "5254.0012.3456"}}}}, "write `52:54:00:12:34:56`"),
        ({"interfaces": {"a": {"ipv4": {"addresses": ["10.0.0.1"]}}}}, "write `10.0.0.1/24`, or the length it has"),
        ({"interfaces": {"a": {"ipv4": {"gateway": "10.0.0.1/24"}}}}, "write `10.0.0.1`, without prefix length"),
        ({"aliases": {"a": {"addresses": "10.0.0.1/24"}}}, "write `10.0.0.0/24`"),
        ({"dns": {"allow": ["10.0.0.1/8"]}}, "write `10.0.0.0/8`"),
        ({"dhcp": {"subnets": [{"interface": "lan", "pools": ["10.0.0.5-9"]}]}}, "write `10.0.0.5-10.0.0.9`"),
        ({"interfaces": {"lo": {}}}, "choose another name, such as lan or dmz"),
    ],
)
def test_what_is_probably_meant_is_offered(changes: dict[str, Any], hint: str) -> None:
    assert hint in [problem.hint for problem in errors_of(house(**changes))]


def test_a_password_written_in_place_of_its_hash_is_not_repeated() -> None:
    found = errors_of(house(system={"admins": [{"name": "bob", "password_hash": "correct-horse"}]}))
    assert found
    assert "horse" not in repr(found)


def test_a_wrong_value_hides_no_other_fault_of_its_section_and_moves_no_index() -> None:
    admins = [{"name": "Bad Name"}, {"uid": 5}, {"name": "alice", "ssh_keys": [KEY]}, {"name": "alice"}]
    found = errors_of(house(system={"hostname": "gw", "admins": admins}))
    assert at(found, "system.admins[3].name").message == "'alice' is taken by system.admins[2]"
    assert {problem.path for problem in found} == {
        "system.admins[0].name",
        "system.admins[1].name",
        "system.admins[1].uid",
        "system.admins[3].name",
    }


def test_a_wrong_value_is_not_followed_by_complaints_it_causes() -> None:
    aliases = {"a": {"addresses": ["192.168.1.300"]}, "b": {"addresses": ["a"]}, "c": {"addresses": "moon"}}
    assert [problem.path for problem in errors_of(house(aliases=aliases, firewall=None))] == [
        "aliases.a.addresses[0]",
        "aliases.c.addresses[0]",
    ]


def test_a_broken_section_silences_only_what_it_may_cause() -> None:
    found = errors_of(house(zones=5, aliases={"loop": {"addresses": "loop"}}))
    assert [problem.path for problem in found] == [
        "zones",
        "aliases.loop",
        "firewall.rules[1].source[0]",
        "firewall.rules[1].ports[0]",
    ]


def test_absent_profiles_are_refused_by_name_and_with_the_way_out() -> None:
    wanted = sorted({feature.profile for feature in FEATURES if feature.profile and feature.key in HOUSE})
    assert wanted
    for profile in wanted:
        found = problems_of(HOUSE, set(wanted) - {profile} | {"vpn"})
        keys = [feature.key for feature in FEATURES if feature.profile == profile and feature.key in HOUSE]
        assert [problem.path for problem in found] == keys
        assert all(repr(profile) in problem.message and "vpn" in problem.message for problem in found)
        assert all(f'PROFILES="{" ".join(sorted({*wanted, "vpn"}))}"' in problem.hint for problem in found)
    assert problems_of(HOUSE, set(wanted)) == []


def test_a_profile_nobody_uses_is_not_asked_for() -> None:
    assert problems_of(house(dhcp=None, dns=None), set()) == []


def test_validation_does_not_change_what_it_is_given() -> None:
    document = house(**{key: value for key, value in BROKEN.items() if key != "version"})
    before = repr(document)
    problems_of(document)
    assert repr(document) == before
