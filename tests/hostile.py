"""Results of operations with hostile text in them, for every front end that shows such results."""

from __future__ import annotations

from typing import Any


def spoil(value: Any, evil: str) -> Any:
    """Return a result with `evil` at the end of every text in it."""
    if isinstance(value, str):
        return value + evil
    if isinstance(value, dict):
        return {key: spoil(item, evil) for key, item in value.items()}
    return [spoil(item, evil) for item in value] if isinstance(value, list | tuple) else value
