"""The console's policy: open, closed, and back."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from tests.box import Box

from patronus.boot import console
from patronus.host import units

PROMPT, SESSION = "getty@tty1.service", "serial-getty@ttyS0.service"


@pytest.fixture(autouse=True)
def prompts(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """A prompt on the screen, a session on the serial line."""
    listing = f"{PROMPT} loaded active running Getty on tty1\n{SESSION} loaded active running Serial Getty on ttyS0\n"
    box.system.prints["systemctl list-units"] = listing.encode()
    monkeypatch.setattr(units, "runs_program", lambda name, _program: name == PROMPT)


def enforce(box: Box, access: str) -> list[str]:
    path = box.layout.current / "etc/patronus/console.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"access": access, "shell": True}))
    return changes(box, lambda: console.enforce(box.layout))


def changes(box: Box, act: Callable[[], None]) -> list[str]:
    box.system.calls.clear()
    act()
    return [call for call in box.system.calls if "list-units" not in call]


def test_an_open_console_logs_in_by_itself_and_leaves_sessions_alone(box: Box) -> None:
    assert enforce(box, "open") == [f"systemctl --no-block restart -- {PROMPT}"]
    secrets = {path.name: path for path in (box.layout.root / "run/credstore").iterdir()}
    assert {name: path.read_bytes() for name, path in secrets.items()} == {
        "agetty.autologin": b"console",
        "login.noauth": b"yes",
    }
    assert {path.stat().st_mode & 0o777 for path in secrets.values()} == {0o600}


def test_a_closed_console_ends_every_session(box: Box) -> None:
    enforce(box, "open")
    assert enforce(box, "disabled") == [f"systemctl stop -- {PROMPT} {SESSION}"]
    assert (box.layout.run / "console-disabled").exists()
    assert list((box.layout.root / "run/credstore").iterdir()) == []


def test_the_usual_console_comes_back(box: Box) -> None:
    enforce(box, "disabled")
    done = changes(box, lambda: console.release(box.layout))
    assert done[-1] == "systemctl --no-block start -- getty.target getty@tty1.service"
    assert not (box.layout.run / "console-disabled").exists()
