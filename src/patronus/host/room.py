"""Makes room on a partition that only ever gets more: what is not needed goes, oldest first."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from patronus.host.files import sync_folder
from patronus.values.problem import Problem, Refused

RESERVE = 1024 * 1024
"""Bytes that stay free: a confirmation needs a few blocks, and so does an exchange of the trust store."""


def make_room(folder: Path, size: int, spare: Iterable[Path]) -> None:
    """Delete of `spare`, from its beginning, what `size` more bytes in `folder` need.

    Raises Refused when even all of it is not enough; then nothing was deleted.
    """
    free = shutil.disk_usage(folder).free
    missing = size + RESERVE - free
    doomed: list[Path] = []
    names: Counter[int] = Counter()
    for path in spare if missing > 0 else ():
        if gained := _count_gain(path, names):
            doomed.append(path)
            missing -= gained
        if missing <= 0:
            break
    if missing > 0:
        raise refuse_room(folder, f"{size} bytes and {RESERVE} to spare are needed, {free} are free")
    for path in doomed:
        discard(path)
    if doomed:
        sync_folder(folder)  # the blocks are free once the file system has written that down


def refuse_room(folder: Path, why: str) -> Refused:
    """Say that something does not fit, and what to do."""
    hint = (
        "bring a smaller bundle (patronus inspect tells what is in it), or make room from outside: see recovery in the "
        "user guide"
    )
    return Refused([Problem("", f"{folder} has no room for this bundle: {why}", hint)])


def discard(path: Path) -> None:
    """Delete a file or a folder. A cut half-way leaves a hidden folder, which is no generation but a leftover."""
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    hidden = path if path.name.startswith(".") else path.with_name(f".{path.name}.old")
    with suppress(OSError):  # what cannot be deleted stays; whoever needs its room is told so
        shutil.rmtree(path.rename(hidden))


def _count_gain(path: Path, names: Counter[int]) -> int:
    """Return the bytes that deleting a file or folder sets free; `names` counts the names of inodes that go before it.

    A bundle can have more names than its generation's: one in the chain of trust stores, and one beside each local edit
    made on it. As long as one of them stays, deleting the generation is not worth while.
    """
    walk = () if path.is_symlink() else os.walk(path)  # what a link leads to stays
    files = [Path(folder) / name for folder, _, found in walk for name in found] or [path]
    found = {file.name: file.lstat() for file in files}
    going = names + Counter(one.st_ino for one in found.values())
    free = {name: one for name, one in found.items() if one.st_nlink <= going[one.st_ino]}
    if ("bundle" in found and "bundle" not in free) or not free:
        return 0
    names.update(going - names)
    return sum(one.st_blocks * 512 for one in free.values())
