"""Which disks may be chosen, read from lsblk(8)'s JSON. All text in here comes from hardware and strangers' disks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from patronus.values.terminal import plain

LSBLK_COLUMNS = "PATH,TYPE,SIZE,RO,MODEL,SERIAL,TRAN,LABEL,FSTYPE,PARTLABEL,MOUNTPOINTS"
STICK_LABEL = "PATRONUS"
# Columns of an 80-column screen: for one name, and for the list of what is on a disk.
_NAME = 30
_LIST = 60


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


def read_disks(lsblk: bytes, *, medium: str, needed: int) -> list[Disk]:
    """Every disk but the medium (mounted at `medium`), which is not even listed. `needed` is in bytes."""
    found = [device for device in json.loads(lsblk)["blockdevices"] if device["type"] == "disk" and device["size"]]
    return [_read_disk(device, needed) for device in found if medium not in _mount_points(device)]


def find_volumes(lsblk: bytes, label: str) -> list[str]:
    """The device of every volume of that label, whole disks included."""
    devices = [entry for device in json.loads(lsblk)["blockdevices"] for entry in _walk(device)]
    return [str(entry["path"]) for entry in devices if entry["label"] == label]


def format_bytes(size: float) -> str:
    """A size as disk makers count it: powers of ten."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} GB" if size < 1000 else f"{size / 1000:.1f} TB"


def _read_disk(device: dict[str, Any], needed: int) -> Disk:
    size = int(device["size"])
    return Disk(
        path=_show(device["path"]),
        size=size,
        model=_show(device["model"]),
        serial=_show(device["serial"]),
        bus=_show(device["tran"]),
        content=tuple(filter(None, map(_describe, _walk(device)))),
        obstacle=_find_obstacle(device, size, needed),
    )


def _find_obstacle(device: dict[str, Any], size: int, needed: int) -> str:
    entries = list(_walk(device))
    if any(entry["label"] == STICK_LABEL for entry in entries):
        return "it carries the signed configuration"
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
    return f"{name} ({kind})" if name and kind else name or kind


def _walk(device: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield device
    for child in device.get("children", ()):
        yield from _walk(child)


def _mount_points(device: dict[str, Any]) -> list[str]:
    return [point for entry in _walk(device) for point in entry["mountpoints"] if point]


def _show(text: str | None) -> str:
    """On one line, no longer than a column, harmless on a terminal."""
    return plain(" ".join((text or "").split()), _NAME)
