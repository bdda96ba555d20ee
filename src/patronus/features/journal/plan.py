"""Journal -> a file for systemd-journald. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from patronus.features.journal.schema import Journal
from patronus.features.sections import write_sections
from patronus.values.facts import Context
from patronus.values.fragments import File, Unit
from patronus.values.problem import WARNING, Problem

ORIGIN = "journal"
# Debian ships a syslog.conf beside it which forwards everything; the last name in the alphabet counts.
CONFIG = "etc/systemd/journald.conf.d/zz-patronus.conf"


def check(journal: Journal, _context: Context) -> Iterable[Problem]:
    """Return every problem of the section."""
    if journal.keep_for is not None and journal.keep_for < 86400:
        hint = "a fault is often looked into days later; `7d` or more is usual"
        yield Problem("journal.keep_for", "logs are deleted before they are a day old", hint, WARNING)


def plan(journal: Journal, _context: Context) -> Iterable[object]:
    """Return journald's file; journald reads it when it starts, and keeps its clients' connections over a restart."""
    lines: list[tuple[str, object]] = [
        ("Storage", "persistent" if journal.persistent else "volatile"),
        ("SystemMaxUse", journal.max_size),
        ("RuntimeMaxUse", journal.max_memory),
        ("MaxRetentionSec", journal.keep_for or 0),
        ("RateLimitBurst", journal.rate_limit),
        ("RateLimitIntervalSec", journal.rate_interval),
        ("ForwardToSyslog", False),
        ("ForwardToKMsg", False),
        ("ForwardToConsole", False),
        ("ForwardToWall", False),
    ]
    yield File(CONFIG, write_sections([("Journal", lines)]), ORIGIN)
    yield Unit("systemd-journald.service", ORIGIN, (CONFIG,))
