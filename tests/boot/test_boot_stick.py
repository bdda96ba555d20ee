"""What a box without a configuration takes from a stick, and what it leaves there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from tests.box import Box, sign

from patronus.boot import stick as stick_module
from patronus.boot.choose import choose
from patronus.boot.stick import take_from
from patronus.host.run import Done


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


def test_a_stick_without_a_bundle_says_so(box: Box, stick: Path) -> None:
    (stick / "config.xml").write_text("<pfsense/>")
    assert take_from(box.layout, stick) == ([], ["there is no file named *.bundle on it"])


class Units:
    """Plays systemctl: the states of patronus-load one after the other, and what was asked for."""

    def __init__(self, *states: str) -> None:
        self.states = list(states)
        self.asked: list[str] = []

    def __call__(self, *argv: str, check: bool = True) -> Done:  # noqa: ARG002
        if "show" in argv:
            return Done(0, f"{self.states.pop(0)}\n".encode(), b"")
        self.asked.append(" ".join(argv[1:]))
        return Done(0, b"", b"")


RESTART = "restart --no-block patronus-load.service patronus-configured.target"


@pytest.mark.parametrize(
    ("states", "asked"),
    [
        (("inactive", "inactive"), []),
        (("active", "active"), []),
        (("failed", "failed"), ["reset-failed patronus-load.service patronus-apply.service", RESTART]),
        (
            ("activating", "failed"),
            ["start patronus-load.service", "reset-failed patronus-load.service patronus-apply.service", RESTART],
        ),
        (("activating", "active"), ["start patronus-load.service"]),
    ],
)
def test_only_a_choice_that_failed_is_made_anew(
    monkeypatch: pytest.MonkeyPatch, states: tuple[str, ...], asked: list[str]
) -> None:
    units = Units(*states)
    monkeypatch.setattr(stick_module, "run", units)
    stick_module._choose_again()
    assert units.asked == asked
