"""Name servers of the provider reach resolv.conf and Unbound as they are, and nothing else does."""

from __future__ import annotations

from patronus.provider.__main__ import list_routable, read_servers, write_forward_zone, write_resolv_conf

STATE = """# This is private data. Do not parse.
OPER_STATE=routable
DNS=198.51.100.1 2001:db8::53#dns.example 198.51.100.1 fe80::1%3 ; nonsense
DOMAINS=example.net
"""


def test_servers_are_read_in_order_and_once() -> None:
    assert read_servers(STATE) == ["198.51.100.1", "2001:db8::53", "fe80::1%3"]
    assert read_servers("") == []


def test_the_box_asks_three_of_them() -> None:
    assert write_resolv_conf(["192.0.2.1"]).splitlines()[1:] == ["nameserver 192.0.2.1"]
    assert write_resolv_conf([f"192.0.2.{number}" for number in range(1, 6)]).count("nameserver") == 3


def test_unbound_gets_those_it_can_reach() -> None:
    servers = list_routable(read_servers(STATE))
    assert write_forward_zone(servers) == (
        'forward-zone:\n    name: "."\n    forward-addr: 198.51.100.1\n    forward-addr: 2001:db8::53\n'
    )
    assert "forward-zone" not in write_forward_zone([])
