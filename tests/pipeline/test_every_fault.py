"""Whatever is wrong is told once, where it is; and nothing is told about what is right."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from copy import deepcopy
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.documents import HOUSE, problems_in, problems_of

import patronus
from patronus.pipeline.load import load
from patronus.pipeline.schema import document_schema
from patronus.values.problem import ERROR, Problem, config_path, is_within

FEATURES = Path(__file__).parents[1] / "features"
DOCUMENTS = {
    "house": HOUSE,
    "hostile": load({"hostile.yaml": (FEATURES / "hostile.yaml").read_bytes()}),
    **{
        f"{path.parts[-3]}/{path.stem}": load({path.name: path.read_bytes()})
        for path in sorted(FEATURES.glob("*/cases/*.yaml"))
    },
}
Keys = tuple[Any, ...]


def walk(data: Any, keys: Keys = ()) -> Iterator[Keys]:
    """Yield the place of everything in a document."""
    items: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*keys, key)
        yield from walk(value, (*keys, key))


def put(document: dict[str, Any], keys: Keys, value: Any) -> dict[str, Any]:
    """Return a copy of a document with something else at a place."""
    copy = deepcopy(document)
    inner: Any = copy
    for key in keys[:-1]:
        inner = inner[key]
    inner[keys[-1]] = value
    return copy


def rename(document: dict[str, Any], keys: Keys, name: str) -> dict[str, Any]:
    """Return a copy of a document with a key spelt otherwise."""
    copy = deepcopy(document)
    inner: Any = copy
    for key in keys[:-1]:
        inner = inner[key]
    items = list(inner.items())
    inner.clear()
    inner.update((name if key == keys[-1] else key, value) for key, value in items)
    return copy


WRONG: list[Any] = [1.5, [[]], {"?": "?"}]
"""A scalar, a list and a mapping that hardly any setting takes."""


def list_settings(node: Any) -> Iterator[str]:
    """Yield the name of every setting of a schema."""
    if isinstance(node, dict):
        yield from node.get("properties", ())
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from list_settings(child)


SETTINGS = set(list_settings(document_schema()))


def spread(values: list[Any]) -> dict[str, list[tuple[Keys, Any]]]:
    """Return what to put where in each document: a setting meets every value, a place of a common one only the next."""
    # firewall/long_runs holds the same few rules over and over.
    places = [
        (name, keys) for name in sorted(DOCUMENTS.keys() - {"firewall/long_runs"}) for keys in walk(DOCUMENTS[name])
    ]
    settings = [tuple(key if key in SETTINGS else "*" for key in keys) for _, keys in places]
    often = Counter(settings)
    turns = {setting: cycle(values) for setting in often}
    shares: dict[str, list[tuple[Keys, Any]]] = {}
    for (name, keys), setting in zip(places, settings, strict=True):
        count = 1 if often[setting] >= len(values) else len(values)
        shares.setdefault(name, []).extend((keys, value) for value in islice(turns[setting], count))
    return shares


SHARES = spread(WRONG)


@pytest.mark.parametrize("name", SHARES)
def test_a_wrong_value_anywhere_is_one_problem_and_causes_no_other(name: str) -> None:
    document = DOCUMENTS[name]
    before = set(problems_in(document))
    noise: dict[str, list[Problem]] = {}
    for keys, value in SHARES[name]:
        place = config_path(*keys)
        found = problems_in(put(document, keys, value))
        others = [problem for problem in found if not is_within(problem.path, place) and problem not in before]
        if others and any(problem.severity == ERROR and is_within(problem.path, place) for problem in found):
            noise[f"{place} = {value}"] = others
    assert noise == {}


ODD: list[Any] = [
    *WRONG, None, True, 0, -1, 2**40, "", "two words", "\u202e", "X" * 5000, "5", "yes", "10.0.0.1/24", [], [0, "0"],
    {}, [1.5] * 70,
]  # fmt: skip


def test_every_problem_says_where_why_and_what_to_do() -> None:
    document = DOCUMENTS["hostile"]
    odd = cycle(ODD)
    mute = {
        problem
        for keys in walk(document)
        for value in islice(odd, 2)
        for problem in problems_of(put(document, keys, value))
        if not (problem.path and problem.message and problem.hint)
    }
    assert mute == set()


def test_no_problem_in_the_source_is_without_hint() -> None:
    """Whatever the documents of the tests do not reach; a note that only states a fact needs none."""
    mute = [
        f"{path}:{node.lineno}"
        for path in sorted(Path(patronus.__file__).parent.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem"
        if len(node.args) < 3 and not {"hint", "severity", None} & {word.arg for word in node.keywords}
        if not any(isinstance(arg, ast.Starred) for arg in node.args)
    ]
    assert mute == []


Breakage = Callable[[dict[str, Any]], set[str]]
"""Breaks one thing of a house and returns the places at which that has to be told."""


def set_to(path: str, *keys: Any, value: Any) -> Breakage:
    def break_it(document: dict[str, Any]) -> set[str]:
        inner: Any = document
        for key in keys[:-1]:
            inner = inner.setdefault(key, {}) if isinstance(inner, dict) else inner[key]
        if isinstance(inner, list):
            inner.append(value)
        else:
            inner[keys[-1]] = value
        return set(path.split())

    return break_it


def alias_cycle(document: dict[str, Any]) -> set[str]:
    document["aliases"] |= {"one": {"addresses": ["two"]}, "two": {"addresses": ["one"]}}
    return {"aliases.one"}


def twice_forwarded(document: dict[str, Any]) -> set[str]:
    for name in ("one", "two"):
        document["nat"]["port_forwards"].append({"name": name, "ports": 8443, "target": "192.168.1.10"})
    return {"nat.port_forwards"}


def target_that_is_none(document: dict[str, Any]) -> set[str]:
    document["nat"]["port_forwards"].append({"name": "x", "ports": 1, "target": "192.168.1"})
    return {f"nat.port_forwards[{len(document['nat']['port_forwards']) - 1}].target"}


def dangling_alias(document: dict[str, Any]) -> set[str]:
    document["firewall"]["rules"].append({"name": "dangling", "action": "pass", "source": ["nowhere"]})
    return {f"firewall.rules[{len(document['firewall']['rules']) - 1}].source[0]"}


def unknown_zone_in_a_rule(document: dict[str, Any]) -> set[str]:
    document["firewall"]["rules"].append({"name": "lost", "action": "block", "from": ["mars"]})
    return {f"firewall.rules[{len(document['firewall']['rules']) - 1}].from[0]"}


def odd_rule(document: dict[str, Any]) -> set[str]:
    rule = {"name": "odd", "action": "accept", "from": "self", "to": "self"}
    document["firewall"]["rules"].append(rule | {"protocol": "icmp", "ports": [80], "source": ["void"]})
    path = f"firewall.rules[{len(document['firewall']['rules']) - 1}]"
    return {f"{path}.{key}" for key in ("action", "to", "ports", "source[0]")}


def card(mac: int, **settings: Any) -> dict[str, Any]:
    return {"match": {"mac": f"52:54:00:00:01:{mac:02x}"}, "zone": "guest", **settings}


BREAKAGES: dict[str, Breakage] = {
    "unknown section": set_to("wifi", "wifi", value={}),
    "newer version": set_to("version", "version", value=2),
    "no such time zone": set_to("system.timezone", "system", "timezone", value="Mars/Base"),
    "unknown key": set_to("system.admins[0].colour", "system", "admins", 0, "colour", value="red"),
    "wrong type": set_to("zones.guest.ping", "zones", "guest", "ping", value="perhaps"),
    "out of range": set_to("interfaces.guest.vlan.id", "interfaces", "guest", "vlan", "id", value=5000),
    "overlapping addresses": set_to(
        "interfaces.lab.ipv4.addresses[0] interfaces.lan.ipv4.addresses[0]",
        *("interfaces", "lab"), value=card(1, ipv4={"addresses": ["192.168.1.9/25"]}),
    ),
    "one card twice": set_to(
        "interfaces.twin.match interfaces.wan.match",
        *("interfaces", "twin"), value={"match": {"mac": "52:54:00:00:00:01"}, "zone": "guest"},
    ),
    "address without length": set_to(
        "interfaces.attic.ipv4.addresses[0]",
        *("interfaces", "attic"), value=card(2, ipv4={"addresses": ["10.9.8.7"]}),
    ),
    "pool outside its subnet": set_to(
        "dhcp.subnets[0].pools[1]", "dhcp", "subnets", 0, "pools", 1, value="10.0.0.1-10.0.0.9"
    ),
    "aliases in a circle": alias_cycle,
    "dangling alias": dangling_alias,
    "address that is none": set_to("aliases.bad.addresses[0]", "aliases", "bad", value={"addresses": ["300.1.1.1"]}),
    "unknown zone": unknown_zone_in_a_rule,
    "two features on one port": set_to("ssh.port", "ssh", "port", value=53),
    "target that is none": target_that_is_none,
    "unknown interface": set_to("dns.interfaces[2]", "dns", "interfaces", 2, value="moon"),
    "record without data": set_to("dns.records[0]", "dns", "records", value=[{"name": "nas.home.arpa"}]),
    "duration without unit": set_to("journal.keep_for", "journal", "keep_for", value=3600),
    "advertisements nowhere": set_to("ra.interfaces.moon", "ra", "interfaces", "moon", value={}),
    "wrong name of an entry": set_to("zones.LAN2", "zones", "LAN2", value={}),
    "one source twice": set_to("ntp.sources[1].host", "ntp", "sources", value=[{"host": "a.example"}] * 2),
    "two forwards of one port": twice_forwarded,
    "inner interface in an unknown zone": set_to("interfaces.guest.zone", "interfaces", "guest", "zone", value="mars"),
    "word of another firewall in an odd rule": odd_rule,
    "outer interface in an unknown zone": set_to("interfaces.wan.zone", "interfaces", "wan", "zone", value="venus"),
    "something else of an interface": set_to("interfaces.wan.mtu", "interfaces", "wan", "mtu", value="big"),
    "uplink that asks for no prefix": set_to(
        "interfaces.lan.ipv6.from", "interfaces", "wan", "ipv6", value={"method": "slaac"}
    ),
    "leases without a network": set_to("dhcp.subnets[1].interface", "dhcp", "subnets", 1, value={"interface": "wan"}),
}  # fmt: skip
DEPENDENT = [
    ("wrong name of an entry", second)
    for second in ("unknown zone", "inner interface in an unknown zone", "outer interface in an unknown zone")
]
"""The first may cause the second: a zone of another name may be the unknown."""


def break_things(names: Iterable[str]) -> tuple[dict[str, Any], set[str]]:
    document, expected = deepcopy(HOUSE), set()
    for name in names:
        expected |= BREAKAGES[name](document)
    return document, expected


def found_in(document: dict[str, Any]) -> list[str]:
    return [problem.path for problem in problems_of(document) if problem.severity == ERROR]


@pytest.mark.parametrize("name", BREAKAGES)
def test_each_breakage_is_told_at_its_place_only(name: str) -> None:
    document, expected = break_things([name])
    assert sorted(found_in(document)) == sorted(expected)


@given(st.lists(st.sampled_from(sorted(BREAKAGES)), min_size=2, unique=True))
def test_whatever_is_wrong_at_once_is_told_at_once(names: list[str]) -> None:
    for first, second in DEPENDENT:
        if first in names and second in names:
            names.remove(second)
    document, expected = break_things(names)
    assert sorted(found_in(document)) == sorted(expected)


def test_all_of_it_at_once_is_told_at_once() -> None:
    document, expected = break_things(sorted(set(BREAKAGES) - {first for first, _ in DEPENDENT}))
    assert len(expected) >= 20
    assert sorted(found_in(document)) == sorted(expected)


@pytest.mark.parametrize("other", ["aliases in a circle", "address that is none"])
def test_a_broken_alias_hides_nothing_of_others(other: str) -> None:
    document, _ = break_things([other])
    document["aliases"] |= {
        "nothing": {"addresses": ["10.0.0.1", "!10.0.0.0/8"]},
        "unsure": {"addresses": ["10.0.0.1", "!10.0.0.0/8", "bad" if "bad" in document["aliases"] else "one"]},
    }
    warnings = [problem.path for problem in problems_of(document) if problem.severity != ERROR]
    assert warnings == ["aliases.nothing"]


def test_whether_a_zone_is_external_is_no_matter_of_its_other_settings() -> None:
    document = put(put(HOUSE, ("zones", "wan", "external"), False), ("zones", "guest", "ping"), "perhaps")
    assert sorted(found_in(document)) == ["nat.port_forwards[0].from", "zones.guest.ping"]
    assert found_in(put(document, ("zones", "guest"), {"external": "perhaps"})) == ["zones.guest.external"]


@pytest.mark.parametrize("keys", [("interfaces", "lan", "ipv4", "addresses"), ("zones",), ("interfaces",), ("dhcp",)])
def test_a_key_spelt_wrongly_is_one_problem(keys: Keys) -> None:
    word = f"{keys[-1]}x"
    assert found_in(rename(HOUSE, keys, word)) == [config_path(*keys[:-1], word)]
