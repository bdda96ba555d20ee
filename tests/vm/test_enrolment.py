"""Stories about a box that trusts nobody: enrolment at its serial console, and how its owners exchange their keys."""

import sys
from pathlib import Path
from subprocess import run

from tests.vm.driver.house import House
from tests.vm.driver.outpost import Outpost
from tests.vm.driver.owner import Owner
from tests.vm.driver.peer import Answer
from tests.vm.driver.provider import INTERNET4
from tests.vm.driver.waiting import wait_for


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
