"""Who this box and its image are."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import NamedTuple

from patronus.host.files import write_atomically
from patronus.host.layout import Layout
from patronus.trust.store import TrustStore, parse_store


class Device(NamedTuple):
    """The name signed bundles call this box by, and the groups it belongs to."""

    id: str
    groups: tuple[str, ...] = ()


class Image(NamedTuple):
    """The running image, from its os-release."""

    version: str
    profiles: tuple[str, ...]


def read_device(layout: Layout) -> Device:
    """Return the device id, made up at the first boot (64 random bits) and kept on the config partition."""
    path = layout.config / "device.json"
    if not path.exists():
        body = {"id": secrets.token_hex(8), "groups": []}
        write_atomically(path, json.dumps(body).encode(), durable=True)
    body = json.loads(path.read_bytes())
    return Device(str(body["id"]), tuple(map(str, body.get("groups", ()))))


def read_image(layout: Layout) -> Image:
    """Read version and baked profiles from os-release(5)."""
    fields = {}
    for line in (layout.root / "usr/lib/os-release").read_text().splitlines():
        key, _, value = line.partition("=")
        fields[key] = value.strip().strip("\"'")
    return Image(fields.get("IMAGE_VERSION", "0"), tuple(fields.get("PATRONUS_PROFILES", "").split()))


def read_trust(layout: Layout) -> TrustStore | None:
    """Return the trust store: the one baked into the verified image, else the one put on the config partition."""
    for folder in (layout.vendor / "trust", layout.config / "trust"):
        if (folder / "allowed_signers").exists():
            return parse_store(_read(folder / "allowed_signers"), _read(folder / "policy.json"))
    return None


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(2**20)
