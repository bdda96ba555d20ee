"""Prints for people. Nothing from a document, a bundle or a box reaches the terminal unescaped."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from patronus.ops.messages import Finding, Review
from patronus.values.problem import ERROR, Problem

_MARKS = {"+": "32", "-": "31", "@": "36"}


def safe(text: str) -> str:
    """Make every character a terminal could act on visible; line breaks and tabs stay."""
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def say(text: str) -> None:
    """Say something to a person, on stderr."""
    print(safe(text), file=sys.stderr)


def print_problems(problems: Iterable[Problem]) -> None:
    """Print problems on stderr, errors last, with their number."""
    ordered = sorted(problems, key=lambda problem: problem.severity == ERROR)
    for problem in ordered:
        say(str(problem))
    count = sum(problem.severity == ERROR for problem in ordered)
    if count > 1:
        say(f"{count} errors")


def print_findings(findings: Iterable[Finding]) -> None:
    """Print what is worth saying about a document."""
    print_problems([Problem(**finding.model_dump()) for finding in findings])


def print_review(review: Review) -> None:
    """Print a review: diffs first, then what happens to services, as a reviewer reads it."""
    for file in review.files:
        origin = f"  ({file.origin})" if file.origin else ""
        print(safe(f"{file.kind} /{file.path}{origin}"))
        for line in file.text.splitlines():
            if not line.startswith(("---", "+++")):
                print("    " + _colour(safe(line)))
    for verb in ("stop", "reload", "restart", "start"):
        for name in getattr(review, verb):
            print(f"{verb} {safe(name)}")
    if not review.files:
        print("nothing changes")
    print_findings(review.findings)


def _colour(line: str) -> str:
    code = _MARKS.get(line[:1]) if sys.stdout.isatty() else None
    return f"\x1b[{code}m{line}\x1b[0m" if code else line
