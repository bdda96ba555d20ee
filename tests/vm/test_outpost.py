"""Stories of the outpost: enrolment at its console, no clock, a second disk, owners who change their keys.

They follow each other: it boots once, and all but the first want a box whose owners have enrolled.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import pytest
from tests.vm.driver.house import BOX, House
from tests.vm.driver.lab import Lab
from tests.vm.driver.outpost import AHEAD, SIGNED_NAME, Outpost
from tests.vm.driver.owner import Owner
from tests.vm.driver.peer import Answer
from tests.vm.driver.provider import GATEWAY4, INTERNET4
from tests.vm.driver.router import Router
from tests.vm.driver.timeserver import TimeServer
from tests.vm.driver.waiting import wait_for

ANCHOR = "/var/lib/unbound/root.key"
HOST_KEYS = "/var/lib/patronus/ssh"


@pytest.fixture(scope="module")
def outpost(parts: Path) -> Iterator[Outpost]:
    """The outpost, as the stories before have left it."""
    with Lab() as lab:
        outpost = Outpost(lab, parts)
        outpost.boot()
        yield outpost


@pytest.fixture
def enrolled(outpost: Outpost) -> Outpost:
    """The outpost, with its owners' keys."""
    outpost.enrol()
    return outpost


def state_of(house: House, unit: str) -> str:
    return house.router.property_of(unit, "ActiveState")


def test_a_key_typed_at_the_console_lets_the_waiting_bundle_run(outpost: Outpost) -> None:
    router = outpost.router
    rules = router.run("nft", "list", "ruleset").out
    assert rules.count("policy drop;") == rules.count("policy ") > 0
    assert "alice" not in router.patronus("trust", "show").out
    for name in ("tty1", "ttyS0"):
        assert state_of(outpost, f"patronus-enrol@{name}.service") == "active"

    outpost.enrol()

    assert outpost.status()["device"] in router.serial()
    assert outpost.lease
    wait_for(outpost.can_manage, what="the owner's way in")
    outpost.wan.serve_echo(7001)
    wait_for(lambda: outpost.lan.connect(INTERNET4, 7001) is Answer.OPEN, what="the box to forward")
    assert outpost.status()["failure"] is None
    assert router.failed_units() == []
    trust = router.read_json("patronus", "trust", "show", "--json")
    assert (trust["origin"], trust["groups"], trust["threshold"]) == ("enrolled", ["offices"], 1)
    assert [key["names"] for key in trust["keys"]] == [["alice"], ["carol"]]
    router.wait_for_unit("getty@tty1.service")
    assert state_of(outpost, "patronus-enrol@tty1.service") == "inactive"


def test_nothing_is_enrolled_over_it(enrolled: Outpost) -> None:
    mallory = Owner.make(enrolled.lab.folder, "mallory")
    enrolled.router.write("/run/mallory.pub", mallory.public_key.encode())
    done = enrolled.router.patronus("trust", "enrol", "/run/mallory.pub", check=False)
    assert done.code == 1
    assert "this box has a trust store already" in done.err


def disk_below(router: Router, mount: str) -> str:
    """The serial of the disk that a mounted file system lies on, through device-mapper where that is between."""
    number = router.run("findmnt", "--noheadings", "--output", "MAJ:MIN", mount).out.strip()
    device = router.run("readlink", "--canonicalize", f"/sys/dev/block/{number}").out.strip()
    if "/dm-" in device:
        first = router.run("ls", f"{device}/slaves").out.split()[0]
        device = router.run("readlink", "--canonicalize", f"{device}/slaves/{first}").out.strip()
    return router.run("cat", f"{device}/../serial").out.strip()


def test_the_box_uses_the_disk_it_booted_from(enrolled: Outpost) -> None:
    """The other disk has the same root and labels, and a document that is as good and newer."""
    router = enrolled.router
    assert router.run("cat", "/sys/block/vda/serial").out.strip() == "other-1", "the other disk was there first"
    for mount in ("/", "/config", "/var"):
        assert disk_below(router, mount) == "patronus-disk", mount
    assert router.run("uname", "-n").out.strip() == "house"


def host_keys(router: Router) -> set[str]:
    """The public keys by which SSH clients know this box."""
    names = router.run("ls", HOST_KEYS).out.split()
    return {router.read(f"{HOST_KEYS}/{name}").decode().split()[1] for name in names if name.endswith(".pub")}


def test_two_boxes_share_no_identity(house: House, enrolled: Outpost) -> None:
    ours, theirs = house.router, enrolled.router

    assert ours.read("/etc/machine-id") != theirs.read("/etc/machine-id")
    assert host_keys(ours) and host_keys(theirs)
    assert not host_keys(ours) & host_keys(theirs)
    assert house.status()["device"] != enrolled.status()["device"]


def clock_of(house: House) -> float:
    """The time in the box, in seconds since 1970."""
    return float(house.router.run("date", "+%s").out)


def test_a_box_without_a_clock_gets_the_time_by_name_and_then_trusts_signed_names(enrolled: Outpost) -> None:
    box = enrolled
    assert box.lease
    image_made = float(box.router.run("stat", "--format=%Y", "/usr/lib/clock-epoch").out)
    assert image_made > 1.7e9
    assert clock_of(box) >= image_made, "no clock is older than the image"
    # To the box this root is forged, as it would be by a clock that is wrong.
    assert box.lan.dns_status(SIGNED_NAME, BOX) == "SERVFAIL"

    server = TimeServer(box.wan, GATEWAY4, ahead=AHEAD)
    try:
        box.router.run("systemctl", "restart", "chrony.service")
        wait_for(lambda: abs(clock_of(box) - time.time() - AHEAD) < 10, what="the right time in the box")
    finally:
        server.close()
    assert server.asked
    assert box.lan.dns_status(SIGNED_NAME, BOX) == "SERVFAIL", "only the time servers' names go unchecked"

    box.router.write(ANCHOR, box.anchor.encode())
    box.router.run("systemctl", "restart", "unbound.service")
    wait_for(lambda: box.lan.is_signed(SIGNED_NAME, BOX), what="the signed name to be believed")
    assert box.lan.resolve(SIGNED_NAME, BOX) == [INTERNET4]


def test_the_owners_exchange_their_keys(enrolled: Outpost, tmp_path: Path) -> None:
    box, alice, bob = enrolled, enrolled.owner, Owner.make(enrolled.lab.folder, "bob")
    assert box.lease
    made = [sys.executable, "-m", "patronus", "keygen", f"{bob.key}.pub", "--trust", str(tmp_path / "trust")]
    run(made, check=True, capture_output=True)
    exchange = alice.sign(box.base, tmp_path, "--trust", str(tmp_path / "trust"), "--group", "offices")

    applied = box.deliver(exchange, "--confirm-now")

    assert "another trust store is in force" in applied.text
    assert "not among the new keys: alice" in applied.text
    before = box.generation
    refused = box.deliver(alice.sign(box.base, tmp_path), check=False)
    assert (refused.code, box.generation) == (1, before)
    assert "a key this trust store does not list" in refused.text

    box.router.power_cut()
    box.router.boot()

    assert box.generation == before, "signed by a key that counts no more"
    refused = box.deliver(alice.sign(box.base, tmp_path), check=False)
    assert "a key this trust store does not list" in refused.text
    changed = box.base.put("system.timezone", "Europe/Vienna")
    box.deliver(bob.sign(changed, tmp_path, "--group", "offices"), "--confirm-now")
    assert box.generation != before
    trust = box.router.read_json("patronus", "trust", "show", "--json")
    assert (trust["exchanges"], trust["keys"][0]["names"]) == (1, ["bob"])
    assert box.can_manage(seconds=5)
