"""What may be printed on a terminal, whoever wrote it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patronus.values.terminal import plain, safe

HOSTILE = [
    "\x1b[2J",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x9b31m",
    "a\u202eb",
    "[b]x[/b]",
    "\x00",
    "\r\n",
    "\ud800",
    "\xe9",
    "\u0301",
]


@given(st.text() | st.sampled_from(HOSTILE))
def test_no_character_acts_on_the_terminal(text: str) -> None:
    assert all(char.isprintable() or char in "\n\t" for char in safe(text))
    assert all(" " <= char <= "~" for char in plain(text))


@given(st.text(), st.integers(1, 20))
def test_a_line_is_never_longer_than_asked(text: str, limit: int) -> None:
    line = plain(text, limit)
    assert len(line) <= limit
    assert line == plain(text) or line.endswith("~")


@pytest.mark.parametrize(
    ("text", "line"), [("lan", "lan"), ("a\tb\n", "a\\tb\\n"), ("Jürgen", "J\\xfcrgen"), ("€", "\\u20ac")]
)
def test_what_is_not_ascii_is_written_as_its_number(text: str, line: str) -> None:
    assert plain(text) == line
    assert plain("x" * 50, 10) == "xxxxxxxxx~"
