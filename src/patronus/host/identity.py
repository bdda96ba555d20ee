"""Who this box and its image are."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from patronus.host.files import read_plain, sync_folder, write_atomically
from patronus.host.layout import Layout
from patronus.values.problem import Problem, Refused

_MAX_DEVICE = 4096


class Device(NamedTuple):
    """The name signed bundles call this box by. Its groups are the trust store's matter."""

    id: str


class Image(NamedTuple):
    """The running image, from its os-release."""

    version: str
    profiles: tuple[str, ...]


def read_device(layout: Layout) -> Device:
    """Return the device id, made up at the first boot (64 random bits) and kept on the config partition.

    Raises Refused when something else lies there: a box does not take another name by itself.
    """
    path = layout.config / "device.json"
    if not path.exists():
        _make_up(path)
    try:
        raw = read_plain(path, _MAX_DEVICE)
    except OSError as error:
        raise _refuse(path, f"cannot be read: {error.strerror}") from error
    try:
        if len(raw) <= _MAX_DEVICE:
            return Device(str(json.loads(raw)["id"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise _refuse(path, "does not hold a device id") from error
    raise _refuse(path, f"does not hold a device id: it is longer than {_MAX_DEVICE} bytes")


def _refuse(path: Path, what: str) -> Refused:
    hint = 'write {"id": "..."} with the id your bundles are signed for, or remove it for a new one: see recovery'
    return Refused([Problem("", f"{path} {what}", hint)])


def _make_up(path: Path) -> None:
    """Write a new id, unless somebody else does so at the same moment: then theirs stays."""
    import secrets  # at the first boot only

    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    write_atomically(draft, json.dumps({"id": secrets.token_hex(8)}).encode(), durable=True)
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
    sync_folder(path.parent)


def read_image(layout: Layout) -> Image:
    """Read version and baked profiles from os-release(5)."""
    fields = {}
    for line in (layout.root / "usr/lib/os-release").read_text().splitlines():
        key, _, value = line.partition("=")
        fields[key] = value.strip().strip("\"'")
    return Image(fields.get("IMAGE_VERSION", "0"), tuple(fields.get("PATRONUS_PROFILES", "").split()))
