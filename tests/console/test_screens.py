"""Every screen at 80x24, driven by keys, in front of a box behind the operations' socket."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rich.segment import Segment
from tests.console.conftest import read_screen, write_screen
from tests.console.played import EVIL, STATUS, Played
from tests.hostile import spoil
from textual import events
from textual.keys import _character_to_key
from textual.pilot import Pilot

from patronus.console.actions import ACTIONS
from patronus.console.app import ConsoleApp
from patronus.ops import messages as m
from patronus.ops.client import call
from patronus.values.problem import Problem, Refused

SIZE = (80, 24)
SECONDS = 30


def screen_text(app: ConsoleApp) -> str:
    """The screen as a terminal shows it, without colours."""
    width, height = app.size
    lines = app.screen._compositor.render_strips() if app.screen_stack else []
    if len(lines) != height:
        return ""  # it is still being laid out
    texts = ["".join(segment.text for segment in strip) for strip in lines]
    assert all(Segment.get_line_length(list(strip)) <= width for strip in lines)
    return "\n".join(text.rstrip() for text in texts) + "\n"


class Console:
    """Types, waits for what should appear, and looks."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[Any]) -> None:
        self.app, self.pilot = app, pilot

    @property
    def text(self) -> str:
        return screen_text(self.app)

    async def see(self, words: str) -> str:
        """Wait until some words are there."""
        return await self.wait(lambda: words in self.text, words)

    async def see_screen(self, name: str) -> str:
        """Wait until the screen is the one kept under a name."""
        if os.environ.get("PATRONUS_UPDATE_GOLDEN"):
            await asyncio.sleep(1)
            write_screen(name, self.text)
        return await self.wait(lambda: self.text == read_screen(name), f"the screen {name}")

    async def wait(self, done: Callable[[], bool], what: str) -> str:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            if done():
                return self.text
            await asyncio.sleep(0.03)  # a look costs some milliseconds, too
        raise AssertionError(f"never seen: {what}\n{self.text}")

    async def type(self, *keys: str) -> None:
        """Press keys at once; the next sight tells what came of it."""
        for key in keys:
            character = key if len(key) == 1 else None
            self.app.post_message(events.Key(_character_to_key(key) if character else key, character))

    async def open(self, number: int) -> None:
        await self.type(*str(number), "enter")

    async def leave(self) -> None:
        """Go back, screen by screen, to the menu."""
        while "Number:" not in self.text:
            await self.leave_one()

    async def leave_one(self) -> None:
        shown = self.text
        await self.type("escape")
        await self.wait(lambda: self.text not in ("", shown), "what was there before")


@asynccontextmanager
async def console() -> AsyncIterator[Console]:
    app = ConsoleApp(call)
    async with app.run_test(size=SIZE) as pilot:
        opened = Console(app, pilot)
        await opened.see("- Patronus")
        yield opened


def drive(story: Callable[[Console], Any]) -> None:
    """Run a story in front of a console."""

    async def run() -> None:
        async with console() as opened:
            await story(opened)
            await opened.pilot.pause()

    asyncio.run(run())


def test_the_menu(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.see_screen("menu")

    drive(story)


Step = tuple[str, tuple[str, ...]]
ASK_POWER: Step = ("What shall the box do?", ("2", "enter"))
ASK_GENERATION: Step = ("Which generation?", ("2", "enter"))
WAYS: list[tuple[str, int, list[Step], str]] = [
    ("factory", 4, [], "What shall it forget?"),
    ("factory-warning", 4, [("What shall it forget?", ("2", "enter"))], "the box's id are lost"),
    ("power", 5, [], "What shall the box do?"),
    ("power-warning", 5, [ASK_POWER], "switches off now"),
    ("ping-question", 7, [], "Host name or address"),
    ("ping", 7, [("Host name", (*"192.0.2.1", "enter"))], "icmp_seq=1"),
    ("connections", 9, [], "1 of 9"),
    ("firewall-log", 10, [], "box.default"),
    ("pending-none", 11, [], "No change waits"),
    ("history", 12, [], "Which generation?"),
    ("history-what", 12, [ASK_GENERATION], "What about it?"),
    ("history-diff", 12, [ASK_GENERATION, ("What about it?", ("enter",))], "restart chrony.service"),
    ("history-document", 12, [ASK_GENERATION, ("What about it?", ("2", "enter"))], "hostname: gw"),
    ("history-warning", 12, [ASK_GENERATION, ("What about it?", ("3", "enter"))], "changes to generation 7"),
    ("stick", 13, [], "Which bundle?"),
    ("stick-plan", 13, [("Which bundle?", ("enter",))], "Apply it?"),
    ("diagnostics", 15, [], "Look at what?"),
    ("diagnostics-routes", 15, [("Look at what?", ("enter",))], "default via"),
    ("status", 16, [], "52:54:00:00:00:01"),
]


def test_every_screen_fits_and_is_ascii(played: Played) -> None:
    async def story(c: Console) -> None:
        for name, number, steps, words in WAYS:
            await c.open(number)
            for sight, keys in steps:
                await c.see(sight)
                await c.type(*keys)
            await c.see(words)
            assert (await c.see_screen(name)).isascii()
            await c.leave()

    drive(story)


def test_every_screen_has_help(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.type("?")
        await c.see_screen("help")
        await c.type("escape")
        await c.see("Number:")
        await c.open(12)
        await c.see("Which generation?")
        await c.type("f1")
        await c.see("Help: History and going back")
        await c.type("escape")
        await c.see("Which generation?")

    drive(story)


def test_every_item_has_a_screen_here() -> None:
    assert {action.number for action in ACTIONS if not (action.leaves or action.program)} == {way[1] for way in WAYS}


def test_numbers_names_and_helps_are_all_different_and_tell_the_command() -> None:
    assert len({action.number for action in ACTIONS}) == len({action.name for action in ACTIONS}) == len(ACTIONS)
    assert [action.number for action in ACTIONS] == sorted(action.number for action in ACTIONS)
    assert all("ommand line: patronus" in action.help for action in ACTIONS if not action.leaves)


def test_arrows_mouse_numbers_and_the_palette_lead_to_the_same(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.type("down", "down", "down", "enter")
        await c.see("Host name or address")
        await c.type("escape")
        await c.see("Number:")
        await c.type("7", "enter")
        await c.see("Host name or address")
        await c.type("escape")
        await c.see("Number:")
        row = next(index for index, line in enumerate(c.text.split("\n")) if "7) Ping" in line)
        await c.pilot.click(offset=(6, row))
        await c.see("Host name or address")
        await c.type("escape")
        await c.see("Number:")
        await c.type("ctrl+p")
        await c.see("Find an item")
        await c.type(*"ping")
        await c.wait(lambda: "7) Ping a host" in c.text and "9) Top" not in c.text, "what was looked for")
        await c.type("enter")
        await c.see("Host name or address")

    drive(story)


def test_a_number_nobody_knows_starts_nothing(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.type("9", "9", "enter")
        await c.see("There is no item 99.")
        await c.type("1", "backspace", "1", "6", "enter")
        await c.see("SHA256:x")

    drive(story)


def test_what_is_typed_ahead_waits_for_its_question(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.type("7", "enter", *"192.0.2.15", "enter")
        await c.see("time=1 ms")
        assert [(name, request["host"]) for name, request in played.asked] == [("Ping", "192.0.2.15")]
        await c.type("escape", "5", "enter", "2", "enter", "2", "enter")
        await c.wait(lambda: [name for name, _ in played.asked] == ["Ping", "PowerOff"], "the box switched off")

    drive(story)


def test_escape_takes_back_what_a_box_that_does_not_answer_keeps_waiting(played: Played) -> None:
    async def story(c: Console) -> None:
        played.hurries.clear()
        await c.type("1", "2", "enter")
        await c.wait(lambda: [name for name, _ in played.asked] == ["History"], "the question for the history")
        await c.type("1", "enter", "2", "enter", "escape")
        await c.see("Number:")
        played.hurries.set()
        await c.type("5", "enter")
        await c.see("What shall the box do?")
        assert [name for name, _ in played.asked] == ["History"]

    drive(story)


def test_log_out_ends_the_session(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.type("0", "enter")
        await c.wait(lambda: c.app.return_code == 0 and c.app._exit, "the end")

    drive(story)


def test_ctrl_c_does_nothing(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.type("ctrl+c", "ctrl+c")
        await c.see("Number:")
        assert not c.app._exit

    drive(story)


def test_going_back_leads_through_the_questions(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.open(12)
        await c.see("Which generation?")
        await c.type("down", "enter")
        await c.see("What about it?")
        await c.type("escape")
        await c.see("Which generation?")
        await c.type("escape")
        await c.see("Number:")
        assert played.asked == [("History", {}), ("History", {})]

    drive(story)


def test_who_goes_back_while_the_box_thinks_is_in_the_menu(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.open(13)
        await c.see("Which bundle?")
        played.hurries.clear()
        await c.type("enter", "enter")
        await c.wait(lambda: played.asked[-1][0] == "StickBundle", "the box at work")
        await c.type("escape")
        await c.see("Number:")
        played.hurries.set()
        await c.wait(lambda: all(worker.group == "keys" for worker in c.app.workers), "the end of the work")
        await c.open(16)
        await c.see("SHA256:x")
        assert [name for name, _ in played.asked].count("StickBundle") == 1

    drive(story)


def test_a_warning_is_declined_by_enter_alone(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.open(5)
        await c.see("What shall the box do?")
        await c.type("enter")
        await c.see("The box restarts now")
        await c.type("enter")
        await c.see("What shall the box do?")
        assert played.asked == []
        await c.type("enter")
        await c.see("The box restarts now")
        await c.type("down", "enter")
        await c.see("The box restarts.")
        assert played.asked == [("Reboot", {})]

    drive(story)


def test_a_pending_change_counts_down_everywhere_and_is_kept(played: Played) -> None:
    async def story(c: Console) -> None:
        compare = await c.see("A CHANGE WAITS: it goes back in")
        seconds = int(compare.split("goes back in ")[1].split(" ")[0])
        await c.open(11)
        await c.wait(
            lambda: f"back in {seconds - 1} s" in c.text and "What about the change?" in c.text, "the countdown"
        )
        assert "changed /etc/x" in c.text
        await c.type("enter")
        await c.see("is confirmed: the box starts with it")
        asked = [entry for entry in played.asked if entry[0] != "Diff"]
        assert asked == [("Confirm", {"generation": "8-0123456789abcdef"})]

    played.wait_for_change()
    drive(story)


def test_a_pending_change_is_undone_at_once(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.open(11)
        await c.see("What about the change?")
        await c.type("2", "enter")
        await c.see("The box is back at generation 7-fedcba9876543210.")

    played.wait_for_change()
    drive(story)


def test_what_is_applied_from_a_stick_is_what_was_looked_at(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.open(13)
        await c.see("gw.bundle  (4.7k bytes)")
        await c.type("enter")
        await c.see("changed /etc/x")
        played.answers["StickBundle"] = m.BundleRequest(bundle="T1RIRVI=")
        await c.type("enter")
        await c.see("Generation 9-0011223344556677 runs.")
        assert [name for name, _ in played.asked] == ["StickBundles", "StickBundle", "Plan", "Apply"]
        assert played.asked[-1][1] == {"bundle": "UEFUUk9OVVM=", "confirm_within": 600}

    drive(story)


def test_a_bundle_nobody_trusts_is_refused_before_anybody_may_say_yes(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.open(13)
        await c.see("Which bundle?")
        await c.type("enter")
        await c.see("signed by a key this trust store does not list")
        assert "Apply" not in [name for name, _ in played.asked]

    words = "The bundle is signed by a key this trust store does not list."
    played.refusal, played.refuses = Refused([Problem("", words, "Sign it again.")]), "Plan"
    drive(story)


def test_a_locked_down_box_says_why(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.see("LOCKED DOWN: no configuration can be trusted")
        await c.open(16)
        await c.see("-> sign it")

    finding = m.Finding(path="", message="nobody signed it", hint="sign it", severity="error")
    failure = m.Failure(reason="no configuration can be trusted", findings=(finding,))
    played.update("Status", failure=failure, generation="", confirmed="", units=())
    drive(story)


def test_local_edits_that_nobody_merged_are_counted(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.see("NOT MERGED: 12 local edits (patronus show --pending)")
        await c.open(16)
        await c.see("NOT MERGED  12 local edits")

    played.update("Status", edits=12)
    drive(story)


def test_a_box_that_was_locked_down_says_what_becomes_of_the_change_on_trial(played: Played) -> None:
    async def story(c: Console) -> None:
        text = await c.see("LOCKED DOWN again unless confirmed: no configuration can be trusted")
        assert "A CHANGE WAITS" in text

    failure = m.Failure(reason="no configuration can be trusted", findings=())
    played.wait_for_change()
    played.update("Status", failure=failure)
    drive(story)


def test_a_refusal_is_shown_with_its_hint(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.open(12)
        await c.see("Which generation?")
        await c.type("enter")
        await c.see("What about it?")
        await c.type("enter")
        text = await c.see("error: a.b: is wrong")
        assert "-> mend it" in text
        await c.type("escape")
        await c.see("Number:")

    played.refusal, played.refuses = Refused([Problem("a.b", "is wrong", "mend it")]), "Diff"
    drive(story)


def test_the_shell_is_offered_only_when_the_document_says_so(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.see("10) Firewall log")
        await c.wait(lambda: "Shell" not in c.text, "a menu without a shell")
        await c.type("8", "enter")
        await c.see("There is no item 8.")

    played.update("Status", console_shell=False)
    drive(story)


def test_a_wrong_answer_is_told_and_asked_again(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.open(7)
        await c.see("Host name or address")
        await c.type(*"-f", "enter")
        await c.see("A name such as example.org")
        assert played.asked == []

    drive(story)


def test_a_box_that_does_not_answer_still_has_a_menu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patronus.ops.client.SOCKET", "/absent/ops.socket")

    async def story() -> None:
        app = ConsoleApp(call)
        async with app.run_test(size=SIZE) as pilot:
            c = Console(app, pilot)
            await c.see("THE BOX DOES NOT ANSWER")
            await c.open(16)
            await c.see("cannot reach patronusd")
            await pilot.pause()

    asyncio.run(story())


def test_hostile_text_shows_harmlessly(played: Played) -> None:
    async def story(c: Console) -> None:
        for number in [action.number for action in ACTIONS if not (action.leaves or action.program)]:
            await c.open(number)
            await c.wait(lambda: "Number:" not in c.text, "another screen")
            for _ in range(3):
                await asyncio.sleep(0.05)
                assert c.text.isascii()
                assert c.text.isprintable() or set(c.text) - set("\n") <= set(map(chr, range(32, 127)))
                await c.type("enter")
            await c.leave()

    played.answers = {
        name: type(item).model_validate(spoil(item.model_dump(), EVIL)) for name, item in played.answers.items()
    }
    played.wait_for_change()
    drive(story)


def test_markup_from_outside_is_shown_as_it_is(played: Played) -> None:
    async def story(c: Console) -> None:
        await c.see("[b]x[/b] - Patronus")

    played.answers["Status"] = STATUS.model_copy(update={"hostname": "gw - Patronus [b]x[/b]"})
    drive(story)
