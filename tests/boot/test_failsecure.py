"""What is left when nothing works: the box is shut, by the rules or by its cards, and says why on every console."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.box import Box

from patronus.boot import failsecure
from patronus.boot.failure import forget_failure, record_failure
from patronus.values.problem import Problem

LOCKDOWN = "nft -f "


@pytest.fixture(autouse=True)
def consoles(box: Box, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was shown on the consoles."""
    shown: list[str] = []
    monkeypatch.setattr(failsecure, "Layout", lambda: box.layout)
    monkeypatch.setattr(failsecure, "_show", shown.append)
    return shown


def read_failure(box: Box) -> tuple[str, list[str]]:
    body = json.loads(box.layout.failure.read_bytes())
    return body["reason"], [problem[1] for problem in body["problems"]]


def test_the_rules_are_loaded_and_the_reason_is_shown(box: Box, consoles: list[str]) -> None:
    record_failure(box.layout, "the reason", [Problem("a.path", "the message", "the hint")])

    assert failsecure.main() == 0

    assert box.system.calls == [f"{LOCKDOWN}{box.layout.vendor / 'lockdown.nft'}"], "the cards stay as they are"
    (banner,) = consoles
    assert "THIS BOX IS LOCKED DOWN: THE REASON" in banner
    assert "the message" in banner
    assert read_failure(box) == ("the reason", ["the message"])


def test_rules_that_cannot_be_loaded_switch_the_cards_off_and_are_told(
    box: Box, consoles: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    record_failure(box.layout, "the reason", [Problem("", "the message")])
    box.system.refuses = lambda call: call.startswith(LOCKDOWN)

    assert failsecure.main() == 1

    calls = box.system.calls
    downs = [box.system.position(f"ip link set dev {name} down") for name in ("eth0", "eth1")]
    stopped = next(index for index, call in enumerate(calls) if call.startswith("systemctl stop"))
    assert stopped < min(downs), "nobody is left to bring them up again"
    assert {"systemd-networkd.service", "systemd-networkd.socket"} <= set(calls[stopped].split())
    (banner,) = consoles
    assert "the message" in banner
    assert "the firewall cannot be closed: refused: nft" in banner
    assert "the network cards are switched off instead" in banner
    assert "THE REASON" in (box.layout.root / "run/issue.d/50-patronus.issue").read_text()
    assert capsys.readouterr().err.count("the message") == 1, "once in the journal"


def test_a_step_that_takes_the_next_one_along_is_shown_once_and_the_box_is_shut_twice(
    box: Box, consoles: list[str]
) -> None:
    record_failure(box.layout, "the reason", [Problem("", "the message")])
    assert [failsecure.main(), failsecure.main()] == [0, 0]
    assert box.system.calls == [f"{LOCKDOWN}{box.layout.vendor / 'lockdown.nft'}"] * 2
    assert len(consoles) == 1

    box.system.refuses = lambda call: call.startswith(LOCKDOWN)
    assert [failsecure.main(), failsecure.main()] == [1, 1]
    assert len(consoles) == 2, "what refuses meanwhile is news"
    assert consoles[1].count("the firewall cannot be closed") == 1

    record_failure(box.layout, "another reason", [Problem("", "the message")])
    failsecure.main()
    assert "ANOTHER REASON" in consoles[2]


def test_what_fails_again_after_a_success_is_shown_again(box: Box, consoles: list[str]) -> None:
    for _ in range(2):
        record_failure(box.layout, "the reason", [Problem("", "the message")])
        failsecure.main()
        forget_failure(box.layout)
    assert len(consoles) == 2


def test_nothing_is_written_over_the_screens_of_the_installer(box: Box, consoles: list[str]) -> None:
    box.layout.medium.mkdir(parents=True)
    record_failure(box.layout, "the reason", [Problem("", "the message")])
    assert failsecure.main() == 0
    assert consoles == []
    assert read_failure(box) == ("the reason", ["the message"]), "who logs in is told"


def test_a_note_that_cannot_be_read_or_written_shuts_nobody_up(box: Box, consoles: list[str]) -> None:
    box.layout.shown.mkdir(parents=True)
    assert [failsecure.main(), failsecure.main()] == [0, 0]
    assert len(consoles) == 2


def test_a_card_that_stays_up_is_named(box: Box, consoles: list[str]) -> None:
    box.system.refuses = lambda call: call.startswith((LOCKDOWN, "systemctl", "ip link set dev eth0"))
    assert failsecure.main() == 1
    assert "ip link set dev eth1 down" in box.system.calls, "the others are switched off all the same"
    assert "eth0 cannot be switched off" in consoles[0]
    assert "pull its cable" in consoles[0]


def test_cards_that_cannot_even_be_listed_are_told(box: Box, consoles: list[str]) -> None:
    def broken() -> list[object]:
        raise ValueError("no JSON")

    box.system.refuses = lambda call: call.startswith(LOCKDOWN)
    box.system.list_nics = broken  # type: ignore[assignment]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("patronus.host.links.list_nics", broken)
        assert failsecure.main() == 1
    assert "pull their cables" in consoles[0]


@pytest.mark.parametrize("content", [None, b"", b"[]", b'{"reason": 1}', b"\xff"])
def test_a_step_that_left_no_reason_is_told_as_such(box: Box, consoles: list[str], content: bytes | None) -> None:
    if content is not None:
        box.layout.run.mkdir(parents=True)
        box.layout.failure.write_bytes(content)
    assert failsecure.main() == 0
    assert read_failure(box) == (
        "the configuration was not reached",
        ["a step before the configuration did not finish"],
    )
    assert "THE CONFIGURATION WAS NOT REACHED" in consoles[0]
