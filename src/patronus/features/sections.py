"""Files in the manner of systemd.syntax(7): sections of `Key=value` lines, in the order given."""

from __future__ import annotations

from collections.abc import Iterable

Line = tuple[str, object]
Block = tuple[str, list[Line]]


def write_sections(blocks: Iterable[Block]) -> bytes:
    """Return the file; sections without lines are left out, booleans become yes and no."""
    return "\n".join(_write_block(title, lines) for title, lines in blocks if lines).encode()


def _write_block(title: str, lines: list[Line]) -> str:
    return "\n".join([f"[{title}]", *(f"{key}={_write_value(value)}" for key, value in lines), ""])


def _write_value(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
