"""Stories about a box that trusts nobody: enrolment at its serial console, and how its owners exchange their keys."""

import sys
from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import pytest
from tests.vm.driver.house import NOTHING_TRUSTED, House
from tests.vm.driver.lab import Lab
from tests.vm.driver.owner import Owner
from tests.vm.driver.peer import Answer
from tests.vm.driver.provider import INTERNET4
from tests.vm.driver.waiting import wait_for

# The image under test has the developer's store baked in. An empty folder over it makes what `make image TRUST=none`
# makes, for every program that looks at it.
HIDDEN = b"[Service]\nTemporaryFileSystem=/usr/lib/patronus/trust:ro\n"
TRUSTS_NOBODY = {
    f"systemd.unit-dropin.{unit}.service~no-trust": HIDDEN for unit in ("patronus-load", "patronus-apply", "patronusd")
}


def make_stick(path: Path, owner: Owner) -> Path:
    """The image of a USB stick with somebody's public key on it."""
    run(["mkfs.vfat", "-C", "-n", "PATRONUS", str(path), "1440"], check=True, capture_output=True)
    run(["mcopy", "-i", str(path), f"{owner.key}.pub", "::"], check=True, capture_output=True)
    return path


@pytest.fixture(scope="module")
def blank(parts: Path) -> Iterator[House]:
    """A box that trusts nobody, with a bundle on its disk."""
    with Lab() as lab:
        alice, carol = (Owner.make(lab.folder, name) for name in ("alice", "carol"))
        stick = make_stick(lab.folder / "stick.img", carol)
        house = House(lab, parts, alice, name="blank", credentials=TRUSTS_NOBODY, sticks=[stick])
        house.router.boot(expect_failed=NOTHING_TRUSTED)
        yield house


class Conversation:
    """Types on the serial console, each line when it is asked for."""

    def __init__(self, house: House) -> None:
        self._router = house.router
        self._read = 0

    def expect(self, words: str) -> None:
        """Waits for words that were not there when the last line was typed."""
        wait_for(lambda: words in self._new(), what=f"the console to say {words!r}")

    def answer(self, prompt: str, line: str) -> None:
        """Waits for a prompt and types a line."""
        self.expect(prompt)
        self._read = len(self._router.serial())
        self._router.type(line)

    def _new(self) -> str:
        return self._router.serial()[self._read :]


def state_of(house: House, unit: str) -> str:
    return house.router.property_of(unit, "ActiveState")


def test_a_key_typed_at_the_console_lets_the_waiting_bundle_run(blank: House) -> None:
    router = blank.router
    rules = router.run("nft", "list", "ruleset").out
    assert rules.count("policy drop;") == rules.count("policy ") > 0
    console = Conversation(blank)
    console.expect("Key 1: ")
    assert blank.status()["device"] in router.serial()
    assert "alice" not in router.patronus("trust", "show").out
    for name in ("tty1", "ttyS0"):
        assert state_of(blank, f"patronus-enrol@{name}.service") == "active"

    console.answer("Key 1: ", "nonsense")
    console.answer("Key 1: ", blank.owner.public_key)
    console.answer("Key 2: ", "stick")
    console.answer("Key 3: ", "")
    console.answer("must sign? [1] ", "")
    console.answer("usually none): ", "offices")
    console.answer("to begin again: ", "yes")

    console.expect("is signed by these keys, and runs.")
    assert blank.lease
    wait_for(blank.can_manage, what="the owner's way in")
    blank.wan.serve_echo(7001)
    wait_for(lambda: blank.lan.connect(INTERNET4, 7001) is Answer.OPEN, what="the box to forward")
    assert blank.status()["failure"] is None
    assert router.failed_units() == []
    trust = router.read_json("patronus", "trust", "show", "--json")
    assert (trust["origin"], trust["groups"], trust["threshold"]) == ("enrolled", ["offices"], 1)
    assert [key["names"] for key in trust["keys"]] == [["alice"], ["carol"]]
    console.expect("login: ")
    router.wait_for_unit("getty@tty1.service")
    assert state_of(blank, "patronus-enrol@tty1.service") == "inactive"


def test_nothing_is_enrolled_over_it(blank: House) -> None:
    mallory = Owner.make(blank.lab.folder, "mallory")
    blank.router.write("/run/mallory.pub", mallory.public_key.encode())
    done = blank.router.patronus("trust", "enrol", "/run/mallory.pub", check=False)
    assert done.code == 1
    assert "this box has a trust store already" in done.err


def test_the_owners_exchange_their_keys(blank: House, tmp_path: Path) -> None:
    alice, bob = blank.owner, Owner.make(blank.lab.folder, "bob")
    made = [sys.executable, "-m", "patronus", "keygen", f"{bob.key}.pub", "--trust", str(tmp_path / "trust")]
    run(made, check=True, capture_output=True)
    exchange = alice.sign(blank.base, tmp_path, "--trust", str(tmp_path / "trust"), "--group", "offices")

    applied = blank.deliver(exchange, "--confirm-now")

    assert "another trust store is in force" in applied.text
    assert "not among the new keys: alice" in applied.text
    before = blank.generation
    refused = blank.deliver(alice.sign(blank.base, tmp_path), check=False)
    assert (refused.code, blank.generation) == (1, before)
    assert "a key this trust store does not list" in refused.text

    blank.router.power_cut()
    blank.router.boot()

    assert blank.generation == before, "signed by a key that counts no more"
    refused = blank.deliver(alice.sign(blank.base, tmp_path), check=False)
    assert "a key this trust store does not list" in refused.text
    changed = blank.base.put("system.timezone", "Europe/Vienna")
    blank.deliver(bob.sign(changed, tmp_path, "--group", "offices"), "--confirm-now")
    assert blank.generation != before
    trust = blank.router.read_json("patronus", "trust", "show", "--json")
    assert (trust["exchanges"], trust["keys"][0]["names"]) == (1, ["bob"])
    assert blank.can_manage(seconds=5)
