"""Small parts the screens share. Text from outside becomes plain here, and markup is never read."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rich.text import Text
from textual import events
from textual.style import Style
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from patronus.console import banner
from patronus.console.banner import View
from patronus.values.terminal import plain


def as_text(*lines: str) -> Text:
    """Return lines that no terminal and no markup parser acts on."""
    return Text("\n".join(plain(line) for line in lines), no_wrap=True)


def as_prose(*lines: str) -> Text:
    """Return lines that may be wrapped."""
    return Text("\n".join(plain(line) for line in lines))


def as_title(text: str) -> Text:
    """Return a line that stands out as far as it is wide, on terminals without colours too."""
    return Text(f"{plain(text, banner.WIDTH):<{banner.WIDTH}}", style="bold reverse", no_wrap=True)


class Choices(OptionList):
    """A list to choose from; what is marked stands out without colours, which styles of OptionList do not."""

    def __init__(self, labels: Sequence[str], *, id: str | None = None) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(*(Option(as_text(f"{number:>2}) {label}")) for number, label in enumerate(labels, 1)), id=id)

    def on_key(self, event: events.Key) -> None:
        """Mark what has the number that is typed."""
        number = int(event.key) if event.key in set("123456789") else 0
        if 1 <= number <= self.option_count:
            self.highlighted = number - 1
            event.stop()

    def get_visual_style(self, *component_classes: str, partial: bool = False) -> Style:
        """Reverse the marked line."""
        style = super().get_visual_style(*component_classes, partial=partial)
        marked = "option-list--option-highlighted" in component_classes
        return style + Style(reverse=True) if marked else style


class WarningLines(Static):
    """What cannot wait, with seconds that count down; takes no room when there is nothing."""

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown: list[str] = []

    def on_mount(self) -> None:
        """Follow what the app knows of the box, and the clock."""
        self.watch(self.app, "view", self.tick)
        self.set_interval(1, self.tick)

    def tick(self) -> None:
        """Show the warnings as they are now; nothing is drawn when they are the same."""
        view: View | None = getattr(self.app, "view", None)
        lines = banner.tell_warnings(view, time.monotonic()) if view else []
        if lines != self._shown:
            self._shown = lines
            self.set_class(bool(lines), "-some")
            self.update(as_prose(*lines))


class SecretInput(Input):
    """An input that shows a star per character."""

    @property
    def _value(self) -> Text:
        return Text("*" * len(self.value), no_wrap=True, overflow="ignore", end="")
