"""Waiting for a condition that nobody announces: bounded, with growing pauses, and an error that says what missed."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 0.5
# How long to wait for what has to come. Only a failing story waits that long, so that it need not be short: it is
# several times what the slowest things take in a guest that a busy host emulates.
PATIENCE = 180.0


class WaitTimeoutError(AssertionError):
    """The condition did not come true in time; the text says which."""


def wait_for(
    get: Callable[[], T | None], *, what: str, seconds: float = PATIENCE, pause_at_most: float = LONGEST_PAUSE
) -> T:
    """The first value of `get` that is neither None nor false; raises WaitTimeoutError after `seconds`.

    `pause_at_most` is how late the moment may be noticed, in seconds.
    """
    deadline = time.monotonic() + seconds
    pause = min(FIRST_PAUSE, pause_at_most)
    while True:
        value = get()
        if value:
            return value
        if time.monotonic() > deadline:
            raise WaitTimeoutError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(pause * 1.5, pause_at_most)
