"""`patronus push` against an ssh that runs a script instead of a box."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.hostile import make_result, spoil_each

from patronus.ops.messages import ApplyResult, FileChange, Review

REVIEW = Review(
    generation="8-abc",
    files=(
        FileChange(path="etc/x", kind="changed", origin="ntp", text="--- a/etc/x\n+++ b/etc/x\n@@ -1 +1 @@\n-1\n+2"),
    ),
    restart=("chrony.service",),
)
APPLIED = ApplyResult(generation="8-abc", confirm_within=60, review=REVIEW)
SCRIPT = """#!/bin/sh
echo "$@" >> {log}
case "$*" in
  *"--dry-run"*) cat > {plan_input}; {plan} ;;
  *" apply "*) cat > {apply_input}; {apply} ;;
  *" confirm "*) {confirm} ;;
esac
"""


class Ssh:
    """A folder with a program `ssh` in it that answers as told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        (folder / "review.json").write_text(REVIEW.model_dump_json())
        (folder / "applied.json").write_text(APPLIED.model_dump_json())

    def answer(self, plan: str = "", apply: str = "", confirm: str = "") -> None:
        """Set the three answers as shell commands; by default the box does what it is asked."""
        text = SCRIPT.format(
            log=self.log,
            plan_input=self.folder / "plan.in",
            apply_input=self.folder / "apply.in",
            plan=plan or f"cat {self.folder}/review.json",
            apply=apply or f"cat {self.folder}/applied.json",
            confirm=confirm or 'echo \'{"generation": "8-abc"}\'',
        )
        program = self.folder / "ssh"
        program.write_text(text)
        program.chmod(program.stat().st_mode | stat.S_IXUSR)

    def commands(self) -> list[str]:
        """What was run on the box, without the options of ssh."""
        return [line.partition(" -- ")[2] for line in self.log.read_text().splitlines()]


@pytest.fixture
def ssh(tmp_path: Path) -> Ssh:
    folder = tmp_path / "bin"
    folder.mkdir()
    played = Ssh(folder)
    played.answer()
    return played


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "x.bundle"
    path.write_bytes(b"PATRONUS\x00\xff not looked at here")
    return path


PLAN = "admin@gw patronus apply --dry-run --json -"
APPLY = "admin@gw patronus apply --json --confirm-within 60s -"
CONFIRM = "admin@gw patronus confirm --json 8-abc"


def push(patronus: Command, ssh: Ssh, bundle: Path, *more: str, answer: str = "") -> tuple[int, str, str]:
    options = ["--confirm-within", "60s", "--reconnect-within", "2s", *more]
    done = patronus("push", *options, "admin@gw", bundle, path=ssh.folder, stdin=answer)
    return done.returncode, done.stdout, done.stderr


def test_plan_apply_reconnect_confirm(ssh: Ssh, bundle: Path, patronus: Command) -> None:
    code, out, err = push(patronus, ssh, bundle, "--yes")
    assert code == 0
    assert "changed /etc/x  (ntp)" in out
    assert "restart chrony.service" in out
    assert err.endswith("generation 8-abc is confirmed\n")
    assert ssh.commands() == [PLAN, APPLY, CONFIRM]
    assert (ssh.folder / "plan.in").read_bytes() == (ssh.folder / "apply.in").read_bytes() == bundle.read_bytes()


def test_a_bundle_from_standard_input_leaves_nobody_to_ask(ssh: Ssh, patronus: Command) -> None:
    code, out, err = push(patronus, ssh, Path("-"), answer="PATRONUS")
    assert (code, out) == (1, "")
    assert "give --yes" in err
    assert not ssh.log.exists()


def test_every_command_has_a_connection_of_its_own(ssh: Ssh, bundle: Path, patronus: Command) -> None:
    push(patronus, ssh, bundle, "--yes", "-o", "Port=2222")
    for line in ssh.log.read_text().splitlines():
        assert "ControlMaster=no" in line
        assert "ControlPath=none" in line
        assert "-o Port=2222" in line


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 1), ("\n", 1), ("", 1)])
def test_without_yes_it_asks_first(ssh: Ssh, bundle: Path, patronus: Command, answer: str, code: int) -> None:
    assert push(patronus, ssh, bundle, answer=answer)[0] == code
    assert (APPLY in ssh.commands()) == (code == 0)


def test_a_refusal_at_the_plan_changes_nothing(ssh: Ssh, bundle: Path, patronus: Command) -> None:
    ssh.answer(plan="echo 'error: old serial' >&2; exit 1")
    code, _, err = push(patronus, ssh, bundle, "--yes")
    assert code == 1
    assert "error: old serial" in err
    assert ssh.commands() == [PLAN]


def test_a_refusal_while_applying_is_not_confirmed(ssh: Ssh, bundle: Path, patronus: Command) -> None:
    ssh.answer(apply="echo 'error: kea does not run; the box is back' >&2; exit 1")
    code, _, err = push(patronus, ssh, bundle, "--yes")
    assert code == 1
    assert "the box is back" in err
    assert ssh.commands() == [PLAN, APPLY]


def test_a_box_that_does_not_answer_after_the_change_is_left_to_go_back(
    ssh: Ssh, bundle: Path, patronus: Command
) -> None:
    ssh.answer(confirm="exit 255")
    code, _, err = push(patronus, ssh, bundle, "--yes")
    assert code == 4
    assert "the box goes back by itself within 60 s" in err
    assert "is confirmed" not in err
    assert ssh.commands()[:2] == [PLAN, APPLY]
    assert set(ssh.commands()[2:]) == {CONFIRM}


def test_a_connection_that_hangs_is_given_up(
    ssh: Ssh, bundle: Path, patronus: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("patronus.cli.push._SHORTEST_TRY", 0.2)
    ssh.answer(confirm="exec tail -f /dev/null")
    code, _, err = push(patronus, ssh, bundle, "--yes")
    assert code == 4
    assert "timed out" in err


def test_a_box_that_answers_again_after_a_while_is_confirmed(ssh: Ssh, bundle: Path, patronus: Command) -> None:
    seen = ssh.folder / "seen"
    ssh.answer(confirm=f"[ -e {seen} ] || {{ touch {seen}; exit 255; }}; echo '{{}}'")
    assert push(patronus, ssh, bundle, "--yes")[0] == 0
    assert ssh.commands() == [PLAN, APPLY, CONFIRM, CONFIRM]


def test_a_connection_the_change_itself_breaks_is_tried_again(ssh: Ssh, bundle: Path, patronus: Command) -> None:
    ssh.answer(apply="exit 255")
    code, _, err = push(patronus, ssh, bundle, "--yes")
    assert code == 0
    assert "the connection broke while the change was applied" in err
    assert ssh.commands() == [PLAN, APPLY, CONFIRM]


def test_a_confirm_the_box_refuses_is_not_repeated(ssh: Ssh, bundle: Path, patronus: Command) -> None:
    ssh.answer(apply="exit 255", confirm="echo 'error: no change waits for a confirmation' >&2; exit 1")
    code, _, err = push(patronus, ssh, bundle, "--yes")
    assert code == 1
    assert "no change waits" in err
    assert ssh.commands() == [PLAN, APPLY, CONFIRM]


def test_a_box_nobody_reaches_is_code_three(ssh: Ssh, bundle: Path, patronus: Command) -> None:
    ssh.answer(plan="printf 'ssh: connect: No route to host\\r\\n' >&2; exit 255")
    code, _, err = push(patronus, ssh, bundle, "--yes")
    assert code == 3
    assert err.splitlines() == [
        "ssh: connect: No route to host",
        "patronus: no connection to admin@gw, or it broke; try: ssh admin@gw patronus status",
    ]
    assert ssh.commands() == [PLAN]


def test_what_a_box_says_reaches_no_terminal_raw(ssh: Ssh, bundle: Path, patronus: Command) -> None:
    evil = "\x1b[2J\x9b\u202e"
    change = FileChange(path=evil, kind=evil, origin=evil, text=f"+{evil}")
    review = REVIEW.model_copy(update={"files": (change,), "restart": (evil,), "generation": evil})
    (ssh.folder / "review.json").write_text(json.dumps(review.model_dump()))
    ssh.answer(confirm="printf '\\033[2J\\233' >&2; exit 1")
    assert push(patronus, ssh, bundle, "--yes")[0] == 1


def test_no_box_forges_lines_of_the_plan(ssh: Ssh, bundle: Path, patronus: Command) -> None:
    review = make_result(Review)
    (ssh.folder / "review.json").write_text(json.dumps(review))
    usual = len(push(patronus, ssh, bundle, "--yes")[1].splitlines())
    for where, spoiled in spoil_each(review, "\nerror: FORGED"):
        (ssh.folder / "review.json").write_text(json.dumps(spoiled))
        _, out, err = push(patronus, ssh, bundle, "--yes")
        assert "\nerror: FORGED" not in f"\n{out}\n{err}", where
        assert len(out.splitlines()) == usual + (where == ".files[].text"), where


def test_an_answer_that_is_no_review_is_told(ssh: Ssh, bundle: Path, patronus: Command) -> None:
    ssh.answer(plan="echo 'Welcome to busybox'")
    code, _, err = push(patronus, ssh, bundle, "--yes")
    assert code == 3
    assert "is it an appliance" in err
    assert ssh.commands() == [PLAN]
