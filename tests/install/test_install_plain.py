"""The installer's dialogue at a plain terminal; the disks and the writing are played, the words are real."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

import pytest

from patronus.host.layout import Layout
from patronus.install import plain
from patronus.install.answer import MEMBER
from patronus.install.delivered import take_up_answer
from patronus.install.disks import Disk
from patronus.install.events import Event, InstallFailed, Note, Progress, Step
from patronus.install.medium import Medium
from patronus.install.plain import Plain, Terminal
from patronus.install.write import Order

Talk = Callable[..., tuple[bool, str]]
MEDIUM = Medium(Path("/m/root"), Path("/m/verity"), Path("/m/esp"), "1.2.3", "00" * 32)
GOOD = Disk("/dev/sda", 64 * 10**9, "Fast Disk", "S1", "sata", ("Windows (ntfs)",))
SMALL = Disk("/dev/sdb", 10**9, "Old Stick", "", "usb", (), "it is too small: 5.3 GB are needed")


class Typist(Terminal):
    """Types the answers in order and keeps what was shown."""

    def __init__(self, *answers: str) -> None:
        self.shown = ""
        self._answers = list(answers)

    def ask(self, question: str) -> str:
        self.shown += question
        return self._answers.pop(0)

    def wait(self, question: str, other: Callable[[], bool], seconds: float = 0) -> bool:  # noqa: ARG002
        self.shown += question
        return bool(self._answers) and not other()

    def show(self, text: str) -> None:
        self.shown += text


class Writing:
    """Plays the steps of an installation."""

    def __init__(self, *events: Event | Exception) -> None:
        self.events = events
        self.orders: list[Order] = []

    def __call__(self, order: Order, _medium: Medium) -> Generator[Event, None, None]:
        self.orders.append(order)
        for event in self.events:
            if isinstance(event, Exception):
                raise event
            yield event


@pytest.fixture
def talk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Talk:
    """One installation with these answers: whether it was done, and all that was shown."""
    return partial(_talk, monkeypatch, tmp_path)


def _talk(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    writing: Writing,
    *answers: str,
    disks: tuple[Disk, ...] = (GOOD, SMALL),
) -> tuple[bool, str]:
    typist = Typist(*answers)
    monkeypatch.setattr(plain, "list_disks", lambda _medium: list(disks))
    monkeypatch.setattr(plain, "install", writing)

    return Plain(MEDIUM, layout_with(tmp_path, b"bundle"), typist).install(), typist.shown


def layout_with(root: Path, bundle: bytes | None, answer: bytes | None = None) -> Layout:
    """A box that chose this bundle in this boot, with this answer among its members."""
    layout = Layout(root)
    for path, content in ((layout.chosen / "bundle", bundle), (layout.chosen / "members" / MEMBER, answer)):
        if content is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return layout


def test_five_steps_lead_to_an_installed_disk(talk: Talk) -> None:
    events = (Step("Writing"), Progress(50, 100, 10.0, 5.0), Progress(100, 100, 10.0, 0.0), Note("by the way"))
    writing = Writing(*events)
    done, shown = talk(writing, "1", "y", "ERASE")
    assert done
    assert writing.orders == [Order(GOOD, b"bundle")]
    for words in ("1 of 5", "2 of 5", "3 of 5", "4 of 5", "5 of 5", "Windows (ntfs)", "100 %", "by the way", "S1"):
        assert words in shown


def test_a_disk_that_cannot_be_chosen_has_no_number_but_a_reason(talk: Talk) -> None:
    writing = Writing()
    done, shown = talk(writing, "2", "0", "-1", "sdb", "")
    assert not done and not writing.orders
    assert "cannot be chosen: it is too small: 5.3 GB are needed" in shown
    assert "2) " not in shown


@pytest.mark.parametrize("word", ["", "erase", "yes", "ERASE!"])
def test_nothing_is_written_without_the_word(talk: Talk, word: str) -> None:
    writing = Writing()
    done, _ = talk(writing, "1", "y", word, "", "")
    assert not done and not writing.orders


def test_going_back_leads_one_step_back_each_time(talk: Talk) -> None:
    _, shown = talk(Writing(), "1", "y", "", "", "")
    steps = [line[4] for line in shown.splitlines() if line.startswith("--- ")]
    assert steps == ["1", "2", "3", "2", "1"]


def test_a_failure_says_why_and_what_to_do(talk: Talk) -> None:
    done, shown = talk(Writing(InstallFailed("It broke.", "mend it")), "1", "y", "ERASE", "")
    assert not done
    assert "FAILED" in shown and "It broke." in shown and "-> mend it" in shown


def test_after_an_installation_the_box_restarts_when_the_medium_is_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(plain, "list_disks", lambda _medium: [GOOD])
    monkeypatch.setattr(plain, "install", Writing())
    typist = Typist("nonsense", "1", "", "1", "1", "y", "ERASE", "")
    assert Plain(MEDIUM, Layout(tmp_path), typist).serve() == plain.DONE
    assert "Remove the medium" in typist.shown


@pytest.mark.parametrize("key", ["2", "3", "4"])
def test_the_other_choices_are_the_callers(tmp_path: Path, key: str) -> None:
    assert Plain(MEDIUM, Layout(tmp_path), Typist(key)).serve() == key


def test_a_signed_answer_that_comes_later_ends_the_menu(tmp_path: Path) -> None:
    layout = layout_with(tmp_path, b"bundle", b"{}")
    assert Plain(MEDIUM, layout, Typist("2")).serve() == plain.ANSWERED
    assert take_up_answer(layout)
    assert not take_up_answer(layout)
    assert Plain(MEDIUM, layout, Typist("2")).serve() == "2"


def test_what_was_passed_over_on_a_stick_is_told_harmlessly(tmp_path: Path) -> None:
    note = tmp_path / "run/issue.d/60-stick.issue"
    note.parent.mkdir(parents=True)
    note.write_text("*** Stick: a\\\\x1b[2J.bundle: nobody signed it\n\x1b[2J")
    typist = Typist("2")
    Plain(MEDIUM, Layout(tmp_path), typist).serve()
    assert "*** Stick: a\\x1b[2J.bundle: nobody signed it\n\\x1b[2J" in typist.shown


def test_a_box_without_a_disk_says_so(talk: Talk) -> None:
    _, shown = talk(Writing(), "", disks=(SMALL,))
    assert "There is no disk to install on." in shown


def test_every_line_fits_an_80_column_screen(talk: Talk) -> None:
    progress = Progress(279 * 10**6, 281 * 10**6, 123 * 10**6, 1.0)
    long = GOOD._replace(model="M" * 30, path="/dev/nvme0n1", bus="nvme", serial="S" * 30)
    _, shown = talk(Writing(Step("Writing"), progress), "1", "y", "ERASE", disks=(long, SMALL))
    assert max(len(line) for line in shown.replace("\r", "\n").splitlines()) < 80
