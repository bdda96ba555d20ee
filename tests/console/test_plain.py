"""The menu in plain lines does the same as the one on the whole screen."""

from __future__ import annotations

import pytest
from tests.console.played import EVIL, Played
from tests.hostile import spoil

from patronus.console.actions import ACTIONS
from patronus.console.plain import PlainConsole
from patronus.ops.client import call


class Line:
    """Answers what is asked, one after the other, and hangs up at the end."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.questions: list[str] = []

    def read(self, question: str) -> str:
        self.questions.append(question)
        if not self.answers:
            raise EOFError
        return self.answers.pop(0)


def talk(*answers: str) -> Line:
    line = Line(*answers)
    assert PlainConsole(call, line.read, line.read).run() == 0
    return line


def test_the_menu_has_every_item(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    line = talk("0")
    said = capsys.readouterr().out
    assert "gw - Patronus 1.2" in said
    for action in ACTIONS:
        assert f"{action.number:>3}) {action.title}\n" in said
    assert line.questions == ["Number, or ? and a number for help: "]


def test_questions_are_asked_and_answered(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    talk("7", "-f", "192.0.2.1", "", "15", "9", "1", "", "0")
    said = capsys.readouterr().out
    assert "A name such as example.org" in said
    assert "icmp_seq=1" in said
    assert "default via 198.51.100.1" in said
    assert [name for name, _ in played.asked] == ["Ping", "Diagnose"]


def test_b_goes_back_and_a_warning_needs_the_whole_word(played: Played) -> None:
    talk("12", "2", "b", "b", "5", "2", "y", "5", "2", "yes", "", "0")
    assert [name for name, _ in played.asked] == ["History", "History", "PowerOff"]


def test_everything_is_forgotten_only_after_a_warning(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    talk("4", "1", "no", "4", "1", "yes", "", "0")
    assert "home folders, SSH host keys are lost" in " ".join(capsys.readouterr().out.split())
    assert played.asked == [("FactoryReset", {"keep_trust": True})]


def test_a_pending_change_is_kept(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    played.wait_for_change()
    talk("11", "1", "", "0")
    said = capsys.readouterr().out
    assert "A CHANGE WAITS" in said
    assert ("Confirm", {"generation": "8-0123456789abcdef"}) in played.asked
    assert "is confirmed" in said


def test_help_and_what_nobody_knows(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    talk("?7", "?", "77", "", "0")
    said = capsys.readouterr().out
    assert "Sends four pings" in said
    assert "Type the number" in said
    assert played.asked == []


def test_who_hangs_up_is_gone(played: Played) -> None:
    talk()
    talk("7")


def test_a_box_that_does_not_answer(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("patronus.ops.client.SOCKET", "/absent/ops.socket")
    talk("15", "1", "", "11", "", "0")
    assert capsys.readouterr().out.count("cannot reach patronusd") >= 4


def test_hostile_text_is_plain(played: Played, capsys: pytest.CaptureFixture[str]) -> None:
    played.answers = {
        name: type(item).model_validate(spoil(item.model_dump(), EVIL)) for name, item in played.answers.items()
    }
    played.wait_for_change()
    talk("16", "", "12", "1", "1", "", "9", "", "10", "", "7", "192.0.2.1", "", "11", "1", "", "0")
    said = capsys.readouterr().out
    assert said.isascii()
    assert all(char.isprintable() or char == "\n" for char in said)
    assert ascii(EVIL)[1:5] in said
