"""Unbound's configuration, and what the resolver refuses to be told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.documents import house, problems_of, render_data


def dns(**settings: Any) -> dict[str, Any]:
    return house(dns={"interfaces": ["lan", "guest"], **settings})


def config(**settings: Any) -> list[str]:
    text = render_data(dns(**settings)).contents["etc/unbound/unbound.conf"].decode()
    return [line.strip() for line in text.splitlines()]


def local_data(**settings: Any) -> list[str]:
    lines = [line for line in config(**settings) if line.startswith("local-data:")]
    return [line.removeprefix("local-data: '").removesuffix("'") for line in lines]


def test_inner_networks_are_answered_and_nobody_else() -> None:
    allowed = [line for line in config() if line.startswith("access-control:")]
    assert allowed == [
        "access-control: 192.168.1.0/24 allow",
        "access-control: fe80::/10 allow",
        "access-control: 192.168.20.0/24 allow",
    ]


def test_the_box_and_its_reservations_have_names_both_ways() -> None:
    document = dns()
    document["dhcp"] = {
        "subnets": [
            {
                "interface": "lan",
                "reservations": [{"mac": "52:54:00:aa:00:01", "address": "192.168.1.9", "hostname": "nas"}],
            }
        ]
    }
    text = render_data(document).contents["etc/unbound/unbound.conf"].decode()
    for record in (
        "gw.home.arpa. 3600 IN A 192.168.1.1",
        "1.1.168.192.in-addr.arpa. 3600 IN PTR gw.home.arpa.",
        "nas.home.arpa. 3600 IN A 192.168.1.9",
        "9.1.168.192.in-addr.arpa. 3600 IN PTR nas.home.arpa.",
    ):
        assert f"local-data: '{record}'\n" in text


@pytest.mark.parametrize(
    ("record", "lines"),
    [
        ({"cname": "b.example"}, ["x.example. 3600 IN CNAME b.example."]),
        ({"mx": [{"host": "m.example", "preference": 5}]}, ["x.example. 3600 IN MX 5 m.example."]),
        ({"srv": [{"port": 5060, "host": "s.example"}], "ttl": "1m"}, ["x.example. 60 IN SRV 0 0 5060 s.example."]),
        (
            {"aaaa": ["2001:db8::1"]},
            [
                "x.example. 3600 IN AAAA 2001:db8::1",
                f"1.{'0.' * 23}8.b.d.0.1.0.0.2.ip6.arpa. 3600 IN PTR x.example.",
            ],
        ),
        ({"a": ["192.0.2.1"], "reverse": False}, ["x.example. 3600 IN A 192.0.2.1"]),
        (
            {"txt": ["""a'b" \\ {{x}};"""]},
            ['x.example. 3600 IN TXT "a\\039b\\034\\032\\092\\032\\123\\123x\\125\\125\\059"'],
        ),
    ],
)
def test_records(record: dict[str, Any], lines: list[str]) -> None:
    assert [line for line in local_data(records=[{"name": "x.example", **record}]) if "x.example." in line] == lines


def test_a_text_longer_than_a_string_of_dns_is_several() -> None:
    (line,) = (line for line in local_data(records=[{"name": "x.example", "txt": ["ü" * 150]}]) if " TXT " in line)
    first, second = line.partition(" TXT ")[2].removeprefix('"').removesuffix('"').split('" "')
    assert (first.count("\\"), second.count("\\")) == (255, 45)
    assert (first + second) == "\\195\\188" * 150


def test_upstreams_are_asked_over_tls_by_name() -> None:
    lines = config(
        forwarders=[
            {"servers": ["9.9.9.9"], "tls_name": "dns.quad9.net"},
            {"servers": ["1.1.1.1"], "tls_name": "one.example", "port": 8853},
        ]
    )
    assert {"forward-addr: 9.9.9.9@853#dns.quad9.net", "forward-addr: 1.1.1.1@8853#one.example"} <= set(lines)
    assert {"forward-tls-upstream: yes", 'tls-cert-bundle: "/etc/ssl/certs/ca-certificates.crt"'} <= set(lines)


def test_a_domain_with_its_own_servers_is_open_and_may_be_private_and_unsigned() -> None:
    lines = config(domains={"corp.example": {"servers": ["192.168.1.9"], "authoritative": True, "dnssec": False}})
    at = lines.index("stub-zone:")
    assert lines[at + 1 : at + 3] == ['name: "corp.example."', "stub-addr: 192.168.1.9@53"]
    assert {
        'local-zone: "corp.example." transparent',
        'private-domain: "corp.example."',
        'domain-insecure: "corp.example."',
    } <= set(lines)


def test_names_of_time_servers_resolve_while_the_clock_is_wrong() -> None:
    document = dns() | {"ntp": {"sources": [{"host": "Time.example.net"}, {"host": "192.0.2.1"}]}}
    lines = render_data(document).contents["etc/unbound/unbound.conf"].decode().splitlines()
    insecure = [line.strip() for line in lines if "domain-insecure" in line]
    assert insecure == ['domain-insecure: "time.example.net."']
    assert not [line for line in config(dnssec=False) if "domain-insecure" in line]


def test_the_provider_is_asked_only_where_the_document_says_so() -> None:
    line = 'include-toplevel: "/run/patronus-provide[r]/forward.conf"'
    assert line in config(forward_to_provider=True)
    assert line not in config()
    units = [unit.name for unit in render_data(dns(forward_to_provider=True)).manifest.units]
    assert "patronus-provider-forward.service" in units
    both = problems_of(dns(forward_to_provider=True, forwarders=[{"servers": ["9.9.9.9"]}]))
    assert [problem.path for problem in both] == ["dns.forward_to_provider"]


def test_names_in_the_own_domain_leave_the_house_only_where_the_world_knows_it() -> None:
    assert 'local-zone: "home.arpa." static' in config()
    document = {**dns(), "system": {"hostname": "gw", "domain": "example.com"}}
    assert (
        'local-zone: "example.com." transparent' in render_data(document).contents["etc/unbound/unbound.conf"].decode()
    )
    assert 'local-zone: "home.arpa." refuse' in config(zones={"home.arpa": "refuse"})


def test_leases_are_followed_where_both_services_are_there() -> None:
    tree = render_data(dns(records=[{"name": "printer.home.arpa", "a": ["192.168.1.7"]}]))
    settings = json.loads(tree.contents["etc/patronus/leases.json"])
    assert settings["domain"] == "home.arpa"
    assert settings["taken"] == ["gw", "printer"]
    assert settings["addresses"] == ["192.168.1.1", "192.168.1.7", "192.168.20.1"]
    assert "patronus-leases.service" in [unit.name for unit in tree.manifest.units]
    for without in (dns(register_leases=False), house(dhcp=None)):
        assert "etc/patronus/leases.json" not in render_data(without).contents


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"interfaces": ["moon"]}, "dns.interfaces[0]: there is no interface 'moon'"),
        ({"interfaces": ["wan"]}, "dns.interfaces[0]: 'wan' is in the external zone 'wan': the internet could ask"),
        ({"interfaces": ["lan", "lan"]}, "dns.interfaces[1]: 'lan' stands here twice"),
        (
            {"forwarders": [{"servers": ["192.168.1.1"]}]},
            "dns.forwarders[0].servers[0]: 192.168.1.1 is this box itself",
        ),
        ({"forwarders": [{"servers": ["::1"]}]}, "dns.forwarders[0].servers[0]: ::1 is this box itself"),
        (
            {"domains": {"a.example": {"servers": ["::"]}}},
            "dns.domains.a.example.servers[0]: :: is no server",
        ),
        (
            {"forwarders": [{"servers": ["9.9.9.9"], "tls_name": "a.example"}, {"servers": ["8.8.8.8"]}]},
            "dns.forwarders: some are asked over TLS and some are not",
        ),
        (
            {"domains": {"a.example": {"servers": ["9.9.9.9"]}}, "zones": {"a.example": "static"}},
            "dns.zones.a.example: `static` never asks the servers",
        ),
        ({"min_ttl": "1h", "max_ttl": "1m"}, "dns.min_ttl: is longer than max_ttl"),
        ({"records": [{"name": "a.example"}]}, "dns.records[0]: a.example has no data"),
        (
            {"records": [{"name": "a.example", "cname": "b.example", "a": ["192.0.2.1"]}]},
            "dns.records[0].cname: an alias",
        ),
        ({"records": [{"name": "a.example", "cname": "A.example"}]}, "dns.records[0].cname: is an alias of itself"),
        (
            {"records": [{"name": "a.example", "cname": "b.example"}, {"name": "A.example", "a": ["192.0.2.1"]}]},
            "dns.records[1]: A.example is an alias (cname) and something else",
        ),
        (
            {"records": [{"name": "a.example", "ptr": "b.example"}]},
            "dns.records[0].ptr: a.example is not the name of an addr",
        ),
        (
            {"zones": {"ads.example": "redirect"}, "records": [{"name": "x.ads.example", "a": ["192.0.2.1"]}]},
            "dns.records[0].name: x.ads.example is below a redirected zone",
        ),
        ({"zones": {"a.example": "nodefault"}}, "dns.zones.a.example: "),
    ],
)
def test_problems(settings: dict[str, Any], expected: str) -> None:
    found = [f"{problem.path}: {problem.message}" for problem in problems_of(dns(**settings))]
    assert [line for line in found if line.startswith(expected)], found


def test_a_record_beside_a_reservation_is_a_warning() -> None:
    document = dns(records=[{"name": "nas.home.arpa", "a": ["192.168.1.8"]}])
    host = {"mac": "52:54:00:aa:00:01", "address": "192.168.1.9", "hostname": "nas"}
    document["dhcp"] = {"subnets": [{"interface": "lan", "reservations": [host]}]}
    assert [(problem.severity, problem.path) for problem in problems_of(document)] == [
        ("warning", "dns.records[0].name")
    ]
