"""The numbered items in two columns, first column first; only the rows that change are drawn again."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Static

from patronus.console.action import Action


class MenuItem(Static):
    """One numbered item; a click starts it."""

    def __init__(self, action: Action) -> None:
        super().__init__(markup=False)
        self.item = action
        self.mark(False)

    def mark(self, marked: bool) -> None:
        """Let the item stand out, or not."""
        text = Text(f"{self.item.number:>3}) {self.item.title} ", style="reverse" if marked else "", no_wrap=True)
        self.update(text)

    def on_click(self) -> None:
        """Start the action."""
        self.post_message(MenuGrid.Chosen(self.item))


class MenuGrid(Widget, can_focus=True):
    """Arrows move, Enter chooses."""

    class Chosen(Message):
        """Somebody chose an action."""

        def __init__(self, action: Action) -> None:
            super().__init__()
            self.action = action

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("left,right", "cross", show=False),
        Binding("home", "move(-99)", show=False),
        Binding("end", "move(99)", show=False),
        Binding("enter", "choose", "Choose", key_display="Enter"),
    ]

    def __init__(self, actions: Sequence[Action]) -> None:
        super().__init__()
        self.actions = list(actions)
        self.index = 0

    def compose(self) -> ComposeResult:
        """Put the items where their column and row are."""
        rows = -(-len(self.actions) // 2)
        pairs = zip_longest(self.actions[:rows], self.actions[rows:])
        for action in chain.from_iterable(pairs):
            yield MenuItem(action) if action else Static()

    def on_mount(self) -> None:
        """Mark the item that was chosen last."""
        self.select(self.index)

    def select(self, index: int) -> None:
        """Move the mark."""
        for item in self.query(MenuItem):
            if item.item is self.actions[self.index]:
                item.mark(False)
        self.index = max(0, min(index, len(self.actions) - 1))
        for item in self.query(MenuItem):
            if item.item is self.actions[self.index]:
                item.mark(True)

    def action_move(self, step: int) -> None:
        """Move up or down."""
        self.select(self.index + step)

    def action_cross(self) -> None:
        """Move to the other column."""
        rows = -(-len(self.actions) // 2)
        self.select(self.index - rows if self.index >= rows else self.index + rows)

    def action_choose(self) -> None:
        """Start what is marked."""
        self.post_message(self.Chosen(self.actions[self.index]))
