"""The installer for any terminal: lines of text, a number or a word typed, Enter alone goes back."""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

from patronus.host.layout import Layout
from patronus.install.delivered import answer_waits, chosen_bundle, stick_notes
from patronus.install.disks import Disk
from patronus.install.events import InstallFailed, Note, Progress, Step
from patronus.install.medium import Medium
from patronus.install.write import Order, install, list_disks
from patronus.values.terminal import safe

ERASE = "ERASE"
DONE = "done"
ANSWERED = "answered"
FOREVER = float("inf")
# How often the progress line is drawn anew: a slow serial line shall not be what slows the copying down.
REDRAW_SECONDS = 1.0


class Choice(NamedTuple):
    """What a person wants of the medium."""

    key: str
    text: str


MENU = (
    Choice("1", "Install on a disk of this box"),
    Choice("2", "Try it without installing: log in here"),
    Choice("3", "Restart"),
    Choice("4", "Switch off"),
)


class Plain:
    """One console."""

    def __init__(self, medium: Medium, layout: Layout, terminal: Terminal) -> None:
        self._medium, self._layout, self._terminal = medium, layout, terminal
        self._ask, self._show = terminal.ask, terminal.show

    def serve(self) -> str:
        """Install as often as somebody wants to; returns another key of MENU, ANSWERED or DONE."""
        while (key := self.choose()) == "1":
            if self.install():
                self._ask("  Remove the medium, then press Enter to restart ")
                return DONE
        return key

    def choose(self) -> str:
        """The key of what was chosen from MENU; ANSWERED when a stick brings a signed answer meanwhile."""
        while True:
            self._show(f"\nPatronus {safe(self._medium.version)}, started from its installation medium\n\n")
            if notes := stick_notes(self._layout):
                self._show(f"{safe(notes)}\n")
            for choice in MENU:
                self._show(f"  {choice.key}) {choice.text}\n")
            if not self._terminal.wait("\nNumber: ", lambda: answer_waits(self._layout)):
                return ANSWERED
            answer = self._ask("")
            if answer in [choice.key for choice in MENU]:
                return answer

    def install(self) -> bool:
        """Pick, summary, warning, progress, result. False when somebody went back to the start or it failed."""
        while (disk := self._pick()) is not None:
            bundle = chosen_bundle(self._layout)
            while self._accept_summary(disk, bundle):
                if self._warn(disk):
                    return self.write(Order(disk, bundle))
        return False

    def _pick(self) -> Disk | None:
        while True:
            disks = list_disks(self._medium)
            usable = [disk for disk in disks if not disk.obstacle]
            self._show("\n--- 1 of 5: pick the disk to install on ---\n\n")
            for number, disk in enumerate(usable, start=1):
                self._show(f"  {number}) {disk.title}\n     on it: {disk.what_is_on_it}\n")
            for disk in disks:
                if disk.obstacle:
                    self._show(f"  -) {disk.title}\n     cannot be chosen: {disk.obstacle}\n")
            if not usable:
                self._show("  There is no disk to install on.\n")
            answer = self._ask("\nNumber (r: look again, Enter: back): ")
            if not answer:
                return None
            if answer.isdecimal() and 1 <= int(answer) <= len(usable):
                return usable[int(answer) - 1]

    def _accept_summary(self, disk: Disk, bundle: bytes | None) -> bool:
        self._show("\n--- 2 of 5: summary ---\n\n")
        self._show(f"  install  Patronus {safe(self._medium.version)}\n")
        self._show(f"  on       {disk.title}\n  serial   {disk.serial or 'none'}\n  on it    {disk.what_is_on_it}\n")
        self._show(
            f"  config   {'the signed bundle of the stick' if bundle else 'none: set up at the console later'}\n"
        )
        return self._ask("\nGo on? (y, Enter: back): ").lower() in ("y", "yes")

    def _warn(self, disk: Disk) -> bool:
        self._show(f"\n--- 3 of 5: last warning ---\n\n  EVERYTHING on this disk will be lost:\n  {disk.title}\n")
        return self._ask(f"\nType {ERASE} to go on (Enter: back): ") == ERASE

    def write(self, order: Order) -> bool:
        """Install and tell how it went; false when it failed and somebody has read why."""
        self._show("\n--- 4 of 5: installing ---\n\n")
        try:
            self._follow(order)
        except InstallFailed as failed:
            self.tell(failed)
            return False
        self._show("\n--- 5 of 5: done ---\n\n")
        self._show(f"  Patronus {safe(self._medium.version)} is on {order.disk.path}, written and verified.\n")
        return True

    def tell(self, failed: InstallFailed) -> None:
        """Show why it failed, until somebody has read it."""
        self._show(f"\n\n--- 5 of 5: FAILED ---\n\n  {safe(failed.message)}\n  -> {safe(failed.hint)}\n")
        self._ask("\nEnter: back to the start ")

    def _follow(self, order: Order) -> None:
        drawn, width = 0.0, 0
        for event in install(order, self._medium):
            if isinstance(event, Progress):
                last = event.done == event.total
                if last or time.monotonic() - drawn >= REDRAW_SECONDS:
                    text = str(event)
                    self._show(f"\r    {text.ljust(width)}" + ("\n" if last else ""))
                    drawn, width = time.monotonic(), len(text)
            elif isinstance(event, Step):
                self._show(f"  {event.title}\n")
            elif isinstance(event, Note):
                self._show(f"  note: {safe(event.text)}\n")


class Terminal:
    """The terminal this program runs on."""

    def ask(self, question: str) -> str:
        """The line typed; Escape and other keys that print nothing count as nothing. Raises EOFError at the end."""
        self.show(question)
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return "".join(char for char in line if char.isprintable()).strip()

    def wait(self, question: str, other: Callable[[], bool], seconds: float = FOREVER) -> bool:
        """Whether somebody types before something `other` happens or the time is over."""
        self.show(question)
        end = time.monotonic() + seconds
        while not select.select([sys.stdin], [], [], min(1.0, max(end - time.monotonic(), 0.0)))[0]:
            if other() or time.monotonic() >= end:
                return False
        return True

    def show(self, text: str) -> None:
        """Print at once."""
        sys.stdout.write(text)
        sys.stdout.flush()
