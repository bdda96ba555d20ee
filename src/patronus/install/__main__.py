"""What the consoles of a box show that was started from its installation medium."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Protocol

from patronus.host.layout import Layout
from patronus.host.restart import LastWord
from patronus.install import plain as words
from patronus.install.answer import RESTART, Answer, choose_disk
from patronus.install.delivered import chosen_answer, chosen_bundle, take_up_answer
from patronus.install.disks import Disk
from patronus.install.events import InstallFailed
from patronus.install.medium import Medium, find_medium
from patronus.install.plain import Plain, Terminal
from patronus.install.write import Order, list_disks
from patronus.values.problem import Refused

LOGIN = "/sbin/agetty"
# Time to keep an unattended installation from beginning, for somebody who left the wrong stick in.
GRACE_SECONDS = 10
NOBODY = """
Nobody can log in here: there is no configuration. Plug in a stick labelled PATRONUS with a signed bundle on it,
then choose this again; or install without, and set the box up at its console.
Enter: back to the start """


class End(Protocol):
    """What can become of the machine."""

    def restart(self) -> None: ...

    def power_off(self) -> None: ...


def main() -> int:
    """Serve one console; systemd starts this anew whenever it ends."""
    parser = argparse.ArgumentParser(prog="patronus.install")
    parser.add_argument("--plain", action="store_true", help="lines of text instead of screens, as on a serial line")
    arguments = parser.parse_args()
    medium = find_medium()
    terminal = Terminal()
    if medium is None:
        terminal.show("This box was not started from an installation medium.\n")
        return 1
    end = LastWord()
    plain = Plain(medium, Layout(), terminal)
    while True:
        match plain.serve() if arguments.plain else _serve_screens(plain, medium, end):
            case words.ANSWERED:
                install_as_signed(plain, terminal, medium, Layout(), end)
            case "2" if not chosen_bundle(Layout()):
                terminal.ask(NOBODY)
            case "2":
                os.execv(LOGIN, [LOGIN, "--noclear", "-", os.environ.get("TERM", "vt220")])  # noqa: S606
            case "3" | words.DONE:
                end.restart()
            case "4":
                end.power_off()


def _serve_screens(plain: Plain, medium: Medium, end: LastWord) -> str:
    """Screens, or lines of text where screens do not work."""
    try:
        from patronus.install.screens import Installer

        return Installer(medium, Layout(), end.restart).run() or ""
    except Exception as error:
        print(f"Screens do not work here ({error!r}), going on without.")
        return plain.serve()


def install_as_signed(plain: Plain, terminal: Terminal, medium: Medium, layout: Layout, end: End) -> None:
    """Install without questions, as the signed bundle of a stick says; once a boot, on the first console."""
    if not take_up_answer(layout):
        return
    try:
        answer = chosen_answer(layout)
        disk = _choose(answer, terminal, medium) if answer else None
    except (InstallFailed, Refused) as refused:
        plain.tell(refused if isinstance(refused, InstallFailed) else InstallFailed(str(refused), "install by hand"))
        return
    if answer and disk and plain.write(Order(disk, chosen_bundle(layout))):
        if answer.then == RESTART:
            end.restart()
        end.power_off()


def _choose(answer: Answer, terminal: Terminal, medium: Medium) -> Disk | None:
    """The disk that is meant, None when somebody objects. Raises InstallFailed, also when another one turns up."""
    disk = choose_disk(answer, list_disks(medium))
    terminal.show(f"\nThe signed configuration asks for an installation on\n  {disk.title}\n")
    if terminal.wait(f"It begins in {GRACE_SECONDS} seconds. Enter stops it.\n", lambda: False, GRACE_SECONDS):
        terminal.ask("")
        return None
    if choose_disk(answer, list_disks(medium)) != disk:
        raise InstallFailed("The disks have changed meanwhile.", "install by hand, or start again")
    return disk


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (EOFError, KeyboardInterrupt):
        sys.exit(0)
