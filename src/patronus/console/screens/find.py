"""The command palette: type a part of an item's name or help."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from patronus.console.action import Action
from patronus.console.widgets import Choices, as_prose, as_title


class FindScreen(Screen[Action | None]):
    """Ends with the chosen action, None when nobody chose."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Back", key_display="Esc"),
        Binding("down", "move(1)", show=False, priority=True),
        Binding("up", "move(-1)", show=False, priority=True),
    ]

    def __init__(self, actions: list[Action]) -> None:
        super().__init__()
        self._actions = actions
        self._found = actions

    def compose(self) -> ComposeResult:
        """Lay out the input and what it finds."""
        yield Static(as_title("Find an item"), id="title", markup=False)
        yield Input()
        yield Choices([], id="found")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin with everything."""
        self.query_one(OptionList).can_focus = False
        self.query_one(Input).cursor_blink = False
        self.query_one(Input).focus()
        self._search("")

    def on_input_changed(self, message: Input.Changed) -> None:
        """Search while somebody types."""
        self._search(message.value)

    def _search(self, words: str) -> None:
        wanted = words.casefold().split()
        texts = {action: f"{action.number} {action.title} {action.help}".casefold() for action in self._actions}
        self._found = [action for action, text in texts.items() if all(word in text for word in wanted)]
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(as_prose(f"{action.number:>3}) {action.title}")) for action in self._found])
        options.highlighted = 0 if self._found else None

    def action_move(self, step: int) -> None:
        """Move the mark without leaving the input."""
        options = self.query_one(OptionList)
        options.highlighted = max(0, min((options.highlighted or 0) + step, len(self._found) - 1))

    def on_input_submitted(self) -> None:
        """Take what is marked."""
        index = self.query_one(OptionList).highlighted
        if index is not None:
            self.dismiss(self._found[index])

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Take what was clicked."""
        self.dismiss(self._found[message.option_index])
