"""What a screen is for, and its keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import ScrollableContainer
from textual.screen import Screen
from textual.widgets import Footer, Static

from patronus.console.widgets import as_prose, as_title

KEYS = (
    "",
    "Arrows         move              Enter   choose, or go on",
    "a number       choose an item    Escape  go back",
    "F1 or ?        this help         Ctrl+P  find an item by its name",
    "Page up, down  scroll            Ctrl+L  draw the screen again",
)


class HelpScreen(Screen[None]):
    """A page of help; Escape goes back."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,f1,enter", "dismiss", "Back", key_display="Esc")]

    def __init__(self, title: str, lines: Sequence[str]) -> None:
        super().__init__()
        self._title, self._lines = title, lines

    def compose(self) -> ComposeResult:
        """Lay out title and text."""
        yield Static(as_title(f"Help: {self._title}"), id="title", markup=False)
        with ScrollableContainer(id="body"):
            yield Static(as_prose(*self._lines, *KEYS), markup=False)
        yield Footer(show_command_palette=False)
