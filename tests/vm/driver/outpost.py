"""The outpost: a second box from the same image, set up where much is missing or wrong.

It trusts nobody, its clock has lost its battery, another disk with the same labels is found before its own, and the
root zone it sees is signed by a key that the image does not know. One boot tells the stories of all of these.
"""

import time
from pathlib import Path
from subprocess import run

from tests.vm.driver.house import NOTHING_TRUSTED, House
from tests.vm.driver.lab import Lab
from tests.vm.driver.owner import Owner
from tests.vm.driver.provider import GATEWAY4, INTERNET4
from tests.vm.driver.rootzone import sign_root, write_root
from tests.vm.driver.waiting import wait_for

from patronus_builder.disk import assemble

TIME_NAME = "time.lab"
SIGNED_NAME = "www.lab"
# The outpost's internet lives a month ahead, so that no clock of the box is right by chance.
AHEAD = 30 * 86400
# The image under test has the developer's store baked in. An empty folder over it makes what `make image TRUST=none`
# makes, for every program that looks at it.
_HIDDEN = b"[Service]\nTemporaryFileSystem=/usr/lib/patronus/trust:ro\n"
_TRUSTS_NOBODY = {
    f"systemd.unit-dropin.{unit}.service~no-trust": _HIDDEN
    for unit in ("patronus-stick", "patronus-load", "patronus-apply", "patronusd")
}


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


class Outpost(House):
    """A house whose owner is Alice; its disk has a bundle of hers, and the stick in its port Carol's public key."""

    def __init__(self, lab: Lab, parts: Path) -> None:
        alice, carol = (Owner.make(lab.folder, name) for name in ("alice", "carol"))
        stranger = self.base_document().put("system.hostname", "stranger")
        other = assemble(parts, lab.folder / "other.raw", [alice.sign(stranger, lab.folder, serial=4_000_000_000)])
        root, self.anchor = sign_root(write_root({TIME_NAME: GATEWAY4, SIGNED_NAME: INTERNET4}), time.time() + AHEAD)
        super().__init__(
            lab,
            parts,
            alice,
            name="outpost",
            settings={"ntp.sources": [{"host": TIME_NAME}]},
            root=root,
            credentials=_TRUSTS_NOBODY,
            sticks=[_make_stick(lab.folder / "stick.img", carol)],
            other_disks=[other],
            clock="2000-01-01",
        )
        self._enrolled = False

    def boot(self) -> None:
        """Boots it; it comes up and waits for its owner at the console."""
        self.router.boot(expect_failed=NOTHING_TRUSTED)

    def enrol(self) -> None:
        """Types the owners' keys at the console, once, and waits until the bundle on the disk runs."""
        if self._enrolled:
            return
        console = Conversation(self)
        console.answer("Key 1: ", "nonsense")
        console.answer("Key 1: ", self.owner.public_key)
        console.answer("Key 2: ", "stick")
        console.answer("Key 3: ", "")
        console.answer("must sign? [1] ", "")
        console.answer("usually none): ", "offices")
        console.answer("to begin again: ", "yes")
        console.expect("is signed by these keys, and runs.")
        console.expect("login: ")
        self._enrolled = True


def _make_stick(path: Path, owner: Owner) -> Path:
    """The image of a USB stick with somebody's public key on it."""
    run(["mkfs.vfat", "-C", "-n", "PATRONUS", str(path), "1440"], check=True, capture_output=True)
    run(["mcopy", "-i", str(path), f"{owner.key}.pub", "::"], check=True, capture_output=True)
    return path
