"""What is wrong with a document, where, why, and what to do next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_MANY = 50
ERROR = "error"
WARNING = "warning"


class Problem(NamedTuple):
    """One finding about a document; `path` is the config path such as `dhcp.subnets[2].pool`, empty for the whole."""

    path: str
    message: str
    hint: str = ""
    severity: str = ERROR

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        hint = f"\n    -> {self.hint}" if self.hint else ""
        return f"{self.severity}: {where}{self.message}{hint}"


class Refused(Exception):  # noqa: N818 - reads as the sentence it is: "raise Refused(problems)"
    """Something from outside was refused; carries every problem found, never only the first."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def errors(problems: list[Problem]) -> list[Problem]:
    """Return the problems that forbid going on."""
    return [problem for problem in problems if problem.severity == ERROR]


def config_path(*parts: str | int) -> str:
    """Join keys and list indices: `config_path("dhcp", "subnets", 2)` is `dhcp.subnets[2]`."""
    text = ""
    for part in parts:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def name_some(names: Iterable[str]) -> str:
    """Return names for a hint: what a person may have meant, and not a list of thousands."""
    names = list(names)
    more = f" and {len(names) - _MANY} more" if len(names) > _MANY else ""
    return (", ".join(names[:_MANY]) or "none") + more


def is_within(path: str, outer: str) -> bool:
    """Tell whether a config path is `outer` or a place inside it."""
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def list_outer(path: str) -> list[str]:
    """Return a config path and every place around it: `a.b[2]` is in `a.b` and in `a`."""
    ends = [index for index, char in enumerate(path) if char in ".["]
    return [path[:end] for end in ends] + [path]
