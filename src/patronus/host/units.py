"""Steers systemd units (systemctl(1))."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from threading import Thread

from patronus.host.run import Done, run


class Waiting:
    """Waits in the background until a unit is up, so that the caller can work meanwhile."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._done = Done(1, b"", b"")
        self._thread = Thread(target=self._start, daemon=True)
        self._thread.start()

    def _start(self) -> None:
        # It joins the job that is on its way already, and ends when that does: systemd limits how long that takes.
        self._done = run("systemctl", "start", "--", self._name, check=False, timeout=240)

    def is_up(self) -> bool:
        """Wait for the end; false when the unit, or one that it requires, did not start."""
        self._thread.join()
        return self._done.code == 0


def change_units(verb: str, names: Iterable[str], *, wait: bool = True) -> None:
    """Start, stop, reload or restart units in one call. `wait` is false while booting: the units are ordered later."""
    wanted = list(names)
    if wanted:
        run("systemctl", *([] if wait else ["--no-block"]), verb, "--", *wanted, timeout=120)


def reload_manager() -> None:
    """Let systemd read changed unit files."""
    run("systemctl", "daemon-reload")


def inactive_units(names: Iterable[str]) -> list[str]:
    """Return those units that are not running (a finished oneshot that remains counts as running)."""
    wanted = list(names)
    if not wanted:
        return []
    states = run("systemctl", "is-active", "--", *wanted, check=False).stdout.decode().split("\n")
    return [name for name, state in zip(wanted, states, strict=False) if state not in {"active", "reloading"}]


def list_units(*patterns: str) -> list[str]:
    """Return the names of the loaded, active units that match."""
    done = run("systemctl", "list-units", "--plain", "--no-legend", "--state=active,activating", *patterns)
    return [line.split()[0] for line in done.stdout.decode().splitlines() if line.split()]


def runs_program(name: str, program: str) -> bool:
    """Tell whether a unit's main process is that program, by the name the kernel has for it."""
    pid = run("systemctl", "show", "--property=MainPID", "--value", name).stdout.decode().strip()
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip() == program
    except OSError:
        return False


def last_words(name: str, lines: int = 5) -> str:
    """Return the last journal lines of a unit, for an error that names what the daemon said."""
    done = run("journalctl", "--no-pager", "-o", "cat", "-n", str(lines), "-u", name, check=False, timeout=20)
    return done.stdout.decode(errors="replace").strip()


def shut_down(verb: str) -> None:
    """Queue `reboot` or `poweroff` and return, so that whoever asked still gets an answer."""
    run("systemctl", "--no-block", verb)


def start_over() -> None:
    """Choose and apply a configuration as at boot, on a box that has none; what comes of it is written down there."""
    run("systemctl", "stop", "patronus-failsecure.service", check=False)
    run("systemctl", "reset-failed", "patronus-load.service", "patronus-apply.service", check=False)
    run("systemctl", "start", "patronus-configured.target", check=False, timeout=300)
