"""A box in a folder, see tests/box.py; or a played one behind a real socket, and the menu in front of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.box import alice, box, mallory, plugged, system
from tests.console.played import Played, serve

from patronus.console.terminal import prepare_environment

__all__ = ["alice", "box", "mallory", "played", "plugged", "read_screen", "system", "write_screen"]

prepare_environment()
SCREENS = Path(__file__).with_name("screens")


@pytest.fixture(autouse=True)
def in_one_time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Played]:
    box = Played()
    with serve(box, tmp_path / "ops.socket", monkeypatch):
        yield box


def read_screen(name: str) -> str:
    """Return the screen that is kept under a name."""
    return (SCREENS / f"{name}.txt").read_text()


def write_screen(name: str, text: str) -> None:
    """Keep a screen as it is now: what PATRONUS_UPDATE_GOLDEN=1 does."""
    SCREENS.mkdir(exist_ok=True)
    (SCREENS / f"{name}.txt").write_text(text)
