"""The console as a Textual app (2.1, Debian trixie's): a menu and what its items lead to."""

from __future__ import annotations

import subprocess
from typing import ClassVar

from textual import work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.events import Event, Key
from textual.message import Message
from textual.reactive import var

from patronus.console.action import Action, Call
from patronus.console.actions import list_actions
from patronus.console.banner import View, look
from patronus.console.line_driver import LineDriver
from patronus.console.screens.dialog import DialogScreen
from patronus.console.screens.find import FindScreen
from patronus.console.screens.help import HelpScreen
from patronus.console.screens.menu import MenuScreen
from patronus.console.terminal import clear, use_plain_glyphs
from patronus.console.turns import Turns, settle

_POLL = 10.0
"""Seconds between two looks at the box; what is pending counts down by itself meanwhile."""


class Seen(Message):
    """The box was looked at."""

    def __init__(self, view: View) -> None:
        super().__init__()
        self.view = view


class ConsoleApp(App[int]):
    """`call` is the way to the box."""

    CSS_PATH = "console.tcss"
    ENABLE_COMMAND_PALETTE = False
    TITLE = "Patronus"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "log_out", show=False, priority=True),
        Binding("ctrl+c", "nothing", show=False, priority=True),
    ]
    view: var[View | None] = var(None)

    def __init__(self, call: Call) -> None:
        super().__init__(driver_class=LineDriver, ansi_color=True)
        use_plain_glyphs()
        self.call_box = call
        self.turns = Turns(self._is_ready)

    def on_mount(self) -> None:
        """Show the menu and begin to watch the box."""
        self.theme = "textual-ansi"
        self.push_screen(MenuScreen())
        self._press_keys_in_turn()
        self.poll()
        self.set_interval(_POLL, self.poll)

    async def on_event(self, event: Event) -> None:
        """Let keys wait for their turn. They come back forwarded, from widgets that had no use for them."""
        if isinstance(event, Key) and not event.is_forwarded:
            self.turns.add(event)
        else:
            await super().on_event(event)

    @work(group="keys")
    async def _press_keys_in_turn(self) -> None:
        while True:
            await settle(self)
            await super().on_event(await self.turns.take())

    def _is_ready(self) -> bool:
        return not isinstance(self.screen, DialogScreen) or self.screen.is_ready

    @work(thread=True, exclusive=True, group="poll")
    def poll(self) -> None:
        """Look at the box."""
        self.post_message(Seen(look(self.call_box)))

    def on_seen(self, message: Seen) -> None:
        """Let every screen know."""
        self.view = message.view

    def start(self, action: Action) -> None:
        """Start an action."""
        if action.leaves:
            self.exit(0)
        elif action.program:
            with self.suspend():
                clear()
                subprocess.run(action.program, check=False)
            self.turns.forget()
        else:
            self.push_screen(DialogScreen(action, self.call_box))

    def action_log_out(self) -> None:
        """End the session."""
        self.exit(0)

    def action_nothing(self) -> None:
        """Let Ctrl+C do nothing: on a console it is pressed by habit."""

    def action_redraw(self) -> None:
        """Draw everything again, as after noise on the line."""
        if isinstance(self._driver, LineDriver):
            self._driver.redraw()
        self.refresh(repaint=True, layout=True)
        self.screen.refresh(repaint=True, layout=True)

    def action_help(self) -> None:
        """Explain the menu."""
        actions = list_actions(self.view.status if self.view else None)
        self.push_screen(
            HelpScreen("the menu", [f"{action.number:>2} {action.title}: {action.help}" for action in actions])
        )

    @work
    async def action_find(self) -> None:
        """Let somebody find an item by its name."""
        actions = list_actions(self.view.status if self.view else None)
        found = await self.push_screen_wait(FindScreen(actions))
        if found:
            self.start(found)
