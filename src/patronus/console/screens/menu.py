"""The main menu: who the box is, what cannot wait, the numbered items."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Footer, Static

from patronus.console import banner
from patronus.console.action import Action
from patronus.console.actions import list_actions
from patronus.console.banner import View
from patronus.console.menu_grid import MenuGrid
from patronus.console.screens.base import ConsoleScreen
from patronus.console.widgets import WarningLines, as_prose, as_text, as_title

_MOST_DIGITS = 2


class MenuScreen(ConsoleScreen[None]):
    """Numbers, arrows and the mouse choose an item."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "app.help", "Help", key_display="F1 ?"),
        Binding("ctrl+p", "app.find", "Find", key_display="^P"),
        Binding("ctrl+l", "app.redraw", "Redraw", key_display="^L"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._typed = ""

    def compose(self) -> ComposeResult:
        """Lay out banner, warnings, items and the line for the number."""
        yield Static(id="name", markup=False)
        yield Static(id="interfaces", markup=False)
        yield WarningLines()
        yield MenuGrid(list_actions(None))
        yield Static(id="typed", markup=False)
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Follow what the app knows of the box."""
        self.watch(self.app, "view", self.show)
        self._type("")
        self.query_one(MenuGrid).focus()

    async def show(self, view: View | None) -> None:
        """Show the box as it was last seen."""
        if view is None:
            return
        self.query_one("#name", Static).update(as_title(banner.tell_name(view)))
        self.query_one("#interfaces", Static).update(as_text(*banner.tell_interfaces(view)))
        actions = list_actions(view.status)
        grid = self.query_one(MenuGrid)
        if actions != grid.actions:
            grid.actions = actions
            await grid.recompose()
            grid.select(grid.index)

    def on_key(self, event: events.Key) -> None:
        """Collect the digits of a number."""
        if event.character and event.character.isdecimal() and event.character.isascii():
            self._type((self._typed + event.character)[-_MOST_DIGITS:])
            event.stop()
        elif event.key in {"backspace", "escape"} and self._typed:
            self._type(self._typed[:-1] if event.key == "backspace" else "")
            event.stop()

    def _type(self, typed: str) -> None:
        self._typed = typed
        found = self._find(typed)
        if found:
            grid = self.query_one(MenuGrid)
            grid.select(grid.actions.index(found))
        self.query_one("#typed", Static).update(as_prose(f"Number: {typed}"))

    def _find(self, typed: str) -> Action | None:
        actions = self.query_one(MenuGrid).actions
        return next((action for action in actions if str(action.number) == typed), None)

    def on_menu_grid_chosen(self, message: MenuGrid.Chosen) -> None:
        """Start an item; a number nobody knows starts nothing."""
        typed, chosen = self._typed, message.action
        self._type("")
        if typed and str(chosen.number) != typed:
            self.query_one("#typed", Static).update(as_prose(f"There is no item {typed}."))
        else:
            self.console_app.start(chosen)
