"""Textual's way to the terminal, for slow lines: only cells that change are sent.

Textual draws the whole screen at every change of the layout, several times for one new screen: 3 kB each, a quarter of
a second at 115200 baud.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from textual.drivers.linux_driver import LinuxDriver

_MOVE = re.compile(r"\x1b\[(\d+);(\d+)H")
_DRAWN = re.compile(r"(?:\x1b\[[0-9;]*m|[ -~\r\n])*")
"""ASCII text and its styles (ECMA-48 SGR); each style ends with a reset, so a piece means the same after any other."""
_PART = re.compile(r"\x1b\[([0-9;]*)m|([ -~]+)")
_USUAL_COLOURS = {"", "0", "39", "49"}
_QUESTIONS = {"\x1b[>1u", "\x1b[<u", "\x1b[?2026$p", "\x1b[?2048$p"}
"""Offers of newer terminals, which older ones print in part."""
_CLEAR = "\x1b[0m\x1b[2J\x1b[H"

Cell = tuple[str, str]
"""A style as the codes that make it, and a character."""
_BLANK: Cell = ("", " ")


class Shadow:
    """What the terminal shows, by row and column from 1."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], Cell] = {}

    def clear(self) -> None:
        """Remember that every cell is blank."""
        self._cells.clear()

    def draw(self, row: int, column: int, drawn: str) -> str:
        """Remember what is drawn; return what has to be sent for it."""
        new = {(row, place): cell for place, cell in enumerate(_read_cells(drawn), column)}
        changed = [place for place, cell in new.items() if self._cells.get(place, _BLANK) != cell]
        self._cells.update(new)
        if not changed:
            return ""
        first, last = changed[0][1], changed[-1][1]
        span = [new[row, place] for place in range(first, last + 1)]
        return f"\x1b[{row};{first}H" + "".join(_write_cells(span))


def _read_cells(drawn: str) -> Iterator[Cell]:
    style = ""
    for codes, text in _PART.findall(drawn):
        if text:
            yield from ((style, char) for char in text)
        else:
            style = ";".join(code for code in codes.split(";") if code not in _USUAL_COLOURS)


def _write_cells(cells: list[Cell]) -> Iterator[str]:
    for style, group in groupby(cells, key=lambda cell: cell[0]):
        text = "".join(char for _style, char in group)
        yield f"\x1b[{style}m{text}\x1b[0m" if style else text


class LineDriver(LinuxDriver):
    """Keeps a shadow of the terminal. `redraw` makes up for noise on the line."""

    def start_application_mode(self) -> None:
        """Begin with an empty screen; the one of Linux has no other one to switch to."""
        self._shadow = Shadow()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        self.redraw()

    def redraw(self) -> None:
        """Clear the terminal; Textual has to draw everything after it."""
        self._shadow.clear()
        super().write(_CLEAR)

    def write(self, data: str) -> None:
        """Send what is new. Pieces begin with a move of the cursor; what else there is goes as it is."""
        if data in _QUESTIONS:
            return
        begin, *rest = _MOVE.split(data)
        kept = [begin]
        for row, column, piece in zip(rest[::3], rest[1::3], rest[2::3], strict=True):
            match = _DRAWN.match(piece)
            end = match.end() if match else 0
            kept += [self._shadow.draw(int(row), int(column), piece[:end]), piece[end:]]
        text = "".join(kept)
        if text:
            super().write(text)

    def _enable_mouse_support(self) -> None:
        """Ask for clicks only: every move of a mouse would be a message on the line."""
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1006h")
            self.flush()
