"""What the steps of an installation tell whoever shows them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from patronus.install.disks import format_bytes


class Step(NamedTuple):
    """A step begins."""

    title: str


class Progress(NamedTuple):
    """How far the step is: bytes, bytes a second, seconds to go."""

    done: int
    total: int
    speed: float
    seconds_left: float

    @property
    def percent(self) -> int:
        """From 0 to 100."""
        return self.done * 100 // self.total if self.total else 100

    def __str__(self) -> str:
        amount = f"{format_bytes(self.done)} of {format_bytes(self.total)}"
        return f"{self.percent:3} %  {amount}  {format_bytes(self.speed)}/s  {self.seconds_left:.0f} s left"


class Note(NamedTuple):
    """Something to know that is no failure."""

    text: str


Event = Step | Progress | Note


class InstallFailed(Exception):  # noqa: N818 - reads as what happened
    """The installation ended; says why and what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}\n  -> {hint}")
        self.message, self.hint = message, hint


def measure(counts: Iterable[int], total: int) -> Iterator[Progress]:
    """Bytes done so far become progress, with the average speed since the first."""
    begin = time.monotonic()
    for done in counts:
        seconds = max(time.monotonic() - begin, 0.001)
        yield Progress(done, total, done / seconds, (total - done) * seconds / max(done, 1))
