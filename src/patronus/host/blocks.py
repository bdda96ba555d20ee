"""Disks as a whole: listing, copying to, reading back, mounting for a moment."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path

from patronus.host.run import run

CHUNK = 4 * 2**20


class SourceFailed(OSError):  # noqa: N818 - reads as what happened
    """What is copied cannot be read; the target is not to blame."""


def list_block_devices(columns: str) -> bytes:
    """What lsblk(8) knows of every disk, as JSON, sizes in bytes."""
    return run("lsblk", "--json", "--bytes", "--output", columns).stdout


def claim(path: Path) -> None:
    """Make sure that nobody uses a disk. Raises OSError, with EBUSY when somebody does."""
    os.close(os.open(path, os.O_RDWR | os.O_EXCL))


@contextmanager
def kept_name(disk: Path) -> Iterator[None]:
    """No other disk gets this name while the block lasts, should this one vanish: the kernel waits for its closing."""
    descriptor = os.open(disk, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield
    finally:
        os.close(descriptor)


def partition_path(disk: Path, number: int) -> Path:
    """The device of a partition as the kernel names it: /dev/sda1, /dev/nvme0n1p1."""
    separator = "p" if disk.name[-1].isdigit() else ""
    return disk.with_name(f"{disk.name}{separator}{number}")


def copy_blocks(source: Path, target: Path) -> Iterator[int]:
    """Copy a file of whole blocks of 4096 bytes to a device, past the cache; yields bytes done. Raises OSError."""
    with source.open("rb", buffering=0) as file, _opened(target, os.O_WRONLY) as out, _buffer() as buffer:
        done = 0
        while size := _read_into(file, buffer):
            with memoryview(buffer)[:size] as view:
                _write_whole(out, view, done)
            done += size
            yield done
        os.fsync(out)


def _write_whole(out: int, data: memoryview, at: int) -> None:
    """What stopped a write half-way is told by the next one."""
    written = 0
    while written < len(data):
        with data[written:] as rest:
            written += os.pwrite(out, rest, at + written)


def _read_into(file: FileIO, buffer: mmap.mmap) -> int:
    try:
        return file.readinto(buffer) or 0
    except OSError as error:
        raise SourceFailed(error.errno, error.strerror) from error


def read_blocks(source: Path, size: int) -> Iterator[memoryview]:
    """The first `size` bytes of a device, whole blocks of 4096 bytes, from the disk itself. Raises OSError.

    Each piece is valid until the next one is asked for.
    """
    with _opened(source, os.O_RDONLY) as descriptor, _buffer() as buffer:
        at = 0
        while at < size:
            view = memoryview(buffer)[: min(CHUNK, size - at)]
            try:
                if os.preadv(descriptor, [view], at) != len(view):
                    raise OSError(5, "the device ends too early")
                yield view
                at += len(view)
            finally:
                view.release()


def flush(device: Path) -> None:
    """Wait until the disk has everything."""
    with _opened(device, os.O_RDWR, direct=False) as descriptor:
        os.fsync(descriptor)


@contextmanager
def mounted(device: Path, folder: Path, kind: str, *options: str) -> Iterator[Path]:
    """A file system mounted while the block lasts, without programs or devices in it. Raises CommandFailed."""
    folder.mkdir(parents=True, exist_ok=True)
    run("mount", "-t", kind, "-o", ",".join(("nosuid", "nodev", "noexec", *options)), str(device), str(folder))
    try:
        yield folder
    finally:
        run("umount", str(folder))


@contextmanager
def _opened(path: Path, flags: int, *, direct: bool = True) -> Iterator[int]:
    try:
        descriptor = os.open(path, flags | (os.O_DIRECT if direct else 0))
    except OSError as error:
        if error.errno != 22:  # EINVAL: a file system in memory cannot do without the cache, open(2)
            raise
        descriptor = os.open(path, flags)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextmanager
def _buffer() -> Iterator[mmap.mmap]:
    """Memory that begins at a page, as O_DIRECT wants it."""
    buffer = mmap.mmap(-1, CHUNK)
    try:
        yield buffer
    finally:
        with suppress(BufferError):  # a piece is still held by whoever stopped reading; it goes with the process
            buffer.close()
