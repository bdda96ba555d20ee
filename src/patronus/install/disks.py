"""Which disks may be chosen, read from lsblk(8)'s JSON. All text in here comes from hardware and strangers' disks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from patronus.host import stick
from patronus.values.terminal import plain

LSBLK_COLUMNS = "PATH,TYPE,SIZE,RO,MODEL,SERIAL,TRAN,LABEL,FSTYPE,PARTLABEL,MOUNTPOINTS"
# Columns of an 80-column screen: for one name, and for the list of what is on a disk.
_NAME = 30
_LIST = 60
# A serial number names a disk in a signed answer, so it is not cut where names are.
SERIAL_LENGTH = 64


class Disk(NamedTuple):
    """One disk; sizes in bytes, every text safe to print. `obstacle` says why it cannot be chosen, empty if it can."""

    path: str
    size: int
    model: str
    serial: str
    bus: str
    content: tuple[str, ...]
    obstacle: str = ""

    @property
    def title(self) -> str:
        """One line for people."""
        words = [self.path, format_bytes(self.size), self.model, self.bus and f"({self.bus})"]
        return "  ".join(word for word in words if word)

    @property
    def what_is_on_it(self) -> str:
        """One line for people."""
        text = ", ".join(self.content) or "nothing"
        return text if len(text) <= _LIST else f"{text[: _LIST - 4]} ..."


def read_disks(lsblk: bytes, *, medium: str, label: str, needed: int) -> list[Disk]:
    """Every disk but the medium (mounted at `medium`), which is not even listed. `needed` is in bytes.

    Another medium of that volume label, or the same one plugged in anew, is listed and cannot be chosen.
    """
    found = [device for device in json.loads(lsblk)["blockdevices"] if device["type"] == "disk" and device["size"]]
    return [_read_disk(device, label, needed) for device in found if medium not in _mount_points(device)]


def format_bytes(size: float) -> str:
    """A size as disk makers count it: powers of ten."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB" if size < 1000 else f"{size / 1000:.1f} TB"


def _read_disk(device: dict[str, Any], label: str, needed: int) -> Disk:
    size = int(device["size"])
    return Disk(
        path=_show(device["path"]),
        size=size,
        model=_show(device["model"]),
        serial=_show(device["serial"], SERIAL_LENGTH),
        bus=_show(device["tran"]),
        content=tuple(filter(None, map(_describe, _walk(device)))),
        obstacle=_find_obstacle(device, label, size, needed),
    )


def _find_obstacle(device: dict[str, Any], label: str, size: int, needed: int) -> str:
    entries = list(_walk(device))
    if any(entry["label"] == stick.LABEL for entry in entries):
        return "it carries the signed configuration"
    if any(entry["label"] == label for entry in entries):
        return "it is an installation medium like this one"
    if any(_mount_points(entry) or entry["type"] not in ("disk", "part") for entry in entries):
        return "it is in use"
    if device["ro"]:
        return "it is write-protected"
    if size < needed:
        return f"it is too small: {format_bytes(needed)} are needed"
    return ""


def _describe(entry: dict[str, Any]) -> str:
    name = _show(entry["partlabel"]) or _show(entry["label"])
    kind = _show(entry["fstype"])
    if entry["type"] == "part" and not name:
        name = "a partition"  # also one that nobody here understands may be somebody's
    return f"{name} ({kind})" if name and kind else name or kind


def _walk(device: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield device
    for child in device.get("children", ()):
        yield from _walk(child)


def _mount_points(device: dict[str, Any]) -> list[str]:
    return [point for entry in _walk(device) for point in entry["mountpoints"] if point]


def _show(text: str | None, limit: int = _NAME) -> str:
    """On one line, no longer than a column, harmless on a terminal."""
    return plain(" ".join((text or "").split()), limit)
