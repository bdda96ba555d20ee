"""An installation without questions: what the signed answer leads to, and what keeps it from beginning."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.install.test_install_plain import GOOD, MEDIUM, SMALL, Typist, Writing, layout_with

from patronus.host.layout import Layout
from patronus.install import __main__ as program
from patronus.install import plain
from patronus.install.answer import Answer, encode_answer
from patronus.install.disks import Disk
from patronus.install.events import InstallFailed
from patronus.install.plain import Plain
from patronus.install.write import Order

BLANK = GOOD._replace(content=())


class End:
    """Notes what the machine would do."""

    done = ""

    def restart(self) -> None:
        self.done = self.done or "restart"

    def power_off(self) -> None:
        self.done = self.done or "power-off"


class Quiet(Typist):
    """A console with nobody at it, unless somebody objects in time; Enter after a failure."""

    def __init__(self, *, objects: bool = False) -> None:
        super().__init__("")
        self._objects = objects

    def wait(self, question: str, other: Callable[[], bool], seconds: float = 0) -> bool:  # noqa: ARG002
        self.shown += question
        return self._objects


def follow(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    member: bytes | None,
    *disks: Disk,
    writing: Writing,
    objects: bool = False,
) -> tuple[str, str]:
    """What the machine did in the end, and what was shown."""
    for module in (program, plain):
        monkeypatch.setattr(module, "list_disks", lambda _medium: list(disks))
    monkeypatch.setattr(plain, "install", writing)
    layout, console, end = layout_with(folder, b"bundle", member), Quiet(objects=objects), End()
    face = Plain(MEDIUM, layout, console)
    program.install_as_signed(face, console, MEDIUM, layout, end)
    return end.done, console.shown


@pytest.mark.parametrize("then", ["restart", "power-off"])
def test_the_answer_is_followed_to_its_end(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, then: str) -> None:
    writing = Writing()
    member = encode_answer(Answer("S1", then=then))
    done, shown = follow(monkeypatch, tmp_path, member, SMALL, BLANK, writing=writing)
    assert done == then
    assert writing.orders == [Order(BLANK, b"bundle")]
    assert "asks for an installation on\n  /dev/sda" in shown


@pytest.mark.parametrize(
    ("member", "disks", "reason"),
    [
        (encode_answer(Answer("only")), (GOOD,), "does not allow to erase"),
        (encode_answer(Answer("only")), (BLANK, BLANK._replace(path="/dev/sdz")), "2 could be meant"),
        (encode_answer(Answer("S9")), (BLANK,), "there is none"),
        (b"{}", (BLANK,), "install.json is wrong"),
    ],
)
def test_what_is_not_clear_is_told_and_not_done(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, member: bytes, disks: tuple[Disk, ...], reason: str
) -> None:
    writing = Writing()
    done, shown = follow(monkeypatch, tmp_path, member, *disks, writing=writing)
    assert not done and not writing.orders
    assert reason in shown


def test_a_disk_that_turns_up_late_stops_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A slow one may be there only when the first look is over: then it is not clear any more which one is meant."""
    looks = [[BLANK], [BLANK, BLANK._replace(path="/dev/sdz")]]
    assert "2 could be meant" in refuse_late(monkeypatch, tmp_path, looks)


def test_another_disk_in_the_place_of_the_first_stops_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    looks = [[BLANK], [BLANK._replace(path="/dev/sdz")]]
    assert "disks have changed" in refuse_late(monkeypatch, tmp_path, looks)


def refuse_late(monkeypatch: pytest.MonkeyPatch, folder: Path, looks: list[list[Disk]]) -> str:
    """What is shown when the disks are first those, then these."""
    writing = Writing()
    monkeypatch.setattr(program, "list_disks", lambda _medium: looks.pop(0))
    monkeypatch.setattr(plain, "install", writing)
    layout, console, end = layout_with(folder, b"bundle", encode_answer(Answer("only"))), Quiet(), End()
    program.install_as_signed(Plain(MEDIUM, layout, console), console, MEDIUM, layout, end)
    assert not end.done and not writing.orders
    return console.shown


def test_somebody_at_the_console_can_stop_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    writing = Writing()
    done, _ = follow(monkeypatch, tmp_path, encode_answer(Answer("only")), BLANK, writing=writing, objects=True)
    assert not done and not writing.orders


class Off(Exception):  # noqa: N818 - reads as what happened
    """The machine was switched off."""


def test_without_a_configuration_nobody_is_sent_to_a_login_prompt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Switch(End):
        def power_off(self) -> None:
            raise Off

    console, layout = Typist("2", "", "4"), Layout(tmp_path)
    changes = {"find_medium": lambda: MEDIUM, "Terminal": lambda: console, "Layout": lambda: layout, "LastWord": Switch}
    for name, value in changes.items():
        monkeypatch.setattr(program, name, value)
    monkeypatch.setattr("sys.argv", ["patronus.install", "--plain"])
    with pytest.raises(Off):
        program.main()
    assert "Nobody can log in here" in console.shown


def test_a_failed_installation_leaves_the_machine_on_and_is_not_repeated(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    writing = Writing(InstallFailed("It broke.", "mend it"))
    member = encode_answer(Answer("only"))
    done, shown = follow(monkeypatch, tmp_path, member, BLANK, writing=writing)
    assert not done and "It broke." in shown
    follow(monkeypatch, tmp_path, member, BLANK, writing=writing)
    assert len(writing.orders) == 1
