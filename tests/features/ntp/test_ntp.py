"""The ntp section: its checks, its facts, and the lines it writes for chrony."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from patronus.features.ntp import FEATURE
from patronus.features.ntp.plan import format_source
from patronus.features.ntp.schema import Ntp, TimeSource
from patronus.values.facts import Context, LinkFact, TimeServerFact, TimeSourceFact, ZoneFact
from patronus.values.fragments import Claim, File
from patronus.values.plan import Opening, Plan

HOUSE = Context(
    (
        ZoneFact("wan", "zones.wan", external=True),
        ZoneFact("lan", "zones.lan"),
        LinkFact("wan", "interfaces.wan", "wan"),
        LinkFact("lan", "interfaces.lan", "lan"),
    )
)


def check(section: dict[str, Any]) -> list[str]:
    """Return `severity path` of every problem of a section in a house with `wan` and `lan`."""
    return [f"{problem.severity} {problem.path}" for problem in FEATURE.check(Ntp.model_validate(section), HOUSE)]


def plan(section: dict[str, Any]) -> Plan:
    return Plan(tuple(FEATURE.plan(Ntp.model_validate(section), HOUSE)))


def config(section: dict[str, Any]) -> list[str]:
    return plan(section).of(File)[0].content.decode().splitlines()


def test_defaults_are_a_client_that_serves_nobody() -> None:
    assert check({}) == []
    assert {"pool 2.debian.pool.ntp.org iburst", "cmdport 0", "port 0"} <= set(config({}))
    assert plan({}).of(Opening) == ()
    assert list(FEATURE.facts(Ntp())) == [TimeSourceFact("2.debian.pool.ntp.org")]


def test_serving_opens_claims_and_announces_exactly_the_named_links() -> None:
    served = plan({"serve": ["lan"]})
    assert served.of(Opening) == (Opening(("lan",), "udp", 123, "ntp.serve"),)
    assert served.of(Claim) == (Claim("udp/123@lan", "ntp.serve"),)
    assert "allow" in config({"serve": ["lan"]})
    assert "port 0" not in config({"serve": ["lan"]})
    section = Ntp.model_validate({"serve": ["lan"], "sources": [{"host": "192.0.2.1"}]})
    assert list(FEATURE.facts(section)) == [TimeServerFact(("lan",), "ntp.serve")]


def test_names_of_sources_are_told_and_addresses_are_not() -> None:
    hosts = ["192.0.2.1", "2001:db8::1", "Time.example.net", "ntp"]
    section = Ntp.model_validate({"sources": [{"host": host} for host in hosts]})
    assert list(FEATURE.facts(section)) == [TimeSourceFact("Time.example.net"), TimeSourceFact("ntp")]


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ({"host": "192.0.2.1"}, "server 192.0.2.1 iburst"),
        ({"host": "2001:DB8:0::1", "prefer": True}, "server 2001:db8::1 iburst prefer"),
        ({"host": "time.example", "nts": True, "port": 1123}, "server time.example iburst nts port 1123"),
        (
            {"host": "p.example", "pool": True, "min_poll": 4, "max_poll": 6},
            "pool p.example iburst minpoll 4 maxpoll 6",
        ),
    ],
)
def test_a_source_is_one_line(source: dict[str, Any], line: str) -> None:
    assert format_source(TimeSource.model_validate(source)) == line


def test_nts_believes_no_wrong_clock_and_keeps_its_cookies() -> None:
    lines = config({"sources": [{"host": "nts.example", "nts": True}]})
    assert "nocerttimecheck 1" in lines
    assert "ntsdumpdir /var/lib/chrony" in lines
    assert "nocerttimecheck 1" not in config({})


def test_every_problem_is_reported_at_once() -> None:
    problems = check(
        {
            "sources": [
                {"host": "a.example", "min_poll": 8, "max_poll": 7},
                {"host": "a.example"},
            ],
            "serve": ["lan", "lan", "wan", "moon"],
        }
    )
    assert problems == [
        "error ntp.sources[0].min_poll",
        "error ntp.sources[1].host",
        "warning ntp.sources",
        "warning ntp.serve[2]",
        "error ntp.serve[3]",
        "error ntp.serve",
    ]


def test_no_source_is_an_error() -> None:
    assert check({"sources": []}) == ["error ntp.sources"]


@pytest.mark.parametrize(
    "host", ["", "a b", "a\nport 0", "192.0.2.300", "fe80::1%eth0", "1.2.3", "-a.example", "x" * 64, "a..b", "::g"]
)
def test_what_is_no_host_is_refused(host: str) -> None:
    with pytest.raises(ValidationError):
        TimeSource.model_validate({"host": host})
