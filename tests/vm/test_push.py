"""Stories about changes from a workstation: `patronus push` over SSH."""

import subprocess
import sys
from pathlib import Path

from tests.vm.driver.document import Document
from tests.vm.driver.house import BOX, LAN_CARD, House
from tests.vm.driver.waiting import PATIENCE, wait_for

UNCONFIRMED = 4


def add_rule(house: House, name: str) -> Document:
    """The house with one more rule."""
    rule = {"name": name, "action": "block", "from": ["lan"], "ports": [9999], "protocol": "tcp"}
    return house.base.add("firewall.rules", rule)


def push_words(house: House, bundle: Path, *options: str) -> list[str]:
    """The command line of a push as the house's admin."""
    ssh = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", f"IdentityFile={house.admin.key}")
    words = [word for option in ssh for word in ("-o", option)]
    return [sys.executable, "-m", "patronus", "push", "--yes", *words, *options, f"admin@{BOX}", str(bundle)]


def test_an_admin_pushes_a_change_over_ssh(house: House) -> None:
    bundle = house.owner.sign(add_rule(house, "pushed"), house.lab.folder)

    done = house.lan.run(*push_words(house, bundle), timeout=600)

    assert "is confirmed" in done.stderr
    status = house.status()
    assert status["pending"] is None
    assert status["generation"] == status["confirmed"]
    assert "pushed" in house.counters()


def test_a_push_whose_cable_is_cut_says_so_and_the_box_goes_back(house: House) -> None:
    before = house.generation
    bundle = house.owner.sign(add_rule(house, "cut-off"), house.lab.folder)
    words = push_words(house, bundle, "--confirm-within", "60s", "--reconnect-within", "5s")

    with house.lan.namespace.entered():
        push = subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    try:
        wait_for(
            lambda: house.generation != before,
            what="the change to run",
            pause_at_most=0.05,
        )
        house.router.cut_cable(LAN_CARD)
        said = push.communicate(timeout=PATIENCE)[1]
        wait_for(lambda: house.generation == before, what="the box to go back")
    finally:
        push.kill()
        push.wait()
        house.router.plug_cable(LAN_CARD)

    assert push.returncode == UNCONFIRMED, said
    assert "no answer any more" in said
    assert "the box goes back by itself within 60 s" in said
    wait_for(house.can_manage, what="the owner's way in")
    assert "cut-off" not in house.counters()
    assert house.status()["pending"] is None
