"""Reads files from a stick: a FAT file system with the label PATRONUS, mounted read-only by systemd for that moment."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from patronus.host import units
from patronus.host.files import read_plain
from patronus.host.layout import Layout
from patronus.host.run import CommandFailed, run
from patronus.values.problem import Problem, Refused

LABEL = "PATRONUS"
UNIT = "run-stick.mount"
DEVICE = "dev-disk-by\\x2dlabel-PATRONUS.device"
MOST_FILES = 16


@contextmanager
def plugged_in(layout: Layout) -> Iterator[Path]:
    """The folder of the stick, for as long as the block lasts. Raises Refused when there is none to read, or not one.

    Also what fails in the block for want of a readable stick is refused. Whoever else wants to read it waits meanwhile.
    """
    layout.run.mkdir(parents=True, exist_ok=True)
    with (layout.run / "stick.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with _mounted(layout) as folder:
            yield folder


@contextmanager
def _mounted(layout: Layout) -> Iterator[Path]:
    if units.inactive_units([DEVICE]):
        hint = "plug one in: a FAT file system with this label (mkfs.vfat -n PATRONUS, or fatlabel)"
        raise Refused([Problem("", "there is no stick with the label PATRONUS", hint)])
    try:
        _refuse_several()
        run("systemctl", "start", "--", UNIT, timeout=30)
    except CommandFailed as error:
        hint = "it needs a FAT file system; see: journalctl -b -u run-stick.mount"
        raise Refused([Problem("", "the stick cannot be read", hint)]) from error
    try:
        yield layout.root / "run/stick"
    except OSError as error:
        raise Refused([Problem("", f"the stick cannot be read: {error.strerror}", "try another one")]) from error
    finally:
        run("systemctl", "stop", "--", UNIT, check=False, timeout=30)


def _refuse_several() -> None:
    """Nobody could tell which one the label means."""
    devices = json.loads(run("lsblk", "--json", "--output", "PATH,LABEL").stdout)["blockdevices"]
    found = [str(entry["path"]) for entry in _walk(devices) if entry["label"] == LABEL]
    if len(found) > 1:
        message = f"{len(found)} volumes are labelled {LABEL}: {', '.join(found)}"
        raise Refused([Problem("", message, "leave only one plugged in")])


def _walk(devices: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for device in devices:
        yield device
        yield from _walk(device.get("children", []))


def read_files(folder: Path, *patterns: str, limit: int) -> dict[str, bytes]:
    """Return the files of these names, sorted, at most MOST_FILES of at most `limit` + 1 bytes."""
    paths = sorted(path for pattern in patterns for path in folder.glob(pattern))
    return {path.name: read_plain(path, limit) for path in paths[:MOST_FILES] if _is_plain(path)}


def list_files(folder: Path, pattern: str) -> dict[str, int]:
    """Return names and sizes, sorted, of at most MOST_FILES files; none is opened."""
    found = {path.name: path.stat().st_size for path in sorted(folder.glob(pattern)) if _is_plain(path)}
    return dict(list(found.items())[:MOST_FILES])


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()
