"""Who is sent advertisements, and what cannot be advertised."""

from __future__ import annotations

from typing import Any

import pytest
from tests.documents import HOUSE, house, problems_of, render_data


def advertised(document: dict[str, Any]) -> list[str]:
    """Return the interfaces that advertise."""
    paths = render_data(document).contents
    return sorted(path.split("/10-")[1].split(".")[0] for path in paths if path.endswith(".network.d/ra.conf"))


def with_lan6(ipv6: dict[str, Any], ra: dict[str, Any] | None = None) -> dict[str, Any]:
    interfaces = {**HOUSE["interfaces"], "lan": {**HOUSE["interfaces"]["lan"], "ipv6": ipv6}}
    return house(interfaces=interfaces, **({"ra": {"interfaces": {"lan": ra}}} if ra else {}))


def test_inner_interfaces_with_a_prefix_advertise_by_default() -> None:
    assert advertised(house()) == ["lan"]
    assert advertised(with_lan6({"addresses": ["2001:db8::1/64"]})) == ["lan"]


@pytest.mark.parametrize(
    "ipv6",
    [
        {"addresses": ["2001:db8::1/64"], "gateway": "2001:db8::2"},
        {"addresses": ["2001:db8::1/48"]},
        {"method": "slaac"},
    ],
)
def test_uplinks_and_odd_prefixes_do_not(ipv6: dict[str, Any]) -> None:
    assert advertised(with_lan6(ipv6)) == []


def test_off_is_off() -> None:
    assert advertised(with_lan6({"from": "wan"}, {"mode": "off"})) == []


def test_an_external_zone_is_never_told_that_this_is_its_router() -> None:
    wan = {"match": {"mac": "52:54:00:00:00:01"}, "zone": "wan", "ipv6": {"addresses": ["2001:db8:9::1/64"]}}
    assert advertised(house(interfaces={"wan": wan}, dhcp=None, dns=None, ntp=None, nat=None, firewall=None)) == []


def test_hosts_learn_the_fixed_link_local_address_of_the_resolver() -> None:
    drop_in = render_data(house()).contents["etc/systemd/network/10-lan.network.d/ra.conf"].decode()
    assert "DNS=fe80::1:1\n" in drop_in
    assert (
        "EmitDNS=no" in render_data(house(dns=None)).contents["etc/systemd/network/10-lan.network.d/ra.conf"].decode()
    )


@pytest.mark.parametrize(
    ("ipv6", "ra", "expected"),
    [
        ({"from": "wan"}, {"mode": "managed"}, "ra.interfaces.lan.mode: with a tracked prefix hosts always"),
        (
            {"addresses": ["2001:db8::1/56"]},
            {"mode": "slaac"},
            "ra.interfaces.lan.mode: hosts make addresses only in a /64",
        ),
        ({"method": "slaac"}, {"mode": "slaac"}, "ra.interfaces.lan: the interface listens to advertisements"),
        ({"method": "none"}, {"mode": "slaac"}, "ra.interfaces.lan: the interface has no IPv6 prefix"),
        ({"from": "wan"}, {"pref64": ["64:ff9b::/90"]}, "ra.interfaces.lan.pref64[0]: a NAT64 prefix is"),
        ({"from": "wan"}, {"lifetime": "3h"}, "ra.interfaces.lan.lifetime: expected 0s, or 4s to 9000s"),
        ({"from": "wan"}, {"preferred_lifetime": "2d"}, "ra.interfaces.lan.preferred_lifetime: is longer than"),
    ],
)
def test_problems(ipv6: dict[str, Any], ra: dict[str, Any], expected: str) -> None:
    found = [f"{problem.path}: {problem.message}" for problem in problems_of(with_lan6(ipv6, ra))]
    assert [line for line in found if line.startswith(expected)], found


def test_an_unknown_interface_is_named() -> None:
    found = problems_of(house(ra={"interfaces": {"moon": {}}}))
    assert [problem.path for problem in found] == ["ra.interfaces.moon"]
