"""Kea's configuration, and what cannot be served."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from tests.documents import HOUSE, house, problems_of, render_data

from patronus.features.dhcp.options import encode_option
from patronus.features.dhcp.plan import subnet_id
from patronus.features.dhcp.pools import subtract_ranges
from patronus.features.dhcp.schema import DhcpServer, Option
from patronus.values.types import AddressRange4

POOL = "192.168.1.100-192.168.1.199"


def dhcp(*subnets: dict[str, Any], **settings: Any) -> dict[str, Any]:
    return house(dhcp={"subnets": [{"interface": "lan", **subnet} for subnet in subnets], **settings})


def kea(document: dict[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = json.loads(render_data(document).contents["etc/kea/kea-dhcp4.conf"])["Dhcp4"]
    return settings


def options(document: dict[str, Any]) -> dict[int, bytes]:
    return {option["code"]: bytes.fromhex(option["data"]) for option in kea(document)["subnet4"][0]["option-data"]}


def test_hosts_are_told_the_box_where_it_serves() -> None:
    assert options(dhcp({"pools": [POOL]})) == {
        3: bytes([192, 168, 1, 1]),
        6: bytes([192, 168, 1, 1]),
        15: b"home.arpa",
        42: bytes([192, 168, 1, 1]),
    }


def test_what_the_document_says_wins_and_an_empty_list_sends_nothing() -> None:
    told = options(
        dhcp({"pools": [POOL], "routers": [], "dns": ["9.9.9.9", "1.1.1.1"], "ntp": [], "domain": "a.example"})
    )
    assert told == {6: bytes([9, 9, 9, 9, 1, 1, 1, 1]), 15: b"a.example"}


def test_without_resolver_and_clock_only_the_router_is_announced() -> None:
    document = {**dhcp({"pools": [POOL]}), "dns": {}, "ntp": {}}
    assert sorted(options(document)) == [3, 15]


def test_classless_routes_repeat_the_default_route() -> None:
    """RFC 3442: a client that takes option 121 ignores option 3."""
    told = options(dhcp({"pools": [POOL], "routes": [{"destination": "10.8.0.0/13", "gateway": "192.168.1.2"}]}))
    assert told[121] == bytes([13, 10, 8, 192, 168, 1, 2, 0, 192, 168, 1, 1])


@pytest.mark.parametrize(
    ("option", "data"),
    [
        ({"code": 26, "uint16": [1500]}, b"\x05\xdc"),
        ({"code": 2, "uint32": [3600]}, b"\x00\x00\x0e\x10"),
        ({"code": 23, "uint8": [64]}, b"\x40"),
        ({"code": 19, "flag": True}, b"\x01"),
        ({"code": 252, "text": 'http://wpad/"{{x}}"'}, b'http://wpad/"{{x}}"'),
        ({"code": 43, "hex": "01:04:C0:A8:01:01"}, bytes([1, 4, 192, 168, 1, 1])),
        ({"code": 137, "domains": ["a.example", "b"]}, b"\x01a\x07example\x00\x01b\x00"),
        ({"code": 150, "addresses": ["192.0.2.1"]}, bytes([192, 0, 2, 1])),
    ],
)
def test_custom_options_are_bytes(option: dict[str, Any], data: bytes) -> None:
    assert encode_option(Option.model_validate(option)) == data


def test_excluded_addresses_split_pools() -> None:
    subnet = kea(dhcp({"pools": [POOL], "exclude": ["192.168.1.100", "192.168.1.150-192.168.1.160"]}))["subnet4"][0]
    assert [pool["pool"] for pool in subnet["pools"]] == [
        "192.168.1.101 - 192.168.1.149",
        "192.168.1.161 - 192.168.1.199",
    ]


def test_subtraction_keeps_exactly_the_other_addresses() -> None:
    def span(first: int, last: int) -> AddressRange4:
        return AddressRange4.model_validate({"first": first, "last": last})

    for low in range(12):
        for high in range(low, 12):
            left = subtract_ranges([span(2, 9)], [span(low, high)])
            given = [int(part.first) + step for part in left for step in range(int(part.last) - int(part.first) + 1)]
            assert given == [number for number in range(2, 10) if not low <= number <= high]


def test_a_subnet_keeps_its_number_whatever_else_changes() -> None:
    before = kea(dhcp({"pools": [POOL]}))["subnet4"][0]["id"]
    after = kea(
        dhcp({"interface": "guest", "pools": ["192.168.20.9"]}, {"pools": ["192.168.1.77"], "lease_time": "1h"})
    )
    assert before == after["subnet4"][1]["id"] == subnet_id(DhcpServer.model_validate(
        {"subnets": [{"interface": "lan", "network": "192.168.1.0/24"}]}).subnets[0].network)  # type: ignore[arg-type]  # fmt: skip


def test_no_name_a_client_sends_can_break_a_line_of_the_lease_file() -> None:
    """ECMAScript's expressions (Kea) and Python's read this one alike."""
    settings = kea(dhcp({}))
    pattern, replacement = settings["hostname-char-set"], settings["hostname-char-replacement"]
    assert re.sub(pattern, replacement, 'Ann\'s "laptop"\n1.2.3.4,\r\x00\u2028-x.lan') == "Annslaptop1.2.3.4-x.lan"
    assert re.sub(pattern, replacement, "Laptop-1.home.arpa") == "Laptop-1.home.arpa"


def test_kea_listens_only_where_a_subnet_is_served() -> None:
    assert kea(dhcp({"pools": [POOL]}))["interfaces-config"]["interfaces"] == ["lan"]
    assert "etc/kea/kea-dhcp4.conf" not in render_data(dhcp({"pools": [POOL], "enabled": False})).contents


def test_a_link_with_several_addresses_is_listened_on_once() -> None:
    lan = {**HOUSE["interfaces"]["lan"], "ipv4": {"addresses": ["10.0.0.1/24", "192.168.1.1/24"]}}
    document = dhcp({"pools": [POOL], "network": "192.168.1.0/24"})
    document["interfaces"]["lan"] = lan
    assert kea(document)["interfaces-config"]["interfaces"] == ["lan/192.168.1.1"]
    assert options(document)[3] == bytes([192, 168, 1, 1])


def test_unknown_hosts_are_refused_when_the_document_says_so() -> None:
    assert kea(dhcp({"pools": [POOL], "deny_unknown": True}))["subnet4"][0]["pools"][0]["client-class"] == "KNOWN"


@pytest.mark.parametrize(
    ("subnet", "expected"),
    [
        ({"interface": "moon"}, "interface: there is no interface 'moon'"),
        ({"interface": "wan"}, "interface: 'wan' has no static IPv4 address"),
        ({"network": "10.0.0.0/24"}, "network: 'lan' has no address in 10.0.0.0/24"),
        ({"pools": ["192.168.2.1-192.168.2.9"]}, "pools[0]: 192.168.2.1-192.168.2.9 is not inside 192.168.1.0/24"),
        ({"pools": ["192.168.1.9-192.168.2.9"]}, "pools[0]: 192.168.1.9-192.168.2.9 is not inside"),
        (
            {"pools": ["192.168.1.200-192.168.1.255"]},
            "pools[0]: 192.168.1.200-192.168.1.255 contains the network or broad",
        ),
        ({"pools": ["192.168.1.1-192.168.1.9"]}, "pools: the pools contain 192.168.1.1, the address of 'lan' itself"),
        ({"pools": [POOL, "192.168.1.199-192.168.1.210"]}, "pools[0]: overlaps dhcp.subnets[0].pools[1]"),
        ({"pools": [POOL, "192.168.1.199-192.168.1.210"]}, "pools[1]: overlaps dhcp.subnets[0].pools[0]"),
        ({"pools": [POOL], "exclude": ["192.168.1.9"]}, "exclude[0]: 192.168.1.9 is in none of the pools"),
        ({}, ": has no address to give away"),
        ({"pools": [POOL], "routers": ["10.0.0.1"]}, "routers[0]: 10.0.0.1 is not in 192.168.1.0/24"),
        ({"pools": [POOL], "lease_time": "5s"}, "lease_time: is shorter than 60s"),
        ({"pools": [POOL], "lease_time": "2h", "max_lease_time": "1h"}, "max_lease_time: is shorter than lease_time"),
        (
            {"pools": [POOL], "options": [{"code": 6, "addresses": ["9.9.9.9"]}]},
            "options[0].code: option 6 has a setting",
        ),
        (
            {"pools": [POOL], "options": [{"code": 53, "uint8": [1]}]},
            "options[0].code: option 53 is written by the server",
        ),
        ({"pools": [POOL], "options": [{"code": 60}]}, "options[0]: needs exactly one kind of value, found none"),
        ({"pools": [POOL], "options": [{"code": 60, "text": "a", "hex": "00"}]}, "options[0]: needs exactly one kind"),
        ({"pools": [POOL], "options": [{"code": 43, "hex": "00"}] * 2}, "options[1]: option 43 is also at"),
        (
            {"pools": [POOL], "routes": [{"destination": "10.0.0.0/8", "gateway": "10.0.0.1"}]},
            "routes[0].gateway: 10.0.0.1 is not in 192.168.1.0/24",
        ),
    ],
)
def test_problems_of_a_subnet(subnet: dict[str, Any], expected: str) -> None:
    found = [f"{problem.path}: {problem.message}" for problem in problems_of(dhcp(subnet))]
    start = f"dhcp.subnets[0]{expected}" if expected.startswith(":") else f"dhcp.subnets[0].{expected}"
    assert [line for line in found if line.startswith(start)], found


MAC = "52:54:00:aa:00:01"


@pytest.mark.parametrize(
    ("reservations", "expected"),
    [
        ([{"hostname": "a"}], "[0]: needs exactly one of mac and client_id"),
        ([{"mac": MAC, "client_id": "01"}], "[0]: needs exactly one of mac and client_id"),
        ([{"mac": MAC, "address": "192.168.2.1"}], "[0].address: 192.168.2.1 is not inside 192.168.1.0/24"),
        ([{"mac": MAC, "address": "192.168.1.1"}], "[0].address: 192.168.1.1 is the address of 'lan' itself"),
        ([{"mac": MAC, "address": "192.168.1.255"}], "[0].address: 192.168.1.255 is the network or broadcast address"),
        ([{"mac": MAC}, {"mac": MAC.upper()}], "[1].mac: 52:54:00:aa:00:01 is reserved at"),
        (
            [{"mac": MAC, "address": "192.168.1.9"}, {"client_id": "00", "address": "192.168.1.9"}],
            "[1].address: 192.168.1.9 is reserved at",
        ),
        (
            [{"mac": MAC, "hostname": "nas"}, {"client_id": "00", "hostname": "NAS"}],
            "[1].hostname: 'NAS' is also the name",
        ),
    ],
)
def test_problems_of_reservations(reservations: list[dict[str, Any]], expected: str) -> None:
    found = [f"{problem.path}: {problem.message}" for problem in problems_of(dhcp({"reservations": reservations}))]
    assert [line for line in found if line.startswith(f"dhcp.subnets[0].reservations{expected}")], found


def test_an_interface_and_a_network_are_served_once() -> None:
    lan = {**HOUSE["interfaces"]["lan"], "ipv4": {"addresses": ["10.0.0.1/24", "192.168.1.1/24"]}}
    document = dhcp({"pools": ["10.0.0.9"]}, {"network": "192.168.1.0/24", "pools": [POOL]}, {"pools": ["10.0.0.8"]})
    document["interfaces"]["lan"] = lan
    paths = [problem.path for problem in problems_of(document)]
    assert "dhcp.subnets[1].interface" in paths
    assert {"dhcp.subnets[0]", "dhcp.subnets[2]"} <= set(paths)


def test_without_the_profile_the_document_is_refused() -> None:
    found = problems_of(dhcp({"pools": [POOL]}), profiles={"dns"})
    assert [(problem.path, "'dhcp'" in problem.message) for problem in found] == [("dhcp", True)]
