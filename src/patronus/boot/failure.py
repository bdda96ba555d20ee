"""Says on every console and in the journal why the box fails secure."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from patronus.host.files import write_atomically
from patronus.host.layout import Layout
from patronus.values.problem import Problem

_LONGEST = 500
_BANNER = """
*** THIS BOX IS LOCKED DOWN: {reason}
*** Nothing is forwarded and nothing can reach it from the network.
{problems}
*** Deliver a bundle signed by an owner of this box, then restart it.
"""


def record_failure(layout: Layout, reason: str, problems: Sequence[Problem]) -> int:
    """Write the reason down for the console, `patronus status` and the journal; return the exit code of the step."""
    tell_journal(reason, problems)
    write_failure(layout, reason, problems)
    return 1


def tell_journal(reason: str, problems: Sequence[Problem]) -> None:
    """Print the problems as sd-daemon(3) reads them: critical."""
    for problem in problems:
        print(f"<2>{reason}: {printable(str(problem))}", file=sys.stderr)


def write_failure(layout: Layout, reason: str, problems: Sequence[Problem]) -> None:
    """Leave the reason where `patronus status` and the login prompts find it."""
    body = {"reason": reason, "problems": [list(problem) for problem in problems]}
    write_atomically(layout.failure, json.dumps(body).encode())
    # agetty(8) reads issue.d; a backslash would be an escape of its own.
    write_atomically(_issue(layout), make_banner(reason, problems).replace("\\", "\\\\").encode())


def make_banner(reason: str, problems: Sequence[Problem]) -> str:
    """Return what a screen shows."""
    lines = "\n".join(f"    {printable(str(problem))}" for problem in problems[:10])
    return _BANNER.format(reason=reason.upper(), problems=lines)


def forget_failure(layout: Layout) -> None:
    """The box is configured after all: consoles greet as usual."""
    layout.failure.unlink(missing_ok=True)
    layout.shown.unlink(missing_ok=True)
    _issue(layout).unlink(missing_ok=True)


def _issue(layout: Layout) -> Path:
    return layout.root / "run/issue.d/50-patronus.issue"


def printable(text: str) -> str:
    """Make control characters visible, on one line that fits a screen; hostile text may be megabytes long."""
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} ..."
    return "".join(char if char.isprintable() else " " if char == "\n" else ascii(char)[1:-1] for char in text)
