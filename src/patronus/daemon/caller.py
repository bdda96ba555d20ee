"""Who asks for an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Caller(NamedTuple):
    """Who asks, and where progress goes."""

    name: str
    progress: Callable[[str], None]
