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
from pathlib import Path
from typing import NamedTuple

from patronus.host import doubtful
from patronus.host.engine import read_engine
from patronus.host.generations import Generations
from patronus.host.identity import Image, read_image
from patronus.host.layout import Layout
from patronus.values.manifest import Manifest
from patronus.values.tree import Rendered, Tree

MOST_KEPT = 4
MAX_SIZE = 4 * 1024 * 1024
ROOM = 16 * 1024 * 1024
"""What stays free on the partition: the generation to come, of at most 16 MiB, is worth more than a faster boot."""
_NUMBER = 8


class KeptTrees(NamedTuple):
    """What this image keeps, and who it is: read once, and the same until the next boot."""

    folder: Path
    image: Image
    engine: str
    """Digest of the program that renders in it; empty in an image without the note."""

    @classmethod
    def of(cls, layout: Layout) -> KeptTrees:
        """Look who the image is; nothing of the folder is read yet."""
        return cls(layout.kept_trees, read_image(layout), read_engine(layout))

    def keep(self, generation: str, signed: Rendered | None, tree: Tree) -> None:
        """Keep a tree for the boots to come if its signers said the same of it, with the same program.

        The oldest ones are forgotten, but not that of the generation that boots. A disk that takes nothing costs only
        time.
        """
        if signed != Rendered(self.engine, tree.manifest.digest):
            return
        packed = b"".join(_pack(tree))
        if len(packed) > MAX_SIZE or self._read(generation) == packed:
            return
        with suppress(OSError):
            self.folder.mkdir(0o700, exist_ok=True)
            with doubtful.open_folder(self.folder) as folder:
                if doubtful.count_free(folder) > ROOM + len(packed):
                    doubtful.replace(folder, self.name_of(generation), packed)
                confirmed = Generations(self.folder.parent).confirmed() or ""
                doubtful.prune(folder, MOST_KEPT, self.name_of(confirmed))

    def has(self, generation: str) -> bool:
        """Whether something is kept for a generation and this image. Only `read` tells what it is worth."""
        return os.path.lexists(self.folder / self.name_of(generation))

    def read(self, generation: str, signed: Rendered | None) -> Tree | None:
        """Return the tree its signers say this program renders; None when there is none that this image can run."""
        if signed is None or signed.engine != self.engine:
            return None
        try:
            kept = _unpack(self._read(generation), signed.tree)
        except Exception:  # whatever is wrong with it: rendering is the way out
            return None
        return kept if kept and set(kept.manifest.profiles) <= set(self.image.profiles) else None

    def forget(self, generation: str) -> None:
        """Remove what is kept for a generation, so that the next boot gets ready to render."""
        with suppress(OSError), doubtful.open_folder(self.folder) as folder:
            os.unlink(self.name_of(generation), dir_fd=folder)

    def name_of(self, generation: str) -> str:
        """Name the file of a generation. One image does not read what another kept: its libraries may differ.

        That is to notice what another image renders otherwise, and no protection: whoever has the disk can rename it.
        """
        words = "\n".join([self.engine, self.image.version, *self.image.profiles])
        return f"{generation}-{hashlib.sha256(words.encode()).hexdigest()[:16]}"

    def _read(self, generation: str) -> bytes:
        """Return what lies there; nothing when it cannot be read. Only its digest tells whether it is a tree."""
        with suppress(OSError), doubtful.open_folder(self.folder) as folder:
            return doubtful.read(folder, self.name_of(generation), MAX_SIZE)
        return b""


def _pack(tree: Tree) -> Iterator[bytes]:
    for part in (tree.manifest.to_json(), *(tree.contents[path] for path in _list_files(tree.manifest))):
        yield len(part).to_bytes(_NUMBER, "big")
        yield part


def _unpack(packed: bytes, digest: str) -> Tree | None:
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
    return Tree(manifest, contents)


def _split(packed: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(packed):
        start = at + _NUMBER
        at = start + int.from_bytes(packed[at:start], "big")
        yield packed[start:at]


def _list_files(manifest: Manifest) -> list[str]:
    return sorted(path for path, entry in manifest.entries.items() if not entry.target)
