"""The story "house": what people at home and people outside notice of a box with an ordinary document."""

from ipaddress import IPv4Network, IPv6Network, ip_address

import pytest
from tests.vm.driver.house import BOX, CLIENT, House
from tests.vm.driver.peer import Answer
from tests.vm.driver.provider import (
    DELEGATED,
    GATEWAY4,
    INTERNET4,
    INTERNET6,
    NETWORK4,
    SERVER_NAME,
    link_local,
)
from tests.vm.driver.rootzone import FORGED_NAME
from tests.vm.driver.router import mac_of


def test_the_client_gets_a_lease_that_names_the_box(house: House) -> None:
    lease = house.lease

    assert lease.host == CLIENT
    assert lease.routers == [BOX]
    assert lease.dns == [BOX]
    assert lease.domain == "home.arpa"


def test_a_name_is_resolved_by_the_box_from_the_authority_outside(house: House) -> None:
    assert house.lan.resolve(SERVER_NAME, BOX) == [INTERNET4]
    assert house.lan.resolve(SERVER_NAME, BOX, "AAAA") == [INTERNET6]
    assert house.lan.dns_status(f"nobody.{SERVER_NAME}", BOX) == "NXDOMAIN"


def test_a_forged_answer_is_not_believed(house: House) -> None:
    # Asked not to check, the box shows what the forger says: the forgery does reach it.
    assert house.lan.resolve(FORGED_NAME, BOX, checked=False) == [INTERNET4]
    assert house.lan.dns_status(FORGED_NAME, BOX) == "SERVFAIL"


def test_the_box_does_not_answer_questions_from_outside(house: House) -> None:
    assert house.wan.dns_status(SERVER_NAME, house.wan_address, patience=3) == ""


def test_ipv4_goes_out_under_the_address_of_the_box(house: House) -> None:
    server = house.wan.serve_echo(7001)

    assert house.lan.echo(INTERNET4, 7001, "over NAT") == "over NAT"
    assert server.seen == [house.wan_address]
    assert ip_address(server.seen[0]) in IPv4Network(NETWORK4)
    assert house.lan.pings(INTERNET4)


def test_ipv6_is_routed_from_the_delegated_prefix(house: House) -> None:
    server = house.wan.serve_echo(7002)
    address = house.lan.wait_for_ipv6()

    assert ip_address(address) in IPv6Network(DELEGATED)
    assert house.wan.wait_for_delegation() == IPv6Network(DELEGATED)
    assert house.lan.echo(INTERNET6, 7002, "routed") == "routed"
    assert server.seen == [address], "the server sees the client itself, not a translated address"


def test_nobody_outside_can_open_a_connection_inwards(house: House) -> None:
    inside = house.lan.serve_echo(7003)
    address = house.lan.wait_for_ipv6()
    house.wan.add_route("192.168.1.0/24", house.wan_address)

    # Each of these is a packet that arrives at the box with the right address, and none gets an answer.
    assert house.lan.echo(CLIENT, 7003) == "hello", "the server inside runs"
    seen_before = list(inside.seen)
    assert house.wan.connect(CLIENT, 7003, seconds=2) is Answer.SILENT
    assert house.wan.connect(address, 7003, seconds=2) is Answer.SILENT
    assert house.wan.echo_udp(address, 7003, seconds=2) is None
    assert not house.wan.pings(address, seconds=2)
    assert inside.seen == seen_before


@pytest.mark.parametrize("port", [22, 53, 80, 443])
def test_the_box_itself_is_closed_from_outside(house: House, port: int) -> None:
    assert house.wan.connect(house.wan_address, port, seconds=1) is Answer.SILENT


def test_the_box_does_not_even_answer_a_ping_from_outside(house: House) -> None:
    assert not house.wan.pings(house.wan_address, seconds=2)
    assert house.lan.pings(BOX)


def test_the_port_forward_leads_to_the_server_inside(house: House) -> None:
    server = house.lan.serve_echo(80)
    try:
        assert house.wan.echo(house.wan_address, 8080, "from outside") == "from outside"
        assert server.seen == [GATEWAY4], "the server sees who really came"
    finally:
        server.close()


def test_a_refused_connection_is_refused_at_once(house: House) -> None:
    assert house.lan.connect(INTERNET4, 23) is Answer.REFUSED


def test_counters_move_with_the_rules_that_decide(house: House) -> None:
    house.wan.serve_echo(7004)
    before = house.counters()

    house.lan.echo(INTERNET4, 7004)
    house.lan.connect(INTERNET4, 23)
    house.wan.connect(house.wan_address, 4444, seconds=1)

    moved = house.counters() - before
    assert moved["lan-out"] >= 1
    assert moved["no-telnet"] >= 1
    assert moved["box.default filter"] >= 1
    assert moved["nat.outbound.automatic nat"] >= 1


def test_the_box_asks_the_provider_with_its_own_link_local_address(house: House) -> None:
    own = link_local(mac_of(1))
    assert house.wan.wait_for_delegation() == IPv6Network(DELEGATED)

    assert house.wan.senders("udp dst port 547") == {own}, "nobody but the box asks, and by no other address"
    assert not house.wan.pings(f"{own}%eth0", seconds=2), "WAN does not answer pings"
    (neighbour,) = house.wan.neighbours(own)
    assert neighbour["lladdr"] == mac_of(1), "the provider finds it there all the same"
