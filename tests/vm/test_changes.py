"""Stories about changes: only what changed is touched, and what cuts the owner off comes back by itself."""

import pytest
from tests.vm.driver.document import Document
from tests.vm.driver.flood import Flood
from tests.vm.driver.house import BOX, CLIENT, DEADLINE, House
from tests.vm.driver.peer import Answer
from tests.vm.driver.provider import INTERNET4
from tests.vm.driver.waiting import wait_for

# How far from its deadline it may look from here: reading the clock of the box takes a while.
EARLY = 2.0
# `make bench` measures how soon it is back. Here other machines run beside this one; the bound tells the timer from
# all else that might bring the box back: an end that systemd enforces (90 s), a boot (half a minute).
LATE = 15.0

# What every apply does with the rules, a hundred times.
RELOAD = """
from pathlib import Path
from patronus.host.nft import load_ruleset
for _ in range(100):
    load_ruleset(Path("/run/patronus/current/etc/patronus/ruleset.nft"))
"""


def cut_management(document: Document) -> Document:
    """A change an owner would regret: nothing at home may reach the box any more."""
    oops = {"name": "oops", "action": "block", "from": ["lan"], "to": ["self"]}
    return document.put("firewall.anti_lockout", False).add_first("firewall.rules", oops)


def test_a_change_of_one_rule_restarts_nothing(house: House) -> None:
    before = house.daemons()
    assert "unbound.service" in before and "kea-dhcp4-server.service" in before
    rule = {"name": "no-gopher", "action": "reject", "from": ["lan"], "protocol": "tcp", "ports": [70]}

    house.apply(house.base.add_first("firewall.rules", rule), "--confirm-now")

    assert house.daemons() == before
    assert house.lan.connect(INTERNET4, 70) is Answer.REFUSED


def assert_back_in_time(house: House) -> None:
    """Waits until the client reaches the box again: when the deadline has passed, and by what the timer started."""
    late = house.time_return()
    assert -EARLY <= late <= LATE, f"{late:.1f} s after the deadline\n{house.router.journal('--since=-60s')}"


def test_a_change_that_locks_the_owner_out_comes_back_in_time(house: House) -> None:
    boot = house.router.read("/proc/sys/kernel/random/boot_id")
    confirmed = house.status()["confirmed"]

    house.apply(cut_management(house.base), "--confirm-within", f"{DEADLINE}s")
    assert not house.can_manage(), "the change really cuts the owner off"

    assert_back_in_time(house)
    assert house.status()["generation"] == confirmed
    assert house.router.read("/proc/sys/kernel/random/boot_id") == boot, "without a reboot"


def test_it_comes_back_in_time_although_the_daemon_was_killed(house: House) -> None:
    confirmed = house.status()["confirmed"]
    house.apply(cut_management(house.base), "--confirm-within", f"{DEADLINE}s")
    assert not house.can_manage()
    before = house.router.property_of("patronusd.service", "MainPID")
    assert before != "0"

    house.router.run("systemctl", "kill", "--signal=SIGKILL", "patronusd.service")

    assert_back_in_time(house)
    assert house.status()["generation"] == confirmed
    assert house.router.property_of("patronusd.service", "MainPID") not in ("0", before)


def test_a_confirmed_change_stays(house: House) -> None:
    rule = {"name": "no-finger", "action": "reject", "from": ["lan"], "protocol": "tcp", "ports": [79]}
    house.apply(house.base.add_first("firewall.rules", rule), "--confirm-within", "10m")
    pending = house.router.read_json("cat", "/run/patronus/pending.json")

    house.router.patronus("confirm", pending["generation"])

    assert house.status()["confirmed"] == pending["generation"]
    timers = house.router.run("systemctl", "list-timers", "--all", "--no-legend", "patronus-revert.timer").out
    assert timers == "", "nothing waits to undo it"
    assert house.lan.connect(INTERNET4, 79) is Answer.REFUSED


def test_reloading_the_ruleset_loses_no_packet_and_lets_none_through(house: House) -> None:
    allowed = house.wan.serve_udp_echo(7010, address=INTERNET4)
    forbidden = house.wan.serve_udp_echo(23, address=INTERNET4)
    blocked = house.base.add_first(
        "firewall.rules", {"name": "no-udp-23", "action": "block", "from": ["lan"], "protocol": "udp", "ports": [23]}
    )
    # Every packet is a connection of its own: the table must hold those of half a minute.
    house.apply(blocked.put("system.tunables", {"net.netfilter.nf_conntrack_max": 262144}), "--confirm-now")

    with Flood(house.lan, INTERNET4, answering=7010, silent=23) as flood:
        house.router.run("python3", "-I", "-c", RELOAD, timeout=600)
    # With the table's usual size back, the box would take no new connection until enough of these have expired.
    house.router.run("conntrack", "--flush")

    assert flood.kept_lost == 0, f"{flood.kept_lost} of {flood.kept} packets of a known connection got no answer"
    assert flood.kept >= 1000
    # In the moment of the switch the kernel may drop the first packet of a connection, whoever loads the rules.
    assert flood.lost <= flood.sent / 2000, f"{flood.lost} of {flood.sent} first packets got no answer"
    assert flood.sent >= 1000, "a flood of at least ten new connections for every reload"
    assert flood.pushed >= 1000
    assert forbidden.seen == [], "a packet passed that no ruleset allows"
    assert len(allowed.seen) >= flood.sent


def test_a_wrong_address_at_home_comes_back_in_time(house: House) -> None:
    confirmed = house.status()["confirmed"]
    elsewhere = house.base.put("interfaces.lan.ipv4.addresses", ["192.168.77.1/24"]).put(
        "dhcp.subnets", [{"interface": "lan", "pools": ["192.168.77.100-192.168.77.100"]}]
    )

    house.apply(elsewhere, "--confirm-within", f"{DEADLINE}s")
    wait_for(lambda: not house.can_manage(), what="the old address to be gone")

    assert_back_in_time(house)
    assert house.status()["generation"] == confirmed
    assert house.router.addresses("lan", 4) == [BOX]
    assert house.lan.take_lease().host == CLIENT, "the services of the old address work as well"


@pytest.mark.parametrize("verb", ["status", "history"])
def test_the_box_tells_what_it_runs(house: House, verb: str) -> None:
    assert house.status()["generation"] in house.router.patronus(verb).out


def open_kept_trees(house: House) -> None:
    """What somebody with the disk in hand would do: let the trees kept for the next boot pass everything."""
    kept = house.router.run("find", "/config/rendered", "-type", "f").out.split()
    assert kept
    for path in kept:
        rules = house.router.read(path)
        house.router.write(path, rules.replace(b"policy drop", b"policy accept"))
        assert house.router.read(path) != rules
    house.router.run("sync", "--file-system", "/config")


def test_a_power_cut_undoes_what_was_not_confirmed(house: House) -> None:
    confirmed = house.status()["confirmed"]
    machine_id = house.router.read("/etc/machine-id")
    house.apply(cut_management(house.base), "--confirm-within", "10m")
    assert not house.can_manage()

    house.router.write("/var/lib/flushed", b"flushed")
    house.router.run("sync", "/var/lib/flushed")
    open_kept_trees(house)
    house.router.power_cut()
    house.router.boot()

    wait_for(house.can_manage, what="the owner's way in")
    status = house.status()
    assert status["generation"] == status["confirmed"] == confirmed
    assert status["pending"] is None
    assert "is not the one its owners signed: rendered again" in house.router.journal("-u", "patronus-apply.service")
    rules = house.router.run("nft", "--terse", "list", "table", "inet", "patronus").out
    assert all(f"hook {hook} priority filter; policy drop" in rules for hook in ("input", "forward"))
    assert house.router.read("/var/lib/flushed") == b"flushed"
    assert house.router.read("/etc/machine-id") == machine_id, "the box is still the same"
