"""The journal section: its limits and the file it writes."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from patronus.features.journal import FEATURE
from patronus.features.journal.schema import Journal
from patronus.values.facts import Context
from patronus.values.fragments import RESTART, File, Unit
from patronus.values.plan import Plan


def plan(section: dict[str, Any]) -> Plan:
    return Plan(tuple(FEATURE.plan(Journal.model_validate(section), Context())))


def config(section: dict[str, Any]) -> list[str]:
    return plan(section).of(File)[0].content.decode().splitlines()


def test_defaults_keep_200_mib_on_disk_and_forward_nothing() -> None:
    lines = config({})
    assert {"Storage=persistent", f"SystemMaxUse={200 * 2**20}", "MaxRetentionSec=0"} <= set(lines)
    assert [line for line in lines if line.startswith("Forward")] == [
        "ForwardToSyslog=no",
        "ForwardToKMsg=no",
        "ForwardToConsole=no",
        "ForwardToWall=no",
    ]


def test_settings_reach_journald_in_seconds_and_bytes() -> None:
    lines = config({"max_size": "1G", "keep_for": "30d", "rate_limit": 7, "rate_interval": "1m"})
    wanted = {f"SystemMaxUse={2**30}", "MaxRetentionSec=2592000", "RateLimitBurst=7", "RateLimitIntervalSec=60"}
    assert wanted <= set(lines)


def test_journald_is_restarted_when_its_file_changes() -> None:
    wanted = Unit("systemd-journald.service", "journal", ("etc/systemd/journald.conf.d/zz-patronus.conf",), RESTART)
    assert plan({}).of(Unit) == (wanted,)


def test_logs_that_vanish_within_a_day_are_a_warning() -> None:
    problems = list(FEATURE.check(Journal.model_validate({"keep_for": "23h"}), Context()))
    assert [(problem.severity, problem.path) for problem in problems] == [("warning", "journal.keep_for")]
    assert list(FEATURE.check(Journal.model_validate({"keep_for": "1d"}), Context())) == []


@pytest.mark.parametrize(
    "section",
    [
        {"max_size": "1M"},
        {"max_size": 200},
        {"max_size": "200"},
        {"max_memory": "1K"},
        {"rate_limit": -1},
        {"rate_limit": True},
    ],
)
def test_limits_that_make_no_sense_are_refused(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Journal.model_validate(section)
