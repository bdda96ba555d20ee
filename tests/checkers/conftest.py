"""What the checkers share: the built image, unpacked."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from patronus_builder.cache import REPOSITORY, cache_folder, locked

IMAGE = REPOSITORY / "build/image"


@pytest.fixture(scope="session")
def root() -> Path:
    """The image's root, unpacked once into the cache under its root hash."""
    source = IMAGE / "image.root.raw"
    if not source.exists():
        pytest.fail(f"{source} does not exist: run `make image` first")
    folder = cache_folder("unpacked") / (IMAGE / "image.roothash").read_text().strip()[:16]
    with locked("unpacked"):
        if not folder.exists():
            # Only the newest is kept: an unpacked root has 600 MB.
            subprocess.run(["rm", "-rf", *folder.parent.iterdir()], check=True)
            draft = folder.with_suffix(".new")
            subprocess.run(["fsck.erofs", f"--extract={draft}", "--no-preserve-owner", source], check=True)
            draft.rename(folder)
    return folder
