"""The installer's screens at 80x24, driven by keys; the disks and the writing are played."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tests.install.test_install_plain import GOOD, MEDIUM, SMALL, Writing, layout_with
from textual.pilot import Pilot

from patronus.host.layout import Layout
from patronus.install import screens
from patronus.install.disks import Disk
from patronus.install.events import InstallFailed, Note, Progress, Step
from patronus.install.plain import ANSWERED
from patronus.install.screens import Installer, Start
from patronus.install.write import Order

KEPT = Path(__file__).with_name("screens.txt")
RESTARTED = "restarted"
Story = Callable[[Pilot[str]], Awaitable[None]]


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disks that are there, and no animation."""
    monkeypatch.setenv("TEXTUAL_ANIMATIONS", "none")
    monkeypatch.setattr(screens, "list_disks", lambda _medium: [SMALL, GOOD])


def tell(story: Story, layout: Layout | None = None) -> str | None:
    """Run the app through a story; what it ended with."""
    with TemporaryDirectory() as folder:
        return _tell(story, layout or layout_with(Path(folder), b"bundle"))


def _tell(story: Story, layout: Layout) -> str | None:
    app = Installer(MEDIUM, layout, lambda: app.exit(RESTARTED))

    async def run() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause()
            await story(pilot)

    asyncio.run(run())
    return app.return_value


def shown(pilot: Pilot[str]) -> str:
    """What stands on the screen, as text."""
    rows = pilot.app.screen._compositor.render_strips()
    return "\n".join(strip.text for strip in rows)


async def press(pilot: Pilot[str], *keys: str) -> str:
    """Press keys, wait until they have had their effect, look."""
    for key in keys:
        await pilot.press(key)
        await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    return shown(pilot)


def test_five_screens_lead_to_an_installed_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    writing = Writing(Step("Writing the system"), Progress(100, 100, 10.0, 0.0), Note("by the way"))
    monkeypatch.setattr(screens, "install", writing)

    async def story(pilot: Pilot[str]) -> None:
        page = await press(pilot, "1")
        assert "1 of 5" in page and "Windows (ntfs)" in page and "cannot be chosen: it is too small" in page
        page = await press(pilot, "enter")
        assert "2 of 5" in page and "S1" in page and "the signed bundle of the stick" in page
        page = await press(pilot, "enter")
        assert "3 of 5" in page and "EVERYTHING" in page
        page = await press(pilot, *"ERASE", "enter")
        assert "5 of 5: done" in page and "Remove the medium" in page
        await pilot.press("enter")

    assert tell(story) == RESTARTED
    assert writing.orders == [Order(GOOD, b"bundle")]


def test_escape_leads_one_screen_back_each_time() -> None:
    async def story(pilot: Pilot[str]) -> None:
        await press(pilot, "1", "enter", "enter")
        titles = [shown(pilot)[:80].strip(), *[(await press(pilot, "escape"))[:80].strip() for _ in range(2)]]
        assert [title[:6] for title in titles] == ["3 of 5", "2 of 5", "1 of 5"]
        page = await press(pilot, "escape", "escape")
        assert "Try it without installing" in page

    assert tell(story) is None


@pytest.mark.parametrize("word", ["", "erase", "ERASES"])
def test_nothing_is_written_without_the_word(monkeypatch: pytest.MonkeyPatch, word: str) -> None:
    writing = Writing()
    monkeypatch.setattr(screens, "install", writing)

    async def story(pilot: Pilot[str]) -> None:
        assert "3 of 5" in await press(pilot, "1", "enter", "enter", *word, "enter")

    tell(story)
    assert not writing.orders


def test_a_failure_says_why_and_leads_back_to_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    writing = Writing(Step("Writing"), InstallFailed("The disk \x1b[31m[bold]broke.", "mend it"))
    monkeypatch.setattr(screens, "install", writing)

    async def story(pilot: Pilot[str]) -> None:
        page = await press(pilot, "1", "enter", "enter", *"ERASE", "enter")
        assert "5 of 5: FAILED" in page and "-> mend it" in page
        assert r"\x1b[31m[bold]broke." in page
        assert "5 of 5: FAILED" in await press(pilot, "enter")
        assert "Try it without installing" in await press(pilot, "escape")

    assert tell(story) is None


def test_a_fault_of_the_installer_itself_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Escape does nothing while the disk is written: whoever stayed there could do nothing at all."""
    monkeypatch.setattr(screens, "install", Writing(Step("Writing"), KeyError("blockdevices")))

    async def story(pilot: Pilot[str]) -> None:
        page = await press(pilot, "1", "enter", "enter", *"ERASE", "enter")
        assert "5 of 5: FAILED" in page and "KeyError('blockdevices')" in page

    tell(story)


def test_a_disk_that_cannot_be_chosen_cannot_be_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screens, "list_disks", lambda _medium: [SMALL])

    async def story(pilot: Pilot[str]) -> None:
        page = await press(pilot, "1", "down", "enter")
        assert "1 of 5" in page and "There is no disk to install on." in page

    tell(story)


def test_a_disk_plugged_in_meanwhile_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    disks: list[Disk] = []
    monkeypatch.setattr(screens, "list_disks", lambda _medium: disks)

    async def story(pilot: Pilot[str]) -> None:
        assert "Fast Disk" not in await press(pilot, "1")
        disks.append(GOOD)
        assert "Fast Disk" in await press(pilot, "r")

    tell(story)


@pytest.mark.parametrize("key", ["2", "3", "4"])
def test_the_other_choices_are_the_callers(key: str) -> None:
    async def story(pilot: Pilot[str]) -> None:
        await pilot.press(key)

    assert tell(story) == key


def test_a_signed_answer_ends_the_start_but_nothing_else(tmp_path: Path) -> None:
    async def story(pilot: Pilot[str]) -> None:
        await press(pilot, "1")
        start = pilot.app.screen_stack[1]
        assert isinstance(start, Start)
        layout_with(tmp_path, b"bundle", b"{}")
        start.look_for_answer()
        assert "1 of 5" in await press(pilot, "down")
        await pilot.press("escape")
        start.look_for_answer()

    assert tell(story, Layout(tmp_path)) == ANSWERED


def test_the_pictures_are_as_kept_and_plain_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    """PATRONUS_UPDATE_GOLDEN=1 rewrites what is kept."""
    monkeypatch.setattr(screens, "install", Writing(Step("Writing the system"), Note("by the way")))
    pages: list[str] = []

    async def story(pilot: Pilot[str]) -> None:
        pages.append(shown(pilot))
        for keys in (("1",), ("enter",), ("enter",), (*"ERASE", "enter")):
            pages.append(await press(pilot, *keys))

    tell(story)
    text = f"\n{'=' * 80}\n".join("\n".join(line.rstrip() for line in page.splitlines()) for page in pages) + "\n"
    assert text.isascii()
    if os.environ.get("PATRONUS_UPDATE_GOLDEN"):
        KEPT.write_text(text)
    assert text == KEPT.read_text()
