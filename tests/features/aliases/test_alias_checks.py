"""The aliases section: nesting, exclusions and every refusal."""

from __future__ import annotations

from typing import Any

import pytest

from patronus.features.aliases import FEATURE
from patronus.features.aliases.schema import Aliases
from patronus.values.addresses import ALL6, Addresses
from patronus.values.facts import AliasFact, Context
from patronus.values.problem import Problem


def resolve(section: dict[str, Any]) -> dict[str, AliasFact]:
    return {fact.name: fact for fact in FEATURE.facts(Aliases.model_validate(section)) if isinstance(fact, AliasFact)}


def check(section: dict[str, Any]) -> list[Problem]:
    aliases = Aliases.model_validate(section)
    return list(FEATURE.check(aliases, Context(tuple(FEATURE.facts(aliases)))))


def test_nesting_works_in_any_order_of_the_document() -> None:
    found = resolve({
        "all": {"addresses": ["some", "10.0.1.0/24", "!10.0.1.9"]},
        "some": {"addresses": ["10.0.0.0-10.0.0.3", "!10.0.0.2"]},
    })  # fmt: skip
    assert found["all"].addresses == Addresses.of(
        "10.0.0.0/31", "10.0.0.3", "10.0.1.0-10.0.1.8", "10.0.1.10-10.0.1.255"
    )._replace(label="all")


def test_only_exclusions_mean_everything_else() -> None:
    found = resolve({"but": {"addresses": ["!0.0.0.0/1"]}, "odd": {"ports": ["!1000-65535"]}})
    addresses = found["but"].addresses
    assert addresses is not None
    assert (addresses.v4, addresses.v6) == (((2**31, 2**32 - 1),), ALL6)
    assert found["odd"].ports == ((0, 999),)


def test_ports_nest_too() -> None:
    assert resolve({"b": {"ports": ["a", 22]}, "a": {"ports": [80, "443-444"]}})["b"].ports == (
        (22, 22), (80, 80), (443, 444),
    )  # fmt: skip


def test_a_cycle_is_named_and_the_rest_still_works() -> None:
    section = {
        "a": {"addresses": ["b"]},
        "b": {"addresses": ["10.0.0.1", "c"]},
        "c": {"addresses": ["!a"]},
        "user": {"addresses": ["a", "10.0.0.2"]},
        "self": {"addresses": ["self"]},
        "fine": {"addresses": ["10.0.0.3"]},
    }
    messages = {problem.path: problem.message for problem in check(section)}
    assert messages == {
        "aliases.a": "is built from itself: a -> b -> c -> a",
        "aliases.self": "is built from itself: self -> self",
    }
    assert resolve(section)["fine"].addresses == Addresses.of("10.0.0.3")._replace(label="fine")


def test_a_chain_of_thousands_is_no_problem() -> None:
    section: dict[str, Any] = {f"a{i}": {"addresses": [f"a{i + 1}"]} for i in range(3000)}
    section["a3000"] = {"addresses": ["10.0.0.1"]}
    assert check(section) == []
    assert resolve(section)["a0"].addresses == Addresses.of("10.0.0.1")._replace(label="a0")


@pytest.mark.parametrize(
    ("section", "paths"),
    [
        ({"a": {}}, ["aliases.a"]),
        ({"a": {"addresses": ["10.0.0.1"], "ports": [1]}}, ["aliases.a"]),
        ({"a": {"addresses": ["10.0.0.1", "gone"]}}, ["aliases.a.addresses[1]"]),
        ({"a": {"ports": ["gone", "!lost"]}}, ["aliases.a.ports[0]", "aliases.a.ports[1]"]),
        ({"a": {"addresses": ["p"]}, "p": {"ports": [1]}}, ["aliases.a.addresses[0]"]),
        ({"a": {"ports": ["h"]}, "h": {"addresses": ["10.0.0.1"]}}, ["aliases.a.ports[0]"]),
        ({"a": {"addresses": ["10.0.0.1", "!10.0.0.0/8"]}}, ["aliases.a"]),
    ],
)
def test_problems_name_their_place(section: dict[str, Any], paths: list[str]) -> None:
    assert [problem.path for problem in check(section)] == paths
