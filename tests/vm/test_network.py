"""Stories about interfaces and the services on them: what changes is done, and what does not change is left alone."""

import json
import re

from tests.vm.driver.document import Document
from tests.vm.driver.house import BOX, CLIENT, House
from tests.vm.driver.provider import NAME_SERVER4, SERVER_NAME
from tests.vm.driver.waiting import wait_for

KEA, UNBOUND = "kea-dhcp4-server.service", "unbound.service"
RESOLVER6 = "fe80::1:1%eth0"
GUEST = {
    "vlan": {"parent": "lan", "id": 20},
    "zone": "lan",
    "ipv4": {"addresses": ["192.168.20.1/24"]},
    "ipv6": {"from": "wan", "id": 2},
}


def reconfigured(house: House, since: str) -> set[str]:
    """The interfaces networkd configured anew after a journal cursor."""
    lines = house.router.run("journalctl", "-u", "systemd-networkd", "-o", "cat", f"--after-cursor={since}").out
    return set(re.findall(r"^(\w+): (?:Reconfiguring|Configuring) with", lines, re.MULTILINE))


def cursor(house: House) -> str:
    """Where the journal ends now."""
    return house.router.run("journalctl", "-n0", "--show-cursor").out.rpartition("cursor: ")[2].strip()


def listens(house: House, address: str) -> bool:
    """Whether Kea has its socket on an address."""
    return f"{address}:67" in house.router.run("ss", "-Hlun").out


def test_a_host_is_known_by_the_name_it_gave(house: House) -> None:
    assert house.lan.take_lease(hostname="Laptop").host == CLIENT

    wait_for(lambda: house.lan.resolve("laptop.home.arpa", BOX) == [CLIENT], what="the name of the lease")
    assert house.lan.resolve("100.1.168.192.in-addr.arpa", BOX, "PTR") == ["laptop.home.arpa."]

    house.router.run("systemctl", "restart", UNBOUND)
    wait_for(lambda: house.lan.resolve("laptop.home.arpa", BOX) == [CLIENT], what="the name after a restart")


def test_no_host_becomes_the_box_by_asking(house: House) -> None:
    house.lan.take_lease(hostname="Laptop")
    wait_for(lambda: house.lan.resolve("laptop.home.arpa", BOX) == [CLIENT], what="the name of the lease")

    house.lan.take_lease(hostname="house")
    wait_for(lambda: house.lan.resolve("laptop.home.arpa", BOX) == [], what="the lease to change its name")

    assert house.lan.resolve("house.home.arpa", BOX) == [BOX]


def test_a_new_record_is_answered_by_the_same_process_with_its_cache(house: House) -> None:
    house.lan.resolve(SERVER_NAME, BOX)
    before = house.router.main_pids()
    record = {"name": "nas.home.arpa", "a": ["192.168.1.9"]}

    house.apply(house.base.put("dns.records", [record]), "--confirm-now")

    assert house.lan.resolve("nas.home.arpa", BOX) == ["192.168.1.9"]
    assert house.router.main_pids()[UNBOUND] == before[UNBOUND]
    assert SERVER_NAME in house.router.run("unbound-control", "dump_cache").out


def test_the_resolver_asks_whom_the_provider_names(house: House) -> None:
    assert house.wan_address

    house.apply(house.base.put("dns.forward_to_provider", True), "--confirm-now")

    def forwards() -> bool:
        return NAME_SERVER4 in house.router.run("unbound-control", "list_forwards").out

    wait_for(forwards, what="Unbound to forward to the provider")
    house.router.run("systemctl", "restart", UNBOUND)
    wait_for(forwards, what="Unbound to forward after a restart")


def test_a_box_without_resolver_asks_the_provider_itself(house: House) -> None:
    data = json.loads(house.base.text)
    del data["dns"]

    house.apply(Document(data), "--confirm-now")

    wait_for(
        lambda: f"nameserver {NAME_SERVER4}" in house.router.run("cat", "/etc/resolv.conf", check=False).out,
        what="the provider's name server in resolv.conf",
    )


def test_hosts_reach_the_resolver_over_ipv6_whatever_their_prefix(house: House) -> None:
    house.lan.wait_for_ipv6()

    assert house.lan.resolve("house.home.arpa", RESOLVER6) == [BOX]


def test_a_network_comes_and_goes_and_the_others_do_not_notice(house: House) -> None:
    assert house.wan_address
    address, start = house.wan_address, cursor(house)
    before = house.router.main_pids()
    subnet = {"interface": "guest", "pools": ["192.168.20.100-192.168.20.199"]}
    with_guest = house.base.put("interfaces.guest", GUEST).add("dhcp.subnets", subnet)

    house.apply(with_guest, "--confirm-now")

    wait_for(lambda: listens(house, "192.168.20.1"), what="Kea on the new network")
    link = house.router.read_json("ip", "-d", "-j", "link", "show", "guest")[0]
    assert link["linkinfo"]["info_data"]["id"] == 20
    wait_for(lambda: house.router.addresses("guest", 6), what="a delegated prefix on the new network")

    house.apply(with_guest.put("interfaces.guest.vlan.id", 21), "--confirm-now")

    wait_for(lambda: listens(house, "192.168.20.1"), what="Kea on the renumbered network")
    link = house.router.read_json("ip", "-d", "-j", "link", "show", "guest")[0]
    assert link["linkinfo"]["info_data"]["id"] == 21

    house.apply(house.base, "--confirm-now")

    assert house.router.run("ip", "link", "show", "guest", check=False).code != 0
    wait_for(lambda: not listens(house, "192.168.20.1"), what="Kea to leave the network that is gone")
    assert house.router.main_pids()[KEA] == before[KEA]
    assert house.wan_address == address
    assert "wan" not in reconfigured(house, start), "the provider's lease was not touched"
    assert house.router.failed_units() == []
