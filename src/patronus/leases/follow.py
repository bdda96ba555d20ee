"""Reads a file that others append to and replace: Kea renames its lease file once an hour to tidy it up."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


class FollowedFile:
    """The lines of a file, each once, across renames and truncation."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None
        self._rest = b""

    def read_lines(self) -> list[str]:
        """Return the whole lines written since the last call."""
        if self._file is None and not self._open():
            return []
        lines = self._read()
        while self._is_replaced():
            lines += self._read()  # what was written between reading and renaming
            self._rest = b""
            if not self._open():
                break
            lines += self._read()
        return lines

    def close(self) -> None:
        """Let go of the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> bool:
        self.close()
        try:
            self._file = self.path.open("rb")
        except FileNotFoundError:
            return False
        return True

    def _read(self) -> list[str]:
        assert self._file is not None  # noqa: S101 - for the type checker
        if os.fstat(self._file.fileno()).st_size < self._file.tell():
            self._file.seek(0)
            self._rest = b""
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        return _decode(lines)

    def _is_replaced(self) -> bool:
        if self._file is None:
            return False
        try:
            current = self.path.stat()
        except FileNotFoundError:
            return False  # renamed, the new one comes in a moment
        mine = os.fstat(self._file.fileno())
        return (current.st_dev, current.st_ino) != (mine.st_dev, mine.st_ino)


def read_finished(path: Path) -> list[str]:
    """Return the lines of a file nobody writes any more."""
    return _decode(path.read_bytes().split(b"\n"))


def _decode(lines: list[bytes]) -> list[str]:
    """Decode lines that `\\n` ends and nothing else: a client may have put any other line break into its name."""
    return [line.decode(errors="replace") for line in lines]


def list_older_files(path: Path) -> list[Path]:
    """Return the files Kea itself would read before the current one (Kea ARM 2.6, 8.2.2.2)."""
    completed = path.with_name(path.name + ".completed")
    if completed.exists():
        return [completed]
    return [older for suffix in (".2", ".1") if (older := path.with_name(path.name + suffix)).exists()]
