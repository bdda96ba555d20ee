"""One key after the other: what is typed ahead waits for the screen that the key before it leads to.

Textual hands a key from widget to widget, and what comes of it, too. Meanwhile the next keys would reach the screen
that is about to go: of "7, Enter, 192.0.2.1, Enter" typed at once, the address would choose items of the menu.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.app import App
    from textual.events import Key
    from textual.message_pump import MessagePump

_LEAVING = {"escape", "ctrl+q"}
"""Keys that wait for no screen and take back what was typed before them: the way out of a box that does not answer."""
_ROUNDS = 3
"""The key itself, what the widget says about it, and what the step around the widget says about that."""
_GONE = 0.5
"""Seconds after which a widget that has not handled its messages is taken for one that was removed."""


class Turns:
    """The keys that wait. `ready` tells whether the screen can take one."""

    def __init__(self, ready: Callable[[], bool]) -> None:
        self._ready = ready
        self._keys: deque[Key] = deque()
        self._stirred = asyncio.Event()
        self._deaf_until = 0.0

    def add(self, key: Key) -> None:
        """Let a key wait."""
        if key.key in _LEAVING:
            self._keys.clear()
        if key.time >= self._deaf_until:
            self._keys.append(key)
            self.stir()

    def forget(self) -> None:
        """Drop what was typed until now: it was meant for another program."""
        self._keys.clear()
        self._deaf_until = monotonic()

    def stir(self) -> None:
        """Look again whether the screen is ready."""
        self._stirred.set()

    async def take(self) -> Key:
        """The next key, when its time has come."""
        while not (self._keys and (self._keys[0].key in _LEAVING or self._ready())):
            self._stirred.clear()
            await self._stirred.wait()
        return self._keys.popleft()


async def settle(app: App[int]) -> None:
    """Wait until everything a key sets off among the widgets has been handled."""
    for _ in range(_ROUNDS):
        for node in (app.focused or app.screen).ancestors_with_self:
            await _wait_for(node)


async def _wait_for(node: MessagePump) -> None:
    handled = asyncio.Event()
    if node.call_later(handled.set):
        with suppress(TimeoutError):
            await asyncio.wait_for(handled.wait(), _GONE)
