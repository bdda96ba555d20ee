"""Cuts the power before the nth step that touches the disk, for every n."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

_STEPS: list[tuple[Any, str]] = [
    (os, "open"),
    (os, "fsync"),
    (os, "fchmod"),
    (os, "rename"),
    (os, "symlink"),
    (os, "mkdir"),
    (os, "unlink"),
    (os, "rmdir"),
]


class PowerCut(BaseException):
    """The machine is off: nothing catches this."""


@contextmanager
def cut_before(step: int) -> Iterator[None]:
    """Let `step` disk operations happen and raise PowerCut instead of the next one."""
    left = step

    def wrap(original: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            if left == 0:
                raise PowerCut
            left -= 1
            return original(*arguments, **options)

        return counted

    patches = [patch.object(owner, name, wrap(getattr(owner, name))) for owner, name in _STEPS]
    for item in patches:
        item.start()
    try:
        yield
    finally:
        for item in patches:
            item.stop()


def every_cut(folder: Path, prepare: Callable[[Path], None], action: Callable[[Path], None]) -> Iterator[Path]:
    """Yield a folder for every place where `action` can be interrupted, the last one not interrupted at all."""
    for step in range(1000):
        place = folder / str(step)
        place.mkdir(parents=True)
        prepare(place)
        try:
            with cut_before(step):
                action(place)
        except PowerCut:
            yield place
        else:
            yield place
            assert step > 2, "nothing was interrupted"
            return
    raise AssertionError("it never comes to an end")
