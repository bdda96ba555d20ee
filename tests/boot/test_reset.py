"""Factory defaults: what a box forgets, what stays if asked, and a power cut in the middle."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.boot.test_choose import confirm
from tests.box import DEVICE, Box, sign

from patronus.boot import reset
from patronus.boot.choose import choose
from patronus.boot.reset import KEEP_TRUST
from patronus.daemon.caller import Caller
from patronus.daemon.handlers import HANDLERS
from patronus.host import identity
from patronus.host.generations import Generations
from patronus.host.layout import Layout
from patronus.ops import messages as m
from patronus.values.problem import Refused

CALLER = Caller("alice", lambda _text: None)


@pytest.fixture
def used(box: Box, tmp_path: Path) -> Box:
    """A box that has worked for a while."""
    confirm(box, sign(box.key, 6), 6)
    box.deliver("old.bundle", sign(box.key, 5))
    for name in ("config/trust/allowed_signers", "config/.draft", "config/lost+found/inode", "var/log/journal/x",
                 "var/lib/patronus/ssh/ssh_host_ed25519_key", "var/home/alice/.ssh/known_hosts",
                 "var/lost+found/inode"):  # fmt: skip
        path = box.layout.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"something")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").touch()
    (box.layout.state / "link").symlink_to(outside)
    return box


def ask(box: Box, *, keep_trust: bool) -> None:
    HANDLERS["FactoryReset"](box.layout, m.FactoryResetRequest(keep_trust=keep_trust), CALLER)


def boot(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step of the next boot."""
    monkeypatch.setattr(reset, "Layout", lambda: box.layout)
    assert reset.main() == 0


def left(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_nothing_is_forgotten_while_the_box_still_works(used: Box) -> None:
    before = left(used.layout.root)
    ask(used, keep_trust=False)
    assert {path for path in left(used.layout.root) - before if not path.startswith("run")} == {"config/factory-reset"}
    assert used.system.calls == ["systemctl --no-block reboot"]


def test_a_box_of_another_owner_knows_nothing(used: Box, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ask(used, keep_trust=False)
    boot(used, monkeypatch)
    assert left(used.layout.config) == {"incoming", "generations", "trust", "lost+found", "lost+found/inode"}
    stays = {"home", "lost+found", "lost+found/inode", "lib", "lib/dbus", "lib/dbus/machine-id"}
    assert left(used.layout.state) == stays
    assert (tmp_path / "outside/file").exists()
    with pytest.raises(Refused, match="no configuration yet"):
        choose(used.layout)
    assert identity.read_device(used.layout).id != DEVICE


def test_a_box_that_stays_its_owners_keeps_trust_and_id(used: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(used, keep_trust=True)
    boot(used, monkeypatch)
    assert (used.layout.config / "trust/allowed_signers").read_bytes() == b"something"
    assert json.loads((used.layout.config / "device.json").read_bytes()) == {"id": DEVICE}
    assert Generations(used.layout.config).confirmed() is None
    assert not left(used.layout.config / "generations")
    assert not left(used.layout.config / "incoming")


def test_two_resets_make_two_machines(used: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    found = set()
    for _ in range(2):
        ask(used, keep_trust=False)
        boot(used, monkeypatch)
        found.add((used.layout.state / "lib/dbus/machine-id").read_text())
    assert len(found) == 2
    assert all(re.fullmatch(r"[0-9a-f]{32}\n", text) for text in found), "machine-id(5)"


def test_older_bundles_count_again(used: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """The box is new: whoever has the stick in hand begins anew."""
    ask(used, keep_trust=True)
    boot(used, monkeypatch)
    used.deliver("again.bundle", sign(used.key, 2))
    assert choose(used.layout).record.serial == 2


CUT_SHORT = 9
CUT = f"""
import os, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from patronus.boot.reset import forget
from patronus.host.layout import Layout
left = int(sys.argv[2])
def count(event, _arguments):
    global left
    if event in ("os.remove", "os.rename", "os.rmdir", "os.mkdir"):
        left -= 1
        if left < 0:
            os._exit({CUT_SHORT})
sys.addaudithook(count)
forget(Layout(Path(sys.argv[1])), keep_trust=False)
"""


def test_after_a_power_cut_at_any_moment_it_is_done_again(
    used: Box, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a process of its own, which ends where the power does."""
    ask(used, keep_trust=False)
    halves = 0
    for step in range(1000):
        place = Layout(tmp_path / f"cut-{step}")
        shutil.copytree(used.layout.root, place.root, symlinks=True)
        done = subprocess.run([sys.executable, "-I", "-c", CUT, str(place.root), str(step)], check=False)
        if done.returncode == 0:
            break
        assert done.returncode == CUT_SHORT
        assert place.factory_reset.exists(), "the next boot does it again"
        if left(place.config) != left(used.layout.config):
            assert Generations(place.config).confirmed() is None, "what is half forgotten does not boot"
            halves += 1
        monkeypatch.setattr(reset, "Layout", lambda place=place: place)
        assert reset.main() == 0
        assert left(place.config) == {"incoming", "generations", "trust", "lost+found", "lost+found/inode"}
        assert not place.factory_reset.exists()
    assert halves > 5
    assert not place.factory_reset.exists()


def test_the_mark_says_what_stays(used: Box) -> None:
    ask(used, keep_trust=True)
    assert used.layout.factory_reset.read_bytes() == KEEP_TRUST
    ask(used, keep_trust=False)
    assert used.layout.factory_reset.read_bytes() == b""
