"""Puts the console's policy in force: `system.console.access` open or disabled, and back to the usual when it goes.

Run by patronus-console.service, which the plan names only when the policy is not the usual one.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from patronus.host import units
from patronus.host.files import write_atomically
from patronus.host.layout import Layout

_LOGIN = {"agetty.autologin": b"console", "login.noauth": b"yes"}
"""Whom agetty(8) logs in, and that login(1) asks for no password: with the options the units give it, it would."""


def main() -> int:
    """`start` reads the running document's policy; `stop` takes it back."""
    layout = Layout()
    if sys.argv[1:] == ["stop"]:
        release(layout)
    else:
        enforce(layout)
    return 0


def enforce(layout: Layout) -> None:
    """Open the consoles, or close them."""
    policy = json.loads((layout.current / "etc/patronus/console.json").read_bytes())
    _forget(layout)
    if policy["access"] == "disabled":
        write_atomically(_closed(layout), b"")  # drop-ins of the getty units look for it
        units.change_units("stop", units.list_units("getty@*.service", "serial-getty@*.service"))
        return
    if policy["access"] == "open":
        for name, value in _LOGIN.items():
            write_atomically(_credentials(layout) / name, value, 0o600)
    _ask_again()


def release(layout: Layout) -> None:
    """Go back to asking for a name and a password."""
    _forget(layout)
    _ask_again()
    units.change_units("start", ["getty.target", "getty@tty1.service"], wait=False)


def _forget(layout: Layout) -> None:
    _closed(layout).unlink(missing_ok=True)
    for name in _LOGIN:
        (_credentials(layout) / name).unlink(missing_ok=True)


def _closed(layout: Layout) -> Path:
    return layout.run / "console-disabled"


def _credentials(layout: Layout) -> Path:
    """Return where the prompts' units import credentials from (systemd.exec(5))."""
    return layout.root / "run/credstore"


def _ask_again() -> None:
    """Restart the prompts nobody has answered; sessions stay."""
    prompts = units.list_units("getty@*.service", "serial-getty@*.service")
    units.change_units("restart", [name for name in prompts if units.runs_program(name, "agetty")], wait=False)


if __name__ == "__main__":
    sys.exit(main())
