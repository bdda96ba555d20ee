"""Where fetched and built things live: outside the checkout, each under a key made of its inputs."""

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patronus_builder.messages import die

REPOSITORY = Path(__file__).resolve().parents[2]


def cache_root() -> Path:
    """The cache folder: PATRONUS_CACHE, else patronus below the user's cache folder (XDG base directories)."""
    if chosen := os.environ.get("PATRONUS_CACHE"):
        return Path(chosen).resolve()
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "patronus"


def cache_folder(*names: str) -> Path:
    """A folder below the cache, made when it is absent."""
    folder = cache_root().joinpath(*names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        die(f"the cache {folder} cannot be made: {error.strerror}", hint="set PATRONUS_CACHE to a folder of yours")
    return folder


def key_of(*parts: str | bytes) -> str:
    """Sixteen hexadecimal digits that change when any of the inputs changes."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:16]


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold an exclusive lock, so that two builds in two terminals make a cached thing once."""
    with (cache_folder("locks") / name).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
