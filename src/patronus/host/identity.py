"""Who this box and its image are."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from patronus.host.files import sync_folder, write_atomically
from patronus.host.layout import Layout


class Device(NamedTuple):
    """The name signed bundles call this box by. Its groups are the trust store's matter."""

    id: str


class Image(NamedTuple):
    """The running image, from its os-release."""

    version: str
    profiles: tuple[str, ...]


def read_device(layout: Layout) -> Device:
    """Return the device id, made up at the first boot (64 random bits) and kept on the config partition."""
    path = layout.config / "device.json"
    if not path.exists():
        _make_up(path)
    body = json.loads(path.read_bytes())
    return Device(str(body["id"]))


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
