"""The shadow of the terminal: what is sent makes the same screen as what Textual drew."""

from __future__ import annotations

import pyte
from hypothesis import given
from hypothesis import strategies as st

from patronus.console.line_driver import Shadow

PLAIN, BOLD, REVERSED = "\x1b[39;49m", "\x1b[1m", "\x1b[7;31;49m"
STYLES = st.sampled_from([PLAIN, BOLD, REVERSED])
TEXTS = st.text("ab ", min_size=1, max_size=12)
PIECES = st.lists(
    st.tuples(st.integers(1, 4), st.integers(1, 8), st.lists(st.tuples(STYLES, TEXTS), max_size=3)), max_size=12
)


@given(PIECES)
def test_the_terminal_shows_what_was_drawn(pieces: list[tuple[int, int, list[tuple[str, str]]]]) -> None:
    drawn, sent = pyte.Screen(60, 4), pyte.Screen(60, 4)
    shadow = Shadow()
    for row, column, parts in pieces:
        piece = "".join(f"{style}{text}\x1b[0m" for style, text in parts)
        pyte.Stream(drawn).feed(f"\x1b[{row};{column}H{piece}")
        pyte.Stream(sent).feed(shadow.draw(row, column, piece))
    for row in range(4):
        assert [drawn.buffer[row][column] for column in range(60)] == [sent.buffer[row][column] for column in range(60)]


def test_what_is_there_already_is_not_sent() -> None:
    shadow = Shadow()
    assert shadow.draw(1, 1, f"{PLAIN}     \x1b[0m\r\n") == "", "a cleared screen is blank"
    assert shadow.draw(1, 1, f"{PLAIN}abcde\x1b[0m\r\n") == "\x1b[1;1Habcde"
    assert shadow.draw(1, 1, f"\x1b[49mab{PLAIN}cde\x1b[0m") == ""
    assert shadow.draw(1, 3, f"{PLAIN}cXe\x1b[0m") == "\x1b[1;4HX"
    assert shadow.draw(1, 1, f"{BOLD}a\x1b[0m{PLAIN}bcXe\x1b[0m") == "\x1b[1;1H\x1b[1ma\x1b[0m"
    shadow.clear()
    assert shadow.draw(1, 1, f"{PLAIN}abcde\x1b[0m") == "\x1b[1;1Habcde"
