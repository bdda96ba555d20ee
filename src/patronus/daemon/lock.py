"""One change at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from patronus.host.layout import Layout
from patronus.pipeline.confirm import changing


class Busy(Exception):  # noqa: N818 - reads as what happened
    """Another change holds the lock."""


@contextmanager
def change_lock(layout: Layout) -> Iterator[None]:
    """Hold the box's only write lock; raises Busy when another change is under way."""
    lock = changing(layout)
    try:
        lock.__enter__()
    except BlockingIOError as error:
        raise Busy from error
    try:
        yield
    finally:
        lock.__exit__(None, None, None)
