"""What keeps an installation from beginning, and how its failures are told."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from tests.install.test_install_plain import GOOD, MEDIUM, SMALL

from patronus.host.blocks import SourceFailed
from patronus.host.run import CommandFailed
from patronus.install import write
from patronus.install.disks import Disk
from patronus.install.events import InstallFailed
from patronus.install.write import Order, install


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    """A disk whose device exists."""
    device = tmp_path / "disk"
    device.touch()
    return GOOD._replace(path=str(device))


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "work"
    monkeypatch.setattr(write, "WORK", folder)
    return folder


def refusal(monkeypatch: pytest.MonkeyPatch, chosen: Disk, *present: Disk) -> str:
    """Why an installation on the chosen disk does not begin when these are there now."""
    monkeypatch.setattr(write, "list_disks", lambda _medium: list(present))
    with pytest.raises(InstallFailed) as caught:
        next(install(Order(chosen), MEDIUM))
    return str(caught.value)


def test_a_disk_that_is_gone_is_not_replaced_by_another(monkeypatch: pytest.MonkeyPatch, disk: Disk) -> None:
    assert "has vanished" in refusal(monkeypatch, disk, SMALL)
    assert "is another disk now" in refusal(monkeypatch, disk, disk._replace(serial="S2"))
    assert "is another disk now" in refusal(monkeypatch, disk, disk._replace(size=disk.size + 512))


def test_a_disk_without_a_serial_number_is_known_by_what_is_on_it(monkeypatch: pytest.MonkeyPatch, disk: Disk) -> None:
    chosen = disk._replace(serial="", content=())
    assert "is another disk now" in refusal(monkeypatch, chosen, chosen._replace(content=("home (ext4)",)))


def test_a_disk_that_came_into_use_is_left_alone(monkeypatch: pytest.MonkeyPatch, disk: Disk) -> None:
    assert "cannot be used: it is in use" in refusal(monkeypatch, disk, disk._replace(obstacle="it is in use"))


def test_only_one_console_installs(monkeypatch: pytest.MonkeyPatch, disk: Disk) -> None:
    monkeypatch.setattr(write, "list_disks", lambda _medium: [disk])
    first = install(Order(disk), MEDIUM)
    next(first)
    assert "at another console" in refusal(monkeypatch, disk, disk)
    first.close()
    next(install(Order(disk), MEDIUM))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EIO, "Input/output error"), "is failing: it reports an input/output error"),
        (OSError(errno.EBUSY, "busy"), "is in use"),
        (OSError(errno.EROFS, "read-only"), "is write-protected"),
        (OSError(errno.ENXIO, "No such device"), "has vanished"),
        (OSError(errno.ENOSPC, "No space left"), "No space left"),
        (SourceFailed(errno.EIO, "Input/output error"), "installation medium cannot be read"),
        (CommandFailed(["systemd-repart"], 1, "it said no"), "systemd-repart could not do its part: it said no"),
        (ValueError("no verity partition"), "gives back is damaged: no verity partition"),
    ],
)
def test_failures_are_told_in_words(disk: Disk, error: Exception, words: str) -> None:
    with pytest.raises(InstallFailed, match=words) as caught, write._explained(Path(disk.path)):
        raise error
    assert caught.value.hint


@pytest.mark.parametrize("error", [OSError(errno.EIO, "x"), CommandFailed(["mount"], 1, "x")])
def test_a_disk_that_was_pulled_out_is_told_from_a_failing_one(tmp_path: Path, error: Exception) -> None:
    with pytest.raises(InstallFailed, match="has vanished"), write._explained(tmp_path / "gone"):
        raise error
