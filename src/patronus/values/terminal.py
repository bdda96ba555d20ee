"""What may be printed on a terminal."""

from __future__ import annotations


def safe(text: str) -> str:
    """Make every character a terminal could act on visible; line breaks and tabs stay."""
    return "".join(char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text)


def one_line(text: str) -> str:
    """Like `safe`, of what has to stay in its line: whoever wrote the text cannot begin another one."""
    return safe(text).replace("\n", "\\n")


def plain(text: str, limit: int = 0) -> str:
    """Make one line of ASCII that every terminal shows alike, a serial one too: the rest is written as its number.

    A byte of UTF-8 can be a control character for a terminal that does not know UTF-8. `limit` is characters, 0 for
    none; what is cut off ends in `~`.
    """
    line = "".join(char if " " <= char <= "~" else ascii(char)[1:-1] for char in text)
    return line if not limit or len(line) <= limit else line[: limit - 1] + "~"
