"""Prints for people. Nothing from a document, a bundle or a box reaches the terminal unescaped."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from patronus.ops import wording
from patronus.ops.messages import Finding, Review
from patronus.values.problem import ERROR, Problem, Refused
from patronus.values.terminal import one_line, safe

__all__ = [
    "ask",
    "check_pipe",
    "one_line",
    "print_findings",
    "print_lines",
    "print_problems",
    "print_review",
    "safe",
    "say",
]

_MOST = 100
"""Errors, and as many warnings, that somebody may still read."""
_MARKS = {"+": "32", "-": "31", "@": "36"}


def say(text: str) -> None:
    """Say something to a person, on stderr and in one line."""
    print(one_line(text), file=sys.stderr)


def print_lines(lines: Iterable[str]) -> None:
    """Print each as one line, whatever it holds: no box, bundle or document forges another one."""
    for line in lines:
        print(one_line(line))


def ask(question: str) -> bool:
    """Ask a person for a yes; anything else, and no answer, is a no."""
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def check_pipe() -> None:
    """Refuse to print a bundle where a person would read it."""
    if sys.stdout.isatty():
        raise Refused([Problem("", "a bundle is not for reading on a terminal", "write it to a file, or pipe it on")])


def print_problems(problems: Iterable[Problem | Finding]) -> None:
    """Print problems on stderr, errors last, with their number; of many the first ones."""
    by_severity: dict[bool, list[Problem | Finding]] = {False: [], True: []}
    for problem in problems:
        by_severity[problem.severity == ERROR].append(problem)
    for is_error, group in by_severity.items():
        for line in wording.tell_findings(group[:_MOST]):
            say(line)
        if len(group) > _MOST:
            what = "errors" if is_error else "warnings"
            say(f"... and {len(group) - _MOST} more {what}; `patronus check --json` lists all")
    if len(by_severity[True]) > 1:
        say(f"{len(by_severity[True])} errors")


def print_findings(findings: Iterable[Finding]) -> None:
    """Print what is worth saying about a document."""
    print_problems(findings)


def print_review(review: Review) -> None:
    """Print a review: diffs first, then what happens to services, as a reviewer reads it."""
    for line in wording.tell_review(review):
        print(_colour(one_line(line)))
    print_findings(review.findings)


def _colour(line: str) -> str:
    code = _MARKS.get(line[4:5]) if line.startswith("    ") and sys.stdout.isatty() else None
    return f"\x1b[{code}m{line}\x1b[0m" if code else line
