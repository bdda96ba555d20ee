"""The installer on a screen of 80 by 24: five screens, Escape goes back. Written for Textual 2.1, plain borders."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import events, work
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import Screen
from textual.widgets import Footer, Input, OptionList, Static
from textual.widgets.option_list import Option

from patronus.host.layout import Layout
from patronus.install.delivered import answer_waits, chosen_bundle, stick_notes
from patronus.install.disks import Disk
from patronus.install.events import Event, InstallFailed, Note, Progress, Step
from patronus.install.medium import Medium
from patronus.install.plain import ANSWERED, ERASE, MENU, REDRAW_SECONDS
from patronus.install.write import Order, install, list_disks
from patronus.values.terminal import safe

BAR = 60


def text(content: str, name: str | None = None) -> Static:
    """Words from anywhere, shown as they are: nothing in them is markup."""
    return Static(safe(content), markup=False, id=name)


class Page(Screen[None]):
    """A titled page; Escape leads to the one before."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back", "Back", key_display="Esc")]
    title_text = ""

    @property
    def installer(self) -> Installer:
        """The app, typed."""
        assert isinstance(self.app, Installer)  # noqa: S101 - for the type checker
        return self.app

    def compose(self) -> ComposeResult:
        yield text(self.title_text, "title")
        with Vertical(id="body"):
            yield from self.content()
        yield Footer(show_command_palette=False)

    def content(self) -> ComposeResult:
        """What stands between title and keys."""
        yield from ()

    def action_back(self) -> None:
        self.app.pop_screen()


class Start(Page):
    """What the medium can do."""

    title_text = "Patronus"

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "ignore", show=False)]

    def content(self) -> ComposeResult:
        yield text(f"Patronus {self.installer.medium.version}, started from its installation medium\n")
        yield text("", "notes")
        yield OptionList(*(Option(f"{choice.key}) {choice.text}", id=f"choice-{choice.key}") for choice in MENU))

    def on_key(self, event: events.Key) -> None:
        """The number works as well as the arrows."""
        key = event.key
        if key in [choice.key for choice in MENU]:
            self._choose(key)

    def on_mount(self) -> None:
        """A stick may bring a signed answer while nobody chooses."""
        self.set_interval(1, self.look_for_answer)

    def look_for_answer(self) -> None:
        """Leave the start to it, but nothing that somebody has begun."""
        self.query_one("#notes", Static).update(safe(stick_notes(self.installer.layout)))
        if self.is_current and answer_waits(self.installer.layout):
            self.app.exit(ANSWERED)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._choose((event.option_id or "").removeprefix("choice-"))

    def action_ignore(self) -> None:
        """There is no way back from the start."""

    def _choose(self, key: str) -> None:
        if key == "1":
            self.app.push_screen(Pick())
        else:
            self.app.exit(key)


class Pick(Page):
    """1 of 5."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("r", "refresh_disks", "Look again")]
    title_text = "1 of 5: pick the disk to install on"

    def content(self) -> ComposeResult:
        yield OptionList(id="disks", markup=False)

    def on_screen_resume(self) -> None:
        self.action_refresh_disks()

    def action_refresh_disks(self) -> None:
        """List what there is now."""
        disks = list_disks(self.installer.medium)
        self._usable = {disk.path: disk for disk in disks if not disk.obstacle}
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options(_option(disk) for disk in sorted(disks, key=lambda disk: bool(disk.obstacle)))
        if self._usable:
            options.highlighted = 0
        else:
            options.add_option(Option("There is no disk to install on.", disabled=True))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        disk = self._usable.get(event.option_id or "")
        if disk is not None:
            self.app.push_screen(Summary(disk))


def _option(disk: Disk) -> Option:
    second = f"cannot be chosen: {disk.obstacle}" if disk.obstacle else f"on it: {disk.what_is_on_it}"
    return Option(f"{disk.title}\n    {second}", id=disk.path, disabled=bool(disk.obstacle))


class Summary(Page):
    """2 of 5."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "next", "Go on", key_display="Enter")]
    title_text = "2 of 5: summary"

    def __init__(self, disk: Disk) -> None:
        super().__init__()
        self.disk = disk

    def content(self) -> ComposeResult:
        disk = self.disk
        config = (
            "the signed bundle of the stick"
            if chosen_bundle(self.installer.layout)
            else "none: set up at the console later"
        )
        yield text(
            f"install  Patronus {self.installer.medium.version}\non       {disk.title}\n"
            f"serial   {disk.serial or 'none'}\non it    {disk.what_is_on_it}\nconfig   {config}\n"
        )

    def action_next(self) -> None:
        self.app.push_screen(LastWarning(self.disk))


class LastWarning(Page):
    """3 of 5."""

    title_text = "3 of 5: last warning"

    def __init__(self, disk: Disk) -> None:
        super().__init__()
        self.disk = disk

    def content(self) -> ComposeResult:
        yield text(
            f"EVERYTHING on this disk will be lost:\n{self.disk.title}\n\nType {ERASE} and press Enter to go on.\n"
        )
        yield Input(max_length=len(ERASE) + 1)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.value == ERASE:
            self.app.push_screen(Writing(Order(self.disk, chosen_bundle(self.installer.layout))))
        else:
            event.input.clear()


class Writing(Page):
    """4 of 5. There is no way back while the disk is written; afterwards 5 of 5 takes its place."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "ignore", show=False)]
    title_text = "4 of 5: installing"

    def __init__(self, order: Order) -> None:
        super().__init__()
        self.order = order
        self._lines: list[str] = []
        self._progress = ""

    def content(self) -> ComposeResult:
        yield text("", "steps")

    def on_mount(self) -> None:
        self.write()

    def action_ignore(self) -> None:
        """Half a system helps nobody: it is written to the end."""

    @work(thread=True, exit_on_error=False)
    def write(self) -> None:
        """In a thread of its own; every few events become one redraw."""
        drawn = 0.0
        failed: InstallFailed | None = None
        try:
            for event in install(self.order, self.installer.medium):
                whole = not isinstance(event, Progress) or event.done == event.total
                if whole or time.monotonic() - drawn >= REDRAW_SECONDS:
                    self.app.call_from_thread(self.show, event)
                    drawn = time.monotonic()
        except InstallFailed as error:
            failed = error
        except Exception as error:  # nobody could leave this screen otherwise
            failed = InstallFailed(f"The installer failed: {error!r}.", "try again, or choose another disk")
        self.app.call_from_thread(self.finish, failed)

    def show(self, event: Event) -> None:
        """Draw one event."""
        match event:
            case Step(title):
                self._lines.append(title)
                self._progress = ""
            case Note(note):
                self._lines.append(f"note: {note}")
            case Progress():
                filled = event.percent * BAR // 100
                self._progress = f"\n[{'#' * filled}{'.' * (BAR - filled)}]\n{event}"
        self.query_one("#steps", Static).update(safe("\n".join([*self._lines, self._progress])))

    def finish(self, failed: InstallFailed | None) -> None:
        """Nothing to go back to remains but the start."""
        self.app.switch_screen(Result(self.order, failed))


class Result(Page):
    """5 of 5."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back to the start", key_display="Esc"),
        Binding("enter", "restart", "Restart", key_display="Enter"),
    ]

    def __init__(self, order: Order, failed: InstallFailed | None) -> None:
        super().__init__()
        self.order, self.failed = order, failed
        self.title_text = "5 of 5: FAILED" if failed else "5 of 5: done"

    def content(self) -> ComposeResult:
        if self.failed:
            yield text(f"{self.failed.message}\n-> {self.failed.hint}\n")
        else:
            version = self.installer.medium.version
            yield text(f"Patronus {version} is on {self.order.disk.path}, written and verified.\n")
            yield text("Remove the medium, then press Enter to restart.")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool:  # noqa: ARG002 - Textual's signature
        """After a failure there is nothing to restart into."""
        return action != "restart" or self.failed is None

    def action_restart(self) -> None:
        """At once: to leave the app in order might need code from the medium, which is out."""
        self.installer.restart()

    def action_back(self) -> None:
        while not isinstance(self.app.screen, Start):
            self.app.pop_screen()


class Installer(App[str]):
    """Ends with the key of what was chosen at the start, or ANSWERED; after an installation it calls `restart`."""

    ENABLE_COMMAND_PALETTE = False
    # Sixteen colours, and borders that a font of 256 glyphs has.
    CSS = """
    Screen { background: ansi_default; color: ansi_default; }
    #title { height: 1; background: ansi_blue; color: ansi_white; padding: 0 1; }
    #body { padding: 1 2; }
    OptionList, Input { border: ascii ansi_default; background: ansi_default; height: auto; max-height: 18; }
    Input { height: 3; width: 20; }
    OptionList > .option-list--option-highlighted { background: ansi_blue; color: ansi_white; }
    OptionList > .option-list--option-disabled { color: ansi_bright_black; }
    """

    def __init__(self, medium: Medium, layout: Layout, restart: Callable[[], None]) -> None:
        super().__init__(ansi_color=True)
        self.medium, self.layout, self.restart = medium, layout, restart

    def on_mount(self) -> None:
        """Begin at the start."""
        self.push_screen(Start())
