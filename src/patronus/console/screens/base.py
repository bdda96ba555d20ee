"""What every screen of the console has."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from textual.screen import Screen

if TYPE_CHECKING:
    from patronus.console.app import ConsoleApp

T = TypeVar("T")


class ConsoleScreen(Screen[T]):
    """A screen of the console's app."""

    @property
    def console_app(self) -> ConsoleApp:
        """The app, by its own type."""
        return cast("ConsoleApp", self.app)
