"""Interfaces that cannot work are refused, each fault at its place."""

from __future__ import annotations

from typing import Any

import pytest
from tests.documents import HOUSE, house, problems_of

CARD = {"mac": "52:54:00:00:00:09"}


def problems(**interfaces: Any) -> list[str]:
    """Return `path: message` of every error of the house with some interfaces replaced or added; None removes one."""
    merged = {**HOUSE["interfaces"], **interfaces}
    kept = {name: value for name, value in merged.items() if value is not None}
    document = house(interfaces=kept, dhcp=None, dns=None, ntp=None)
    return [f"{problem.path}: {problem.message}" for problem in problems_of(document) if problem.severity == "error"]


def lan(**settings: Any) -> dict[str, Any]:
    return {**HOUSE["interfaces"]["lan"], **settings}


def wan(**settings: Any) -> dict[str, Any]:
    return {**HOUSE["interfaces"]["wan"], **settings}


def test_the_house_is_sound() -> None:
    assert problems() == []


@pytest.mark.parametrize(
    ("interfaces", "expected"),
    [
        ({"x": {}}, "interfaces.x: does not say which network card or VLAN it is"),
        ({"x": {"match": CARD, "vlan": {"parent": "lan", "id": 7}}}, "interfaces.x: is a network card (`match`) and"),
        ({"x": {"match": {}}}, "interfaces.x.match: needs exactly one of mac, path, name, found none"),
        (
            {"x": {"match": {**CARD, "name": "eth7"}}},
            "interfaces.x.match: needs exactly one of mac, path, name, found mac",
        ),
        (
            {"x": {"match": {"mac": "01:00:5e:00:00:01"}}},
            "interfaces.x.match.mac: 01:00:5e:00:00:01 is a group address",
        ),
        ({"x": {"match": {"mac": "52-54-00-00-00-02"}}}, "interfaces.x.match: matches the same card as lan"),
        ({"x": {"match": {"mac": "52-54-00-00-00-02"}}}, "interfaces.lan.match: matches the same card as x"),
        ({"lan": lan(zone="moon")}, "interfaces.lan.zone: there is no zone 'moon'"),
        ({"x": {"vlan": {"parent": "moon", "id": 7}}}, "interfaces.x.vlan.parent: there is no interface 'moon'"),
        ({"x": {"vlan": {"parent": "x", "id": 7}}}, "interfaces.x.vlan.parent: 'x' is a VLAN itself"),
        ({"x": {"vlan": {"parent": "guest", "id": 7}}}, "interfaces.x.vlan.parent: 'guest' is a VLAN itself"),
        ({"x": {"vlan": {"parent": "lan", "id": 20}}}, "interfaces.x.vlan.id: VLAN 20 on lan is 'guest' already"),
        ({"x": {"vlan": {"parent": "lan", "id": 7}, "mtu": 2000}}, "interfaces.x.mtu: 2000 bytes do not fit"),
        ({"lan": lan(mtu=1400)}, "interfaces.guest.vlan.parent: 1500 bytes do not fit"),
    ],
)
def test_links(interfaces: dict[str, Any], expected: str) -> None:
    assert [line for line in problems(**interfaces) if line.startswith(expected)], problems(**interfaces)


@pytest.mark.parametrize(
    ("ipv4", "expected"),
    [
        ({"addresses": ["192.168.1.0/24"]}, "addresses[0]: 192.168.1.0 is the network's own address"),
        ({"addresses": ["192.168.1.255/24"]}, "addresses[0]: 192.168.1.255 is the broadcast address"),
        ({"addresses": ["224.0.0.1/24"]}, "addresses[0]: 224.0.0.1 cannot be the address of an interface"),
        ({"addresses": ["127.0.0.1/8"]}, "addresses[0]: 127.0.0.1 cannot be the address of an interface"),
        ({"addresses": ["192.168.1.1/24", "192.168.1.1/24"]}, "addresses[1]: 192.168.1.1 is also at"),
        ({"addresses": ["192.168.20.9/28"]}, "addresses[0]: 192.168.20.0/28 overlaps 192.168.20.0/24"),
        ({"addresses": ["192.168.1.1/24"], "gateway": "192.168.2.1"}, "gateway: 192.168.2.1 is not in 192.168.1.0/24"),
        (
            {"addresses": ["192.168.1.1/24", "192.168.1.2/24", "10.0.0.1/8"], "gateway": "192.168.2.1"},
            "gateway: 192.168.2.1 is not in 192.168.1.0/24, 10.0.0.0/8",
        ),
        ({"addresses": ["192.168.1.1/24"], "gateway": "192.168.1.1"}, "gateway: 192.168.1.1 is this box's own address"),
        ({"method": "static"}, "addresses: is missing"),
        ({"method": "dhcp", "addresses": ["192.168.1.1/24"]}, "addresses: has no meaning with method `dhcp`"),
        ({"method": "none", "hostname": "gw"}, "hostname: has no meaning with method `none`"),
        ({"gateway": "192.168.1.1"}, "gateway: has no meaning with method `none`"),
    ],
)
def test_ipv4(ipv4: dict[str, Any], expected: str) -> None:
    found = problems(lan=lan(ipv4=ipv4))
    assert [line for line in found if line.startswith(f"interfaces.lan.ipv4.{expected}")], found


@pytest.mark.parametrize(
    ("ipv6", "expected"),
    [
        ({"addresses": ["2001:db8::/64"]}, "addresses[0]: 2001:db8:: is the subnet-router anycast address"),
        ({"addresses": ["ff02::1/64"]}, "addresses[0]: ff02::1 cannot be the address of an interface"),
        ({"from": "wan", "id": 256}, "id: a /56 has the subnets 0 to 255"),
        ({"from": "wan", "host": "2001:db8::1"}, "host: 2001:db8::1 is not a host part"),
        ({"from": "wan", "host": "::"}, "host: :: is not a host part"),
        ({"from": "moon"}, "from: there is no interface 'moon'"),
        ({"from": "guest"}, "from: 'guest' does not ask its provider for a prefix"),
        ({"method": "tracked"}, "from: is missing"),
        ({"method": "slaac", "from": "wan"}, "from: has no meaning with method `slaac`"),
        ({"method": "link-local", "prefix_hint": 56}, "prefix_hint: has no meaning with method `link-local`"),
        (
            {"addresses": ["2001:db8::1/64"], "gateway": "2001:db8:1::1"},
            "gateway: 2001:db8:1::1 is not in 2001:db8::/64",
        ),
    ],
)
def test_ipv6(ipv6: dict[str, Any], expected: str) -> None:
    found = problems(lan=lan(ipv6=ipv6))
    assert [line for line in found if line.startswith(f"interfaces.lan.ipv6.{expected}")], found


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ({"destination": "10.0.0.0/8", "gateway": "192.168.9.1"}, "gateway: 192.168.9.1 is in no subnet"),
        ({"destination": "10.0.0.0/8", "gateway": "2001:db8::1"}, "gateway: is of the other address family"),
    ],
)
def test_routes(route: dict[str, Any], expected: str) -> None:
    found = problems(lan=lan(routes=[route]))
    assert [line for line in found if line.startswith(f"interfaces.lan.routes[0].{expected}")], found


def test_a_route_stands_once_and_needs_an_address_of_its_family() -> None:
    twice = [{"destination": "10.0.0.0/8", "gateway": "192.168.1.2"}] * 2
    assert problems(lan=lan(routes=twice)) == [
        "interfaces.lan.routes[1]: 10.0.0.0/8 is also at interfaces.lan.routes[0]"
    ]
    assert problems(guest={**HOUSE["interfaces"]["guest"], "routes": [{"destination": "2001:db8::/32"}]}) == [
        "interfaces.guest.routes[0]: the interface has no IPv6 address"
    ]


def test_two_interfaces_on_one_subnet_are_both_named() -> None:
    found = problems(guest={**HOUSE["interfaces"]["guest"], "ipv4": {"addresses": ["192.168.1.129/25"]}})
    assert [line.partition(":")[0] for line in found] == [
        "interfaces.lan.ipv4.addresses[0]",
        "interfaces.guest.ipv4.addresses[0]",
    ]


def test_a_subnet_of_the_delegated_prefix_belongs_to_one_interface() -> None:
    guest = {**HOUSE["interfaces"]["guest"], "ipv6": {"from": "wan", "id": 0}}
    assert problems(guest=guest) == ["interfaces.guest.ipv6.id: subnet 0 of wan belongs to 'lan' already"]


def test_an_uplink_without_delegation_cannot_be_tracked() -> None:
    found = problems(wan=wan(ipv6={"method": "dhcp", "delegation": False}))
    assert found == ["interfaces.lan.ipv6.from: 'wan' does not ask its provider for a prefix"]


def test_point_to_point_addresses_are_fine() -> None:
    assert problems(wan=wan(ipv4={"addresses": ["198.51.100.2/31"], "gateway": "198.51.100.3"})) == []
