"""The real program on a pseudo terminal: what arrives on a screen or a serial line of 80x24."""

from __future__ import annotations

import os
import pty
import select
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest
from tests.console.conftest import read_screen
from tests.console.played import Played

SECONDS = 30
START = """
import sys
import patronus.ops.client
patronus.ops.client.SOCKET = sys.argv[1]
from patronus.console import __main__ as console
console._available = lambda: int(sys.argv[2])
sys.exit(console.main())
"""
PLENTY = 2**30


class Terminal:
    """One end of a line; the console is at the other."""

    def __init__(self, term: str, place: Path, memory: int = PLENTY) -> None:
        self.screen = pyte.Screen(80, 24)
        self.raw = b""
        self._stream = pyte.ByteStream(self.screen)
        environment = {"TERM": term, "PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "TZ": "UTC"}
        self.pid, self._line = pty.fork()
        if self.pid == 0:
            argv = [sys.executable, "-W", "ignore", "-c", START, str(place), str(memory)]
            os.execve(  # noqa: S606 - there is no shell
                sys.executable, argv, environment
            )

    @property
    def text(self) -> str:
        return "\n".join(line.rstrip() for line in self.screen.display) + "\n"

    def see(self, words: str) -> str:
        """Read until some words are on the screen."""
        return self._read_until(lambda: words in self.text, words)

    def see_not(self, words: str) -> str:
        """Read until some words are gone."""
        return self._read_until(lambda: words not in self.text, f"a screen without {words}")

    def see_screen(self, name: str) -> str:
        """Read until the screen is the one that is kept under a name."""
        kept = read_screen(name)
        return self._read_until(lambda: self.text == kept, name)

    def _read_until(self, done: Callable[[], bool], what: str) -> str:
        end = time.monotonic() + SECONDS
        while not done():
            ready, _, _ = select.select([self._line], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"never seen: {what}\n{self.text}"
            self._feed()
        return self.text

    def _feed(self) -> None:
        chunk = os.read(self._line, 65536)
        self.raw += chunk
        self._stream.feed(chunk)

    def type(self, keys: str) -> None:
        os.write(self._line, keys.encode())

    def end(self) -> int:
        """Wait for the program to end; return its code."""
        while True:
            try:
                self._feed()
            except OSError:  # EIO: nobody holds the other end any more
                return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def close(self) -> None:
        os.close(self._line)


@pytest.fixture
def place(played: Played, tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "ops.socket"


# The screen itself, `linux`, is below; a serial line is a vt220; whoever comes by SSH may have hundreds of colours.
@pytest.mark.parametrize("term", ["vt220", "xterm-256color"])
def test_the_menu_arrives_in_ascii_and_the_keys_work(term: str, place: Path) -> None:
    terminal = Terminal(term, place)
    terminal.see_screen("menu")
    assert terminal.raw.isascii(), "no byte a terminal without UTF-8 could take for a control character"
    assert len(terminal.raw) < 3_000, "a quarter of a second at 115200 baud"
    assert b"38;2;" not in terminal.raw, "sixteen colours"
    assert b"38;5;" not in terminal.raw
    before = len(terminal.raw)
    terminal.type("16\r")
    terminal.see("SHA256:x")
    assert len(terminal.raw) - before < 2_000, "no flicker: what stays is not sent again"
    terminal.type("\x1b")
    terminal.see("Number:")
    terminal.type("7\r")
    terminal.see("Host name or address")
    terminal.type("\x1b")
    terminal.see("Number:")
    terminal.screen.erase_in_display(2)
    terminal.type("\x0c")
    terminal.see("Number:")
    terminal.type("0\r")
    assert terminal.end() == 0
    terminal.close()


def test_the_shell_has_the_terminal_and_gives_it_back(place: Path) -> None:
    terminal = Terminal("linux", place)
    terminal.see_screen("menu")
    terminal.type("8\r")
    terminal.see_not("Log out")
    terminal.type("echo $((40 + 2)) from the shell\r")
    terminal.see("42 from the shell")
    terminal.type("exit\r")
    terminal.see_screen("menu")
    terminal.type("0\r")
    assert terminal.end() == 0
    terminal.close()


@pytest.mark.parametrize(
    ("term", "memory", "reason"),
    [("dumb", PLENTY, "the terminal cannot move its cursor"), ("linux", 2**20, "only 1 MB of memory are free")],
)
def test_without_textual_the_menu_comes_in_lines(term: str, memory: int, reason: str, place: Path) -> None:
    terminal = Terminal(term, place, memory)
    terminal.see(reason)
    terminal.see("Number, or ?")
    terminal.type("0\n")
    assert terminal.end() == 0
    terminal.close()
