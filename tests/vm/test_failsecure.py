"""Stories about a box that cannot use its configuration: it is shut on every side, and says why."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.vm.driver.house import BOX, CLIENT, DEADLINE, LOAD, NOTHING_TRUSTED, SSH, House
from tests.vm.driver.peer import Answer
from tests.vm.driver.provider import GATEWAY4, INTERNET4
from tests.vm.driver.router import mac_of
from tests.vm.driver.waiting import wait_for

FAILSECURE = "patronus-failsecure.service"
LOCKDOWN = "/usr/lib/patronus/lockdown.nft"
# An address of the provider's network outside its pool, for a box that has asked for none.
OUTSIDE = "45.67.89.200"


class Console:
    """What the box writes from now on, on the serial line and on its screen."""

    def __init__(self, house: House) -> None:
        self._router = house.router
        self._begin = len(house.router.serial())

    def wait_for(self, *words: str) -> None:
        """Waits until both show all of the words."""

        def read() -> bool:
            lines = self._router.serial()[self._begin :]
            screen = self._router.read("/dev/vcs1").decode(errors="replace")
            return all(word in lines and word in screen for word in words)

        wait_for(read, what=f"{words} on the serial line and on the screen")


def cards(house: House) -> dict[str, str]:
    """The names that WAN and LAN have now; a box without a configuration has not named them."""
    links = house.router.read_json("ip", "-j", "link", "show")
    names = {link["address"]: link["ifname"] for link in links}
    return {"wan": names[mac_of(1)], "lan": names[mac_of(2)]}


@contextmanager
def all_open_but_the_rules(house: House) -> Iterator[None]:
    """Addresses, links and forwarding, as if every other protection had failed: only the ruleset is left."""
    names = cards(house)
    for name, address in ((names["wan"], f"{OUTSIDE}/24"), (names["lan"], f"{BOX}/24")):
        house.router.run("ip", "address", "replace", address, "dev", name)
        house.router.run("ip", "link", "set", "dev", name, "up")
    house.router.run("ip", "route", "replace", "default", "via", GATEWAY4)
    house.router.run("sysctl", "-qw", "net.ipv4.ip_forward=1")
    way_in = ("192.168.1.0/24", "via", OUTSIDE)
    house.wan.run("ip", "route", "replace", *way_in)
    yield
    house.wan.run("ip", "route", "delete", *way_in)


def assert_shut(house: House, *, address: str) -> None:
    """Nothing opens from WAN, nothing from LAN, and nothing passes in either direction."""
    beyond = house.wan.serve_echo(7021, address=INTERNET4)
    at_home = house.lan.serve_echo(80)
    try:
        for port in (SSH, 8080):
            assert house.wan.connect(address, port, seconds=2) is not Answer.OPEN
        assert not house.wan.pings(address, seconds=2)
        assert house.wan.connect(CLIENT, 80, seconds=2) is not Answer.OPEN
        assert house.lan.connect(BOX, SSH, seconds=2) is not Answer.OPEN
        assert not house.lan.pings(BOX, seconds=2)
        assert house.lan.connect(INTERNET4, 7021, seconds=2) is not Answer.OPEN
        assert not house.lan.pings(INTERNET4, seconds=2)
        assert beyond.seen == at_home.seen == []
    finally:
        beyond.close()
        at_home.close()


def test_a_box_that_cannot_go_back_is_shut_and_says_so(house: House) -> None:
    address, before = house.wan_address, house.router.run("readlink", "-f", "/run/patronus/current").out.strip()
    console = Console(house)
    house.is_shut = True
    house.apply(house.base.put("firewall.anti_lockout", False), "--confirm-within", f"{DEADLINE}s")

    house.router.write(f"{before}/etc/patronus/ruleset.nft", b"no ruleset\n")

    console.wait_for("THIS BOX IS LOCKED DOWN: GOING BACK FAILED", "could not load the firewall")
    assert_shut(house, address=address)
    assert "attempt 3 of 3" in house.router.journal("-u", "patronus-revert.service")
    status = house.status()
    assert status["failure"]["reason"] == "going back failed"
    assert status["pending"] is None, "nothing waits for ever"
    assert status["generation"] == ""
    assert FAILSECURE not in house.router.failed_units()


def test_a_box_whose_config_partition_was_tampered_with_stays_shut(house_as_it_is: House) -> None:
    house, router = house_as_it_is, house_as_it_is.router
    path = f"/config/generations/{house.status()['confirmed']}/bundle"
    good = router.read(path)
    console = Console(house)
    router.write(path, good.replace(b"no-telnet", b"no-talent"))
    try:
        router.run("sync")

        router.reboot(expect_failed=NOTHING_TRUSTED)

        wait_for(lambda: set(NOTHING_TRUSTED) <= set(router.failed_units()), what="both steps to have given up")
        console.wait_for("THIS BOX IS LOCKED DOWN: NO CONFIGURATION CAN BE TRUSTED", "changed after it was signed")
        assert "no configuration can be trusted" in router.journal("-u", LOAD)
        note = ("cat", "/run/patronus/failure-shown")
        wait_for(
            lambda: "NO CONFIGURATION CAN" in router.run(*note, check=False).out, what="the note of what was shown"
        )
        with all_open_but_the_rules(house):
            assert_shut(house, address=OUTSIDE)
            router.run("nft", "flush", "ruleset")
            assert house.wan.pings(OUTSIDE), "it was the rules that kept it shut"
            assert house.lan.pings(INTERNET4)
    finally:
        router.write(path, good)
        router.run("sync")


def test_rules_that_do_not_load_leave_the_cards_switched_off(house_as_it_is: House) -> None:
    house, router = house_as_it_is, house_as_it_is.router
    router.write("/run/no-ruleset.nft", b"no ruleset\n")
    router.run("mount", "--bind", "/run/no-ruleset.nft", LOCKDOWN)
    console = Console(house)
    with all_open_but_the_rules(house):
        assert router.run("systemctl", "restart", FAILSECURE, check=False).code == 1

        console.wait_for("THIS BOX IS LOCKED DOWN", "the firewall cannot be closed")
        assert FAILSECURE in router.failed_units()
        assert "the firewall cannot be closed" in router.journal("-u", FAILSECURE)
        assert_shut(house, address=OUTSIDE)
        for name in cards(house).values():
            flags = router.read_json("ip", "-j", "link", "show", "dev", name)[0]["flags"]
            assert "UP" not in flags


def test_it_opens_again_when_its_configuration_is_whole(house: House) -> None:
    assert house.status()["failure"] is None
    assert house.router.failed_units() == []
    assert house.lan.pings(INTERNET4)
