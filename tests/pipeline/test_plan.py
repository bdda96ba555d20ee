"""Features that want the same thing are told apart before anything is rendered."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel
from tests.documents import house, problems_of

from patronus.features.contract import Feature
from patronus.pipeline.plan import plan
from patronus.pipeline.validate import Appliance
from patronus.values.facts import Context
from patronus.values.fragments import Claim, File, LinkName, Symlink, Sysctl, Unit
from patronus.values.problem import Problem, Refused


class Nothing(BaseModel):
    """A section without settings."""


def feature(key: str, *fragments: object) -> Feature[Any]:
    return Feature(key=key, title=key, schema=Nothing, plan=lambda _section, _context: fragments)


def collisions(*features: Feature[Any]) -> list[tuple[str, str]]:
    """Path and message of every collision of some features."""
    try:
        plan(Appliance(tuple((item, Nothing()) for item in features), Context()))
    except Refused as refused:
        assert all(problem.hint for problem in refused.problems)
        return [(problem.path, problem.message) for problem in refused.problems]
    return []


@pytest.mark.parametrize(
    ("one", "other", "what"),
    [
        (File("etc/x", b"", "a"), File("etc/x", b"", "b"), "the file /etc/x"),
        (File("etc/x", b"", "a"), Symlink("etc/x", "y", "b"), "the file /etc/x"),
        (Sysctl("net.x", "1", "a"), Sysctl("net.x", "1", "b"), "the kernel setting net.x"),
        (LinkName("lan", "mac", "1", "a"), LinkName("lan", "mac", "2", "b"), "the interface name lan"),
        (Unit("x.service", "a"), Unit("x.service", "b"), "the unit x.service"),
        (Claim("udp/67@lan", "a"), Claim("udp/67@lan", "b"), "udp/67@lan"),
        (Claim("tcp/53@*", "a"), Claim("tcp/53@lan", "b"), "tcp/53"),
        (Claim("tcp/53@lan", "a"), Claim("tcp/53@*", "b"), "tcp/53"),
        (Claim("tcp/53@*", "a"), Claim("tcp/53@*", "b"), "tcp/53"),
    ],
)
def test_two_features_that_want_one_thing_are_both_named(one: object, other: object, what: str) -> None:
    assert collisions(feature("a", one), feature("b", other)) == [("b", f"wants {what}, which a has already")]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Claim("udp/67@lan", "a"), Claim("udp/67@wan", "b")),
        (Claim("udp/53@*", "a"), Claim("tcp/53@lan", "b")),
        (Claim("udp/53@*", "a"), Claim("udp/5353@*", "b")),
        (File("etc/x", b"", "a"), File("etc/x.d/y", b"", "b")),
    ],
)
def test_different_things_do_not_collide(one: object, other: object) -> None:
    assert collisions(feature("a", one), feature("b", other)) == []


@pytest.mark.parametrize("order", [1, -1])
def test_a_file_where_another_feature_needs_a_folder_is_a_collision(order: int) -> None:
    files = [File("etc/x", b"", "a"), File("etc/x/y", b"", "b")]
    found = collisions(feature("one", files[::order][0]), feature("two", files[::order][1]))
    assert len(found) == 1


def test_a_feature_that_asks_twice_from_two_places_is_told_as_well() -> None:
    origins = ["ntp.serve[0]", "ntp.serve[1]"]
    assert collisions(feature("ntp", *(Claim("udp/123@lan", origin) for origin in origins))) == [
        ("ntp.serve[1]", "wants udp/123@lan, which ntp.serve[0] has already")
    ]


def test_every_collision_is_told() -> None:
    both = [
        feature(key, Sysctl("x.y", "1", key), Unit("x.service", key), File("etc/x", b"", key)) for key in ("a", "b")
    ]
    assert len(collisions(*both)) == 3


def test_one_file_twice_from_one_place_is_told_and_one_claim_twice_is_one_claim() -> None:
    assert collisions(feature("a", Claim("udp/123@lan", "a"), Claim("udp/123@lan", "a"))) == []
    assert collisions(feature("a", File("etc/x", b"1", "a"), File("etc/x", b"2", "a")))


def test_ssh_on_the_port_of_dns_is_refused_with_both_places() -> None:
    (problem,) = problems_of(house(ssh={"port": 53}))
    assert problem == Problem("ssh.port", "wants tcp/53, which dns has already", "change or remove one of the two")
