"""Boot step after `patronus factory-reset`: forgets all this box has learnt, before anything of it is read.

The mark that asked for it goes last: after a power cut the next boot does it all again.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from pathlib import Path

from patronus.host.files import read_plain, sync_folder, write_atomically
from patronus.host.generations import Generations
from patronus.host.layout import Layout

KEEP_TRUST = b"keep-trust\n"
"""What the mark says when the box goes on belonging to its owner."""
_STAYS = {"lost+found"}
_HOMES = "home"
"""A folder of the state partition that the unit's sandbox mounts on itself: it can be emptied, not removed."""
_OWNER = {"trust", "device.json"}
_FOLDERS = ("incoming", "generations", "trust")


def main() -> int:
    """Run as a unit, on a box that carries the mark."""
    layout = Layout()
    kept = read_plain(layout.factory_reset, len(KEEP_TRUST)) == KEEP_TRUST
    forget(layout, keep_trust=kept)
    print(f"<5>factory reset: everything is forgotten{' but whose signatures count' if kept else ''}", file=sys.stderr)
    return 0


def forget(layout: Layout, *, keep_trust: bool) -> None:
    """Empty the configuration and the state partition. Raises OSError."""
    mark = layout.factory_reset
    Generations(layout.config).forget_confirmed()  # first: with half of the rest gone nothing of it may boot
    _empty(layout.config, _STAYS | {mark.name} | (_OWNER if keep_trust else set()))
    for name in _FOLDERS:
        (layout.config / name).mkdir(mode=0o755, exist_ok=True)
    _empty(layout.state, _STAYS | {_HOMES})
    (layout.state / _HOMES).mkdir(exist_ok=True)
    _empty(layout.state / _HOMES, set())
    # The running system has its id from there already; a box of another owner gets another one, machine-id(5).
    write_atomically(layout.state / "lib/dbus/machine-id", f"{secrets.token_hex(16)}\n".encode(), 0o444)
    os.sync()
    mark.unlink()
    sync_folder(layout.config)


def _empty(folder: Path, stays: set[str]) -> None:
    for path in sorted(folder.iterdir()):
        if path.name in stays:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()


if __name__ == "__main__":
    sys.exit(main())
