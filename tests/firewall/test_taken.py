"""A port of the box that a forward takes away is told, and nothing is told where both can work."""

from __future__ import annotations

from typing import Any

import pytest
from tests.documents import house, problems_of


def forward(name: str, **settings: Any) -> dict[str, Any]:
    return {"name": name, "ports": 2222, "target": "192.168.1.10", **settings}


def problems(*forwards: dict[str, Any], **sections: Any) -> list[str]:
    found = problems_of(house(nat={"port_forwards": list(forwards)}, **sections))
    assert all(problem.path == "nat.port_forwards" and problem.hint for problem in found)
    return [problem.message for problem in found]


REMOTE_SSH = {"interfaces": ["wan"], "port": 2222}


def test_a_forward_that_takes_ssh_away_is_refused() -> None:
    (message,) = problems(forward("nas"), ssh=REMOTE_SSH)
    assert message == "'nas' takes tcp/2222 away from the box's own service, which ssh.interfaces opens there"


@pytest.mark.parametrize("ports", ["2000-3000", [80, 2222]])
def test_ranges_and_lists_take_ports_too(ports: Any) -> None:
    assert len(problems(forward("nas", ports=ports), ssh=REMOTE_SSH)) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"protocol": "udp"},
        {"ports": 2223},
        {"from": ["guest"]},
        {"source": ["198.51.100.7"]},
        {"destination": ["203.0.113.9"]},
        {"enabled": False},
        {"target": "2001:db8::1"},
    ],
)
def test_a_forward_that_leaves_ssh_its_connections_is_fine(settings: dict[str, Any]) -> None:
    assert problems(forward("nas", **settings), ssh=REMOTE_SSH) == []


def test_ssh_at_home_is_not_concerned() -> None:
    assert problems(forward("nas", reflection=True), ssh={"port": 2222}) == []


def test_the_second_of_two_forwards_of_one_port_is_told() -> None:
    (message,) = problems(forward("one", reflection=True), forward("two", ports="2000-3000", reflection=True))
    assert message == "'one' takes connections before 'two' that both are for"


def test_every_forward_that_gets_less_than_it_is_for_is_told() -> None:
    ports = {"a": "100-200", "b": "150-300", "c": 160, "d": "250-260", "e": "50-400", "f": 401}
    told = problems(*(forward(name, ports=value) for name, value in ports.items()))
    assert {message.split("'")[3] for message in told} == {"b", "c", "d", "e"}
    assert all(
        f"'{one}' takes connections before '{other}' that" in told[n]
        for n, (one, other) in enumerate([("a", "b"), ("b", "c"), ("b", "d"), ("a", "e")])
    )


def test_two_protocols_and_links_are_looked_at_one_by_one() -> None:
    told = problems(
        forward("one", protocol="udp"), forward("two", **{"from": ["guest"]}), forward("three", protocol="tcp+udp"),
        forward("four", **{"from": ["wan", "guest"]}),
    )  # fmt: skip
    assert [tuple(message.split("'")[1:4:2]) for message in told] == [
        ("one", "three"),
        ("two", "four"),
        ("three", "four"),
    ]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"source": ["198.51.100.7"]}, {}),
        ({"protocol": "udp"}, {}),
        ({}, {"from": ["guest"]}),
        ({}, {"enabled": False}),
        ({}, {"ports": 2223}),
    ],
)
def test_two_forwards_that_both_get_connections_are_fine(one: dict[str, Any], two: dict[str, Any]) -> None:
    assert problems(forward("one", **one), forward("two", **two)) == []
