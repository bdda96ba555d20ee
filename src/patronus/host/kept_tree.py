"""Rendered trees kept over a reboot, so that an unchanged boot loads neither schemas nor templates.

A kept tree is worth nothing by itself: whoever has the disk in hand can write one. It counts when its manifest has the
digest that the owners of the box signed (`rendered.json` of the bundle) for the very program of this image, and every
file the digest in that manifest. Anything else is rendered again.

One file for each generation:

      0  8   length of the tree's manifest, big-endian
      8      the manifest
      ...    the regular files in the order of their paths, each behind its length (8 bytes)
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple

from patronus.host import doubtful
from patronus.host.engine import read_engine
from patronus.host.identity import read_image
from patronus.host.layout import Layout
from patronus.values.manifest import Manifest

MOST_KEPT = 4
MAX_SIZE = 4 * 1024 * 1024
ROOM = 16 * 1024 * 1024
"""What stays free on the partition: the generation to come, of at most 16 MiB, is worth more than a faster boot."""
_NUMBER = 8


class Kept(NamedTuple):
    """A tree as it was rendered; `contents` maps tree paths of regular files to their bytes."""

    manifest: Manifest
    contents: dict[str, bytes]


def keep_signed(layout: Layout, generation: str, engine: str, digest: str, tree: Kept) -> None:
    """Keep a tree for the boots to come if its signers said the same of it, `digest`, with the same program, `engine`.

    The oldest ones are forgotten. A disk that takes nothing costs only time.
    """
    if engine != read_engine(layout) or digest != tree.manifest.digest:
        return
    packed = b"".join(_pack(tree))
    if len(packed) > MAX_SIZE or _read(layout, generation) == packed:
        return
    with suppress(OSError):
        layout.kept_trees.mkdir(0o700, exist_ok=True)
        with doubtful.open_folder(layout.kept_trees) as folder:
            if doubtful.count_free(folder) > ROOM + len(packed):
                doubtful.replace(folder, name_of(layout, generation), packed)
            doubtful.prune(folder, MOST_KEPT)


def has_kept(layout: Layout, generation: str) -> bool:
    """Whether something is kept for a generation and this image. Only `read` tells what it is worth."""
    return os.path.lexists(layout.kept_trees / name_of(layout, generation))


def read(layout: Layout, generation: str, digest: str) -> Kept | None:
    """Return the tree whose manifest has this digest; None when there is none that this image can run."""
    try:
        kept = _unpack(_read(layout, generation), digest)
    except Exception:  # whatever is wrong with it: rendering is the way out
        return None
    return kept if kept and set(kept.manifest.profiles) <= set(read_image(layout).profiles) else None


def forget(layout: Layout, generation: str) -> None:
    """Remove what is kept for a generation, so that the next boot gets ready to render."""
    with suppress(OSError), doubtful.open_folder(layout.kept_trees) as folder:
        os.unlink(name_of(layout, generation), dir_fd=folder)


def name_of(layout: Layout, generation: str) -> str:
    """Name the file of a generation. One image does not read what another kept: its libraries may differ.

    That is to notice what another image renders otherwise, and no protection: whoever has the disk can rename a file.
    """
    image = read_image(layout)
    words = "\n".join([read_engine(layout), image.version, *image.profiles])
    return f"{generation}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"


def _read(layout: Layout, generation: str) -> bytes:
    """Return what lies there; nothing when it cannot be read. Only its digest tells whether it is a tree."""
    with suppress(OSError), doubtful.open_folder(layout.kept_trees) as folder:
        return doubtful.read(folder, name_of(layout, generation), MAX_SIZE)
    return b""


def _pack(tree: Kept) -> Iterator[bytes]:
    for part in (tree.manifest.to_json(), *(tree.contents[path] for path in _list_files(tree.manifest))):
        yield len(part).to_bytes(_NUMBER, "big")
        yield part


def _unpack(packed: bytes, digest: str) -> Kept | None:
    """Take the parts out; nothing is parsed before its digest is known to be right."""
    parts = _split(packed)
    raw = next(parts, b"")
    if hashlib.sha256(raw).hexdigest() != digest:
        return None
    manifest = Manifest.from_json(raw)
    contents = dict(zip(_list_files(manifest), parts, strict=False))
    for path in _list_files(manifest):
        if path not in contents or hashlib.sha256(contents[path]).hexdigest() != manifest.entries[path].digest:
            return None
    return Kept(manifest, contents)


def _split(packed: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(packed):
        start = at + _NUMBER
        at = start + int.from_bytes(packed[at:start], "big")
        yield packed[start:at]


def _list_files(manifest: Manifest) -> list[str]:
    return sorted(path for path, entry in manifest.entries.items() if not entry.target)
