"""A folder somebody else may have filled: no link is followed, nothing but plain files is opened, nothing waits."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from patronus.host.files import read_descriptor

_HERE = os.O_NOFOLLOW | os.O_CLOEXEC
DRAFT = ".new"


@contextmanager
def open_folder(path: Path) -> Iterator[int]:
    """Give the descriptor of a folder that is none of somebody else's, by a link. Raises OSError."""
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | _HERE)
    try:
        yield folder
    finally:
        os.close(folder)


def read(folder: int, name: str, limit: int) -> bytes:
    """Return at most `limit` + 1 bytes of a plain file. Raises OSError; a named pipe does not keep the reader."""
    return read_descriptor(os.open(name, os.O_RDONLY | os.O_NONBLOCK | _HERE, dir_fd=folder), limit)


def replace(folder: int, name: str, content: bytes) -> None:
    """Replace a file in one step, readable for its owner only. Raises OSError, and leaves no half of one behind."""
    with suppress(FileNotFoundError):
        os.unlink(DRAFT, dir_fd=folder)
    try:
        descriptor = os.open(DRAFT, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _HERE, 0o600, dir_fd=folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        os.rename(DRAFT, name, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError:
        with suppress(OSError):
            os.unlink(DRAFT, dir_fd=folder)
        raise


def prune(folder: int, most: int, needed: str) -> None:
    """Remove all plain files but `needed` and those written last; what is no plain file stays. Raises OSError."""
    looked = {name: os.stat(name, dir_fd=folder, follow_symlinks=False) for name in os.listdir(folder)}
    files = [name for name, found in looked.items() if stat.S_ISREG(found.st_mode)]
    for name in sorted(files, key=lambda name: (name == needed, looked[name].st_mtime_ns), reverse=True)[most:]:
        os.unlink(name, dir_fd=folder)


def count_free(folder: int) -> int:
    """Bytes that can still be written to the file system of a folder. Raises OSError."""
    found = os.fstatvfs(folder)
    return found.f_bavail * found.f_frsize
