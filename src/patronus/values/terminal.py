"""What may be printed on a terminal."""

from __future__ import annotations


def safe(text: str) -> str:
    """Make every character a terminal could act on visible; line breaks and tabs stay."""
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)
