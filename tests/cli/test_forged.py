"""No text from a box, in whatever field it comes, begins a line of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Command
from tests.hostile import make_result, spoil_each

from patronus.cli import box, edit, observe, stick, trust
from patronus.ops import messages as m
from patronus.ops.errors import CallFailed
from patronus.ops.registry import OPERATIONS, Operation
from patronus.values.problem import Problem, Refused

EVIL = "\nerror: FORGED\r\u2028\x0b\x85error: FORGED"
LONG = {".files[].text": "    ", ".review.files[].text": "    ", ".findings[].message": "    | ",
        ".review.findings[].message": "    | ", ".failure.findings[].message": "    | "}  # fmt: skip
"""Texts that have more lines on purpose, and what these begin with."""
COMMANDS = {
    "Status": ["status"], "Plan": ["apply", "--dry-run", "x.bundle"], "Apply": ["apply", "x.bundle"],
    "Confirm": ["confirm"], "Rollback": ["rollback", "7"], "History": ["history"], "Diff": ["diff", "7"],
    "Show": ["show"], "Links": ["links"], "Ping": ["ping", "gw"], "Connections": ["connections"],
    "FirewallLog": ["firewall-log"], "Counters": ["counters"], "Diagnose": ["diagnose", "disks"],
    "Trust": ["trust", "show"], "StickKeys": ["trust", "stick"], "StickBundles": ["stick"],
    "Enrol": ["trust", "enrol", "x.bundle"], "PlanEdit": ["edit", "system.hostname", "gate", "--dry-run"],
    "Edit": ["edit", "system.hostname", "gate", "--yes"], "PendingEdits": ["show", "--pending"],
    "Reboot": ["reboot"], "PowerOff": ["power-off"], "FactoryReset": ["factory-reset", "--yes"],
}  # fmt: skip
RESULTS = {operation.name: operation.result for operation in OPERATIONS}


def test_every_operation_is_here_but_the_one_that_returns_a_file() -> None:
    assert COMMANDS.keys() == RESULTS.keys() - {"StickBundle"}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[m.Message | Exception]:
    """What the box answers with: the last one counts. What else it is asked on the way it answers honestly."""
    given: list[m.Message | Exception] = []

    def call(
        operation: Operation[Any, Any], _request: m.Message, progress: Callable[[str], None] | None = None
    ) -> m.Message:
        if progress:
            progress(f"half-way{EVIL}")
        if isinstance(given[-1], Exception):
            raise given[-1]
        honest: m.Message = operation.result.model_validate(make_result(operation.result))
        return given[-1] if isinstance(given[-1], operation.result) else honest

    for module in (box, edit, observe, stick, trust):
        monkeypatch.setattr(module, "call", call)
    (tmp_path / "x.bundle").write_bytes(b"PATRONUS")
    return given


def read_lines(patronus: Command, argv: list[str]) -> list[str]:
    done = patronus(*argv)
    return [*done.stdout.splitlines(), *done.stderr.splitlines()]


@pytest.mark.parametrize("name", COMMANDS)
def test_no_field_of_a_result_begins_a_line(name: str, answers: list[m.Message | Exception], patronus: Command) -> None:
    result = RESULTS[name]
    honest = make_result(result)
    answers.append(result.model_validate(honest))
    usual = len(read_lines(patronus, COMMANDS[name]))
    for where, data in spoil_each(honest, EVIL):
        if name in {"Show", "PendingEdits"} and not where.endswith("(key)"):
            continue  # a document is printed as it is
        answers.append(result.model_validate(data))
        lines = read_lines(patronus, COMMANDS[name])
        assert not [line for line in lines if line.startswith("error: FORGED")], where
        if where in LONG and name != "Edit":  # which has shown the review before it asked
            assert [line for line in lines if line.startswith(f"{LONG[where]}error: FORGED")], where
        else:
            assert len(lines) == usual, where


@pytest.mark.parametrize("field", [*range(4), "all"])
def test_no_field_of_a_refusal_begins_a_line(
    field: int | str, answers: list[m.Message | Exception], patronus: Command
) -> None:
    texts = [text + EVIL * (field in (index, "all")) for index, text in enumerate(("a.b", "is wrong", "mend", "error"))]
    answers.append(Refused([Problem(*texts)]))
    assert not [line for line in read_lines(patronus, ["status"]) if line.startswith("error: FORGED")]


def test_a_failure_is_one_line(answers: list[m.Message | Exception], patronus: Command) -> None:
    answers.append(CallFailed(f"status failed{EVIL}"))
    assert len(read_lines(patronus, ["status"])) == 1
