"""Which program renders a document: equal sources, equal digest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import patronus
from patronus.host.layout import Layout

_RENDERING = ("features", "firewall", "pipeline", "values")
_SOURCES = {".py", ".j2"}


def digest_engine(package: Path = Path(patronus.__file__).parent) -> str:
    """Return the sha256 (hex) of names and contents of everything in the package that takes part in rendering."""
    paths = (path for part in _RENDERING for path in (package / part).rglob("*") if path.suffix in _SOURCES)
    digest = hashlib.sha256()
    for name, path in sorted((path.relative_to(package).as_posix(), path) for path in paths):
        digest.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def read_engine(layout: Layout) -> str:
    """Return the digest of this image's program, noted when the image was built; empty in an image without the note."""
    path = layout.vendor / "engine"
    return path.read_text().strip() if path.exists() else ""
