"""Makes Textual fit for small terminals: set before Textual is imported, and ASCII where it would draw other glyphs."""

from __future__ import annotations

import os
import sys
import termios
from contextlib import suppress

_USUAL = (24, 80)
"""Rows and columns of a terminal that does not say."""


def give_size() -> None:
    """Tell the kernel the size of a line that has none, as serial ones, so that every program takes the same."""
    with suppress(OSError, termios.error):
        if 0 in termios.tcgetwinsize(sys.stdout):
            termios.tcsetwinsize(sys.stdout, _USUAL)


def clear() -> None:
    """Empty the screen for another program; the screen of Linux has no other one to switch to."""
    sys.stdout.write("\x1b[0m\x1b[2J\x1b[H\x1b[?25h")
    sys.stdout.flush()


def prepare_environment() -> None:
    """Choose sixteen colours and no animation; Textual reads these variables when it is imported."""
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    os.environ["TEXTUAL_COLOR_SYSTEM"] = "standard"
    os.environ["TEXTUAL_SMOOTH_SCROLL"] = "0"
    os.environ.pop("TEXTUAL", None)


def use_plain_glyphs() -> None:
    """Let scroll bars end at whole cells: parts of a block are not in every font."""
    from textual.scrollbar import ScrollBar, ScrollBarRender

    class PlainBar(ScrollBarRender):
        VERTICAL_BARS = [" "] * 8
        HORIZONTAL_BARS = [" "] * 8

    ScrollBar.renderer = PlainBar
