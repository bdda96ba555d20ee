"""Who asks for an operation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple


class Caller(NamedTuple):
    """Who asks, and how lines reach them while it runs; `tell` raises OSError when nobody listens any more."""

    name: str
    tell: Callable[[str], None]

    def progress(self, text: str) -> None:
        """Say how far it is. A change does not depend on who watches: one who is gone neither stops nor halves it."""
        with suppress(OSError):
            self.tell(text)
