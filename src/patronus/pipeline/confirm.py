"""The dead man's handle: a timer of systemd's, armed before a change, that goes back unless someone confirms.

The timer lives in PID 1: neither the death of patronusd nor of the one who applied stops it. A power cut is a
rollback as well, because the pending change is only in /run and boot takes the last confirmed generation.
"""

from __future__ import annotations

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TextIO

from patronus.host.files import write_atomically
from patronus.host.layout import Layout
from patronus.host.run import CommandFailed, run

REVERT_UNIT = "patronus-revert"
HEAD_START = 5.0
"""Seconds before the deadline at which systemd starts the program that goes back, so that it is loaded and waiting when
the moment comes: on a slow box loading it takes as long as going back."""
APPLY_LIMIT = 300
"""Seconds an apply that asks for no confirmation may take before the box goes back by itself."""
_LOCKS = Path("/proc/locks")


class Pending(NamedTuple):
    """A change that is applied but not confirmed. Trees by id; `deadline` is seconds of the boot-time clock."""

    generation: str
    tree: str
    previous_generation: str
    previous_tree: str
    deadline: float
    author: str
    rotates: bool = False
    """Whether the trust store the bundle carries comes into force with the confirmation."""
    again: bool = False
    """Whether it was the confirmed generation before already: that it is one then says nothing of this change."""


def clock() -> float:
    """Seconds since boot, suspend included (CLOCK_BOOTTIME): setting the wall clock moves no deadline."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _open_lock(layout: Layout) -> TextIO:
    """Open the lock file. Whoever may open it may hold it (flock(2) asks for no more), so it is root's alone."""
    layout.run.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    return os.fdopen(descriptor, "r+")


@contextmanager
def changing(layout: Layout) -> Iterator[None]:
    """Hold the box's only write lock; raises BlockingIOError when another change is under way."""
    with _open_lock(layout) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


@contextmanager
def changing_now(layout: Layout) -> Iterator[None]:
    """Hold the write lock at any price: whoever holds it past the deadline is ended (the deadline is a promise)."""
    with _open_lock(layout) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _end_holder(lock)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def lock_holder(lock: TextIO) -> int | None:
    """Return the process that holds a lock, by the kernel's word (proc_locks(5)).

    A number noted in the file would outlive a holder that was killed, and name whoever got that number next.
    """
    file = os.fstat(lock.fileno())
    place = f"{os.major(file.st_dev):02x}:{os.minor(file.st_dev):02x}:{file.st_ino}"
    for line in _LOCKS.read_text().splitlines():
        kind, *_words, pid, where = line.split()[1:6]
        if (kind, where) == ("FLOCK", place):
            return int(pid)
    return None


def _end_holder(lock: TextIO) -> None:
    """Kill the holder. It is asked for again once its number cannot pass to another process any more."""
    holder = lock_holder(lock)
    if holder is None:
        return
    with suppress(ProcessLookupError):
        process = os.pidfd_open(holder)
        try:
            if lock_holder(lock) == holder:
                signal.pidfd_send_signal(process, signal.SIGKILL)
        finally:
            os.close(process)


def arm(layout: Layout, pending: Pending) -> None:
    """Write the pending change down and start the timer, before anything changes; without timer nothing is pending."""
    write_atomically(layout.pending, json.dumps(pending._asdict()).encode(), 0o600)
    try:
        _start_timer(pending.deadline - clock() - HEAD_START)
    except CommandFailed:
        layout.pending.unlink()
        raise


def _start_timer(seconds: float) -> None:
    _stop_timer()
    run("systemctl", "reset-failed", f"{REVERT_UNIT}.service", check=False)
    run(
        "systemd-run",
        f"--unit={REVERT_UNIT}.service",  # part of the image; only its timer is made here
        f"--on-active={max(0, int(seconds * 1000))}ms",
        "--timer-property=AccuracySec=50ms",
    )


def disarm(layout: Layout) -> None:
    """Stop the timer and forget the pending change."""
    _stop_timer()
    layout.pending.unlink(missing_ok=True)


def _stop_timer() -> None:
    run("systemctl", "stop", f"{REVERT_UNIT}.timer", f"{REVERT_UNIT}.service", check=False)


def read_pending(layout: Layout) -> Pending | None:
    """Return the change that waits for its confirmation."""
    try:
        return Pending(**json.loads(layout.pending.read_bytes()))
    except FileNotFoundError:
        return None
