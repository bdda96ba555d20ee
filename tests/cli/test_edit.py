"""`patronus edit`, `show --pending`, `trust show`: what is asked, what a person sees, what is refused before asking."""

from __future__ import annotations

import json
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Command
from tests.cli.test_box import REVIEW, STATUS, Daemon
from tests.hostile import spoil

from patronus.cli import box, edit, observe, trust
from patronus.ops import editing as e
from patronus.ops import messages as m
from patronus.ops import trust as t
from patronus.values.problem import Problem, Refused

EVIL = "\x1b[2J\x9b\u202e"
OWN = t.OwnKey(line="ssh-ed25519 AAAA", fingerprint="SHA256:own", sealed=False)
ANSWERS: dict[str, m.Message] = {
    "Status": STATUS.model_copy(update={"edits": 2}),
    "PlanEdit": e.EditPlan(base="7-def", review=REVIEW),
    "Edit": m.ApplyResult(generation="7.1-abc", confirm_within=90, review=REVIEW),
    "PendingEdits": e.PendingEdits(edits=2, serial=7, files={"config.yaml": "version: 1  # one\n"}),
    "Trust": t.Trust(device="0123", own=OWN),
}
SETTING = ["edit", "system.hostname", "attic"]


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    played = Daemon()
    played.answers = dict(ANSWERS)
    for module in (box, edit, observe, trust):
        monkeypatch.setattr(module, "call", played.call)
    return played


def asked(daemon: Daemon) -> list[tuple[str, dict[str, Any]]]:
    """What was asked for, without the fields that have their usual values."""
    usual = e.EditRequest().model_dump()
    return [(name, {key: value for key, value in body.items() if usual[key] != value}) for name, body in daemon.asked]


def test_an_edit_shows_its_plan_asks_and_applies_what_was_shown(daemon: Daemon, patronus: Command) -> None:
    done = patronus(*SETTING, "--comment", "it moved", stdin="y\n")
    assert done.returncode == 0
    setting = {"settings": {"system.hostname": "attic"}, "comment": "it moved"}
    assert asked(daemon) == [("PlanEdit", setting), ("Edit", {**setting, "base": "7-def"})]
    assert "restart chrony.service" in done.stdout
    assert "Sign this with the key of this box, and apply it? [y/N]" in done.stderr
    assert "goes back in 90 s unless you run: patronus confirm 7.1-abc" in done.stderr
    assert "patronus show --pending > my.yaml" in done.stderr


@pytest.mark.parametrize("answer", ["n\n", "", "maybe\n"])
def test_without_a_yes_nothing_is_signed(answer: str, daemon: Daemon, patronus: Command) -> None:
    done = patronus(*SETTING, stdin=answer)
    assert (done.returncode, [name for name, _ in daemon.asked]) == (1, ["PlanEdit"])
    assert "nothing was changed" in done.stderr


def test_whole_documents_are_sent_by_name(daemon: Daemon, tmp_path: Path, patronus: Command) -> None:
    (tmp_path / "my.yaml").write_text("version: 1\n")
    assert patronus("edit", "--file", "my.yaml", "--yes", "--confirm-within", "90s").returncode == 0
    assert asked(daemon)[-1] == (
        "Edit",
        {"files": {"my.yaml": "version: 1\n"}, "base": "7-def", "confirm_within": 90},
    )


def test_several_settings_are_one_edit(daemon: Daemon, tmp_path: Path, patronus: Command) -> None:
    (tmp_path / "my.yaml").write_text("version: 1\n")
    settings = {"system.hostname": "hq", "system.domain": "lan.example"}
    argv = ("edit", *chain(*settings.items()), "--remove", "ntp", "--file", "my.yaml", "--yes")
    assert patronus(*argv).returncode == 0
    sent = {"files": {"my.yaml": "version: 1\n"}, "settings": {**settings, "ntp": None}}
    assert asked(daemon) == [("PlanEdit", sent), ("Edit", {**sent, "base": "7-def"})]


def test_a_dry_run_signs_nothing(daemon: Daemon, patronus: Command) -> None:
    assert "changed /etc/x  (ntp)" in patronus(*SETTING, "--dry-run").stdout
    assert json.loads(patronus(*SETTING, "--dry-run", "--json").stdout)["base"] == "7-def"
    assert {name for name, _ in daemon.asked} == {"PlanEdit"}


def test_programs_get_the_whole_result(daemon: Daemon, patronus: Command) -> None:
    done = patronus(*SETTING, "--yes", "--json")
    assert m.ApplyResult.model_validate_json(done.stdout) == ANSWERS["Edit"]
    assert e.PendingEdits.model_validate_json(patronus("show", "--pending", "--json").stdout) == ANSWERS["PendingEdits"]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["edit"], "an edit is settings, each with its value, or a whole document"),
        (["edit", "system.hostname"], "an edit is settings, each with its value"),
        (["edit", "system.hostname", "gw", "ntp", "--file", "my.yaml"], "an edit is settings, each with its value"),
        (["edit", "ntp", "1", "dns", "2", "ntp", "3"], "a setting is named twice"),
        (["edit", "ntp", "1", "--remove", "ntp"], "a setting is named twice"),
        (["edit", "--file", "absent"], "absent cannot be read"),
        (["edit", "--file", "latin.yaml"], "latin.yaml is not UTF-8 text"),
        (["edit", "--file", "-"], "leaves nothing to answer the question with"),
        ([*SETTING, "--json"], "a program is not asked"),
        ([*SETTING, "--comment", "a\nb"], "a comment is one line"),
        ([*SETTING, "--comment", "a" * 501], "at most 500"),
        (["show", "7-def", "--pending"], "--pending prints the running document"),
        (["show", "--pending", "--rendered"], "--pending prints the running document"),
    ],
)
def test_what_makes_no_sense_asks_nothing(
    argv: list[str], words: str, daemon: Daemon, tmp_path: Path, patronus: Command
) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"system: {hostname: caf\xe9}\n")
    done = patronus(*argv)
    assert done.returncode == 1
    assert words in done.stderr
    assert "\n    -> " in done.stderr
    assert daemon.asked == []


def test_what_the_owners_merge_is_a_file_and_nothing_else(daemon: Daemon, patronus: Command) -> None:
    done = patronus("show", "--pending")
    assert done.stdout == "version: 1  # one\n"
    assert "2 local edits on top of the owners' document, serial 7" in done.stderr


def test_status_counts_what_is_not_merged(daemon: Daemon, patronus: Command) -> None:
    assert "NOT MERGED  2 local edits on top of the owners' document" in patronus("status").stdout
    daemon.answers["Status"] = STATUS
    assert "NOT MERGED" not in patronus("status").stdout


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (OWN, "SHA256:own (in plain on the state partition"),
        (OWN.model_copy(update={"sealed": True}), "SHA256:own (sealed by the TPM)"),
        (None, "none: this box signs no local edits"),
    ],
)
def test_trust_says_where_the_own_key_lies(own: t.OwnKey | None, words: str, daemon: Daemon, patronus: Command) -> None:
    daemon.answers["Trust"] = t.Trust(device="0123", own=own)
    shown = patronus("trust", "show").stdout
    assert f"own key     {words}" in shown
    assert ("            ssh-ed25519 AAAA" in shown) == (own is not None)


@pytest.mark.parametrize(
    "argv", [["status"], [*SETTING, "--dry-run"], [*SETTING, "--yes"], ["show", "--pending"], ["trust", "show"]]
)
def test_nothing_a_box_says_reaches_the_terminal_raw(argv: list[str], daemon: Daemon, patronus: Command) -> None:
    """The fixture fails on every raw control character."""
    daemon.answers = {name: type(item).model_validate(spoil(item.model_dump(), EVIL)) for name, item in ANSWERS.items()}
    assert patronus(*argv).returncode == 0
    daemon.refusal = Refused([Problem(EVIL, EVIL, EVIL, EVIL)])
    assert patronus(*argv).returncode == 1
