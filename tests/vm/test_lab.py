"""The lab itself, without a router: what the stories rely on when they say that the router is at fault."""

import contextlib
import os
import threading

from tests.vm.driver.lab import Lab
from tests.vm.driver.peer import Answer
from tests.vm.driver.provider import (
    GATEWAY4,
    GATEWAY6,
    INTERNET4,
    INTERNET6,
    NAME_SERVER4,
    SERVER_NAME,
    link_local,
)
from tests.vm.driver.rootzone import FORGED_NAME, ROOT_ADDRESSES
from tests.vm.driver.waiting import wait_for


def copy_frames(source: int, target: int) -> None:
    """A cable between two tap descriptors, one way, until a device goes away with its namespace."""
    with contextlib.suppress(OSError):
        while frame := os.read(source, 70000):
            os.write(target, frame)
    os.close(source)
    os.close(target)


def join(one: int, other: int) -> None:
    """A cable between two peers, where the stories have a router."""
    for pair in ((one, other), (other, one)):
        threading.Thread(target=copy_frames, args=(os.dup(pair[0]), os.dup(pair[1])), daemon=True).start()


def test_a_host_gets_all_that_a_provider_offers(lab: Lab) -> None:
    wan = lab.add_provider()
    host = lab.add_peer("host")
    join(wan.cable_fd, host.cable_fd)

    lease = host.take_lease()

    assert lease.routers == [GATEWAY4]
    assert lease.dns == [NAME_SERVER4]
    assert host.pings(INTERNET4)
    assert host.resolve(SERVER_NAME, NAME_SERVER4) == [INTERNET4]
    assert host.resolve(SERVER_NAME, NAME_SERVER4, "AAAA") == [INTERNET6]
    assert wait_for(lambda: host.run("ip", "-6", "route", "show", "default").stdout, what="an RA")
    for address in ROOT_ADDRESSES:
        assert host.resolve(FORGED_NAME, address) == [INTERNET4], address
    assert host.pings(GATEWAY6)
    assert host.addresses(6) == [], "the provider gives addresses by DHCPv6 only"
    assert wan.check_children() == []


def test_connections_tell_open_refused_and_silent_apart(lab: Lab) -> None:
    server, client = lab.add_peer("server"), lab.add_peer("client")
    join(server.cable_fd, client.cable_fd)
    server.add_address("10.0.0.1/24")
    client.add_address("10.0.0.2/24")
    echo, udp = server.serve_echo(7000), server.serve_udp_echo(7000)
    server.run("nft", "add table inet t; add chain inet t in { type filter hook input priority 0; }")
    server.run("nft", "add rule inet t in tcp dport 7002 drop")

    assert client.connect("10.0.0.1", 7000) is Answer.OPEN
    assert client.connect("10.0.0.1", 7001) is Answer.REFUSED
    assert client.connect("10.0.0.1", 7002, seconds=1) is Answer.SILENT
    assert client.echo("10.0.0.1", 7000, "over TCP") == "over TCP"
    assert client.echo_udp("10.0.0.1", 7000, "over UDP") == "over UDP"
    assert client.echo_udp("10.0.0.1", 7001, seconds=1) is None
    assert set(echo.seen) == {"10.0.0.2"}
    assert udp.seen == ["10.0.0.2"]


def test_link_local_addresses_follow_from_the_mac() -> None:
    assert link_local("52:54:00:00:00:01") == "fe80::5054:ff:fe00:1"
