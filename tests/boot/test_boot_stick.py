"""What a box without a configuration takes from a stick, and what it leaves there."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest
from tests.box import Box, sign

from patronus.boot import stick as stick_module
from patronus.boot.choose import choose
from patronus.boot.stick import take_from
from patronus.host import stick as host_stick
from patronus.host.run import Done
from patronus.trust import Target


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """The root folder of a mounted stick."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def incoming(box: Box) -> list[Path]:
    return sorted((box.layout.config / "incoming").glob("*"))


def test_a_signed_bundle_is_taken_and_is_what_boots(box: Box, stick: Path) -> None:
    (stick / "house.bundle").write_bytes(sign(box.key, 7))
    (stick / "holiday.jpg").write_bytes(b"not ours")
    taken, problems = take_from(box.layout, stick)
    assert (taken, problems) == (incoming(box), [])
    assert choose(box.layout).record.serial == 7


def test_taking_twice_is_taking_once(box: Box, stick: Path) -> None:
    (stick / "house.bundle").write_bytes(sign(box.key, 7))
    assert take_from(box.layout, stick) == take_from(box.layout, stick)
    assert len(incoming(box)) == 1


def test_what_nobody_trusted_has_signed_is_left_with_a_reason(box: Box, stick: Path, mallory: Path) -> None:
    (stick / "evil.bundle").write_bytes(sign(mallory, 7))
    taken, [problem] = take_from(box.layout, stick)
    assert not taken and not incoming(box)
    assert problem.startswith("evil.bundle: ") and "does not list" in problem


def test_one_bad_file_does_not_spoil_a_good_one(box: Box, stick: Path, mallory: Path) -> None:
    (stick / "a.bundle").write_bytes(sign(mallory, 9))
    (stick / "b.bundle").write_bytes(sign(box.key, 7))
    taken, problems = take_from(box.layout, stick)
    assert len(taken) == len(problems) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<?xml version='1.0'?><pfsense/>", "not a Patronus bundle"),
        (b"", "bundle ends after 0"),
        (b"PATRONUS", "ends after 8 of 80 bytes"),
    ],
)
def test_files_that_are_no_bundles_are_named(box: Box, stick: Path, content: bytes, reason: str) -> None:
    (stick / "config.bundle").write_bytes(content)
    taken, [problem] = take_from(box.layout, stick)
    assert not taken and not incoming(box)
    assert reason in problem


@pytest.mark.parametrize("change", [-1, 1])
def test_a_file_that_is_not_as_long_as_its_header_says_is_not_read_on(box: Box, stick: Path, change: int) -> None:
    bundle = sign(box.key, 7)
    (stick / "house.bundle").write_bytes(bundle[:-1] if change < 0 else bundle + b"x")
    taken, [problem] = take_from(box.layout, stick)
    assert not taken and "its header says" in problem


def test_a_huge_file_is_not_read(box: Box, stick: Path) -> None:
    with (stick / "huge.bundle").open("wb") as file:
        file.write(sign(box.key, 7)[:80])
        file.truncate(2**40)
    taken, [problem] = take_from(box.layout, stick)
    assert not taken and str(2**40) in problem


def test_links_pipes_and_folders_are_not_followed(box: Box, stick: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(sign(box.key, 7))
    (stick / "a.bundle").symlink_to(tmp_path / "elsewhere")
    (stick / "c.bundle").mkdir()
    os.mkfifo(stick / "b.bundle")
    taken, problems = take_from(box.layout, stick)
    assert not taken and not incoming(box)
    assert len(problems) == 3


def test_one_file_that_cannot_be_read_does_not_spoil_a_good_one(
    box: Box, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a damaged file system; here the second file is the one."""
    (stick / "a.bundle").write_bytes(sign(box.key, 7))
    (stick / "b.bundle").write_bytes(sign(box.key, 9))
    read = stick_module.read_carefully

    def fail(path: Path) -> bytes:
        if path.name == "b.bundle":
            raise OSError(errno.EIO, "Input/output error")
        return read(path)

    monkeypatch.setattr(stick_module, "read_carefully", fail)
    taken, [problem] = take_from(box.layout, stick)
    assert (len(taken), problem) == (1, "b.bundle: Input/output error")


def test_a_bundle_for_another_box_changes_nothing(box: Box, stick: Path) -> None:
    (stick / "other.bundle").write_bytes(sign(box.key, 7, target=Target(devices=("fedcba9876543210",))))
    taken, [problem] = take_from(box.layout, stick)
    assert not taken and not incoming(box)
    assert problem.startswith("other.bundle: ") and "fedcba9876543210" in problem


def test_an_older_bundle_beside_a_newer_one_does_not_win(box: Box, stick: Path) -> None:
    """On a box without a confirmed generation any serial may come; where there are two the higher one counts."""
    (stick / "z-old.bundle").write_bytes(sign(box.key, 3))
    (stick / "a-new.bundle").write_bytes(sign(box.key, 8))
    take_from(box.layout, stick)
    assert choose(box.layout).record.serial == 8


def test_only_so_many_files_are_looked_at(box: Box, stick: Path) -> None:
    for number in range(stick_module.MAX_FILES + 5):
        (stick / f"{number:03}.bundle").write_bytes(b"rubbish")
    taken, problems = take_from(box.layout, stick)
    assert not taken and len(problems) == stick_module.MAX_FILES


def look(box: Box, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the boot step; return what consoles show of it, which nothing on a stick may use against a terminal."""
    monkeypatch.setattr(stick_module, "Layout", lambda: box.layout)
    monkeypatch.setattr(stick_module, "run", box.system.run)
    assert stick_module.main() == 0
    shown = (box.layout.root / "run/issue.d/60-stick.issue").read_text()
    assert shown.replace("\n", "").isprintable()
    return shown


def test_the_step_takes_a_bundle_and_leaves_nothing_mounted(
    box: Box, plugged: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (plugged / "house.bundle").write_bytes(sign(box.key, 7))
    assert look(box, monkeypatch) == ""
    assert choose(box.layout).record.serial == 7
    assert f"systemctl stop -- {host_stick.UNIT}" in box.system.calls


@pytest.mark.parametrize(
    "name", [b"\x1b[2J\x1b]52;c;AAAA\x07.bundle", b"\xff\xfe.bundle", "\u202eevil\\.bundle".encode()]
)
def test_a_name_cannot_act_on_the_terminal_it_is_shown_on(
    box: Box, plugged: Path, monkeypatch: pytest.MonkeyPatch, name: bytes
) -> None:
    Path(os.fsdecode(os.fsencode(plugged) + b"/" + name)).write_bytes(b"<pfsense/>")
    assert "not a Patronus bundle" in look(box, monkeypatch)
    assert not incoming(box)


def test_a_file_system_that_cannot_be_mounted_is_told(box: Box, plugged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    box.system.refuses = lambda call: call == f"systemctl start -- {host_stick.UNIT}"
    assert "the stick cannot be read; it needs a FAT file system" in look(box, monkeypatch)


def test_of_two_sticks_none_is_taken(box: Box, plugged: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (plugged / "house.bundle").write_bytes(sign(box.key, 7))
    disks = [{"path": f"/dev/sd{letter}", "label": "PATRONUS"} for letter in "ab"]
    box.system.prints["lsblk"] = json.dumps({"blockdevices": disks}).encode()
    assert "2 volumes are labelled PATRONUS: /dev/sda, /dev/sdb; leave only one" in look(box, monkeypatch)
    assert not incoming(box)


def test_a_stick_without_a_bundle_says_so(box: Box, stick: Path) -> None:
    (stick / "config.xml").write_text("<pfsense/>")
    assert take_from(box.layout, stick) == ([], ["there is no file named *.bundle on it"])


class Units:
    """Plays systemctl: the states of the two steps one after the other, and what was asked for."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.asked: list[str] = []

    def __call__(self, *argv: str, check: bool = True) -> Done:  # noqa: ARG002
        if "show" in argv:
            return Done(0, f"{self.states.pop(0)}\n".encode(), b"")
        self.asked.append(" ".join(argv[1:]))
        return Done(0, b"", b"")


RESET = "reset-failed patronus-load.service patronus-apply.service"
RESTART = "restart --no-block patronus-load.service patronus-apply.service patronus-configured.target"


@pytest.mark.parametrize(
    ("states", "asked"),
    [
        (("inactive", "inactive", "activating"), []),
        (("active", "active", "active"), []),
        (("active", "active", "failed"), [RESET, RESTART]),
        (("failed", "failed", "failed"), [RESET, RESTART]),
        (("failed", "failed", "activating"), [RESET, RESTART]),
        (("activating", "failed", "activating"), ["start patronus-load.service", RESET, RESTART]),
        (("activating", "active", "activating"), ["start patronus-load.service"]),
    ],
)
def test_only_a_choice_that_failed_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, states: tuple[str, ...], asked: list[str]
) -> None:
    units = Units(*states)
    monkeypatch.setattr(stick_module, "run", units)
    stick_module._choose_again()
    assert units.asked == asked
