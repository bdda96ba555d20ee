"""The serial line of a box as a person at a terminal has it: read what comes, type when asked."""

import re

from tests.vm.driver.router import Router
from tests.vm.driver.waiting import PATIENCE, wait_for

# What a terminal acts upon instead of showing it: CSI and OSC sequences, the simple ones, carriage returns.
ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-Za-z]|\x1b[=>78cDEHMZ]|\r"
)


class SerialLine:
    """`wait_for` looks only at what came after the last thing found."""

    def __init__(self, router: Router) -> None:
        self._router = router
        self._begin = 0
        self._seen = 0

    def wait_for(self, words: str, *, seconds: float = PATIENCE) -> str:
        """Waits for words after those found last; returns all in between. Raises WaitTimeoutError."""

        def find() -> tuple[int, str] | None:
            text = ESCAPES.sub("", self._router.serial()[self._begin :])
            at = text.find(words, self._seen)
            return (at, text) if at >= 0 else None

        at, text = wait_for(find, seconds=seconds, what=f"the serial line to say {words!r}")
        passed, self._seen = text[self._seen : at], at + len(words)
        return passed

    def enter(self, text: str) -> None:
        """Types a line and presses Enter."""
        self._router.type(text)

    def skip(self) -> None:
        """Looks at nothing of what has come until now."""
        self._begin, self._seen = len(self._router.serial()), 0

    def press(self, keys: str) -> None:
        """Presses keys; only what comes after them counts."""
        self.skip()
        self._router.press(keys)
