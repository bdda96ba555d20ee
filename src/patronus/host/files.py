"""Writes files so that a reader sees the old or the new one, never half of one."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # choosing a generation needs no tree, and every module costs the boot
    from patronus.values.manifest import Entry, Manifest
    from patronus.values.tree import Tree

MANIFEST_PATH = "manifest.json"


def read_bounded(path: Path, limit: int) -> bytes:
    """Return at most `limit` + 1 bytes, so that a file that is too large is seen as such without being read whole."""
    with path.open("rb") as file:
        return file.read(limit + 1)


def read_plain(path: Path, limit: int) -> bytes:
    """Like `read_bounded`, of a plain file only: a named pipe somebody left would keep the reader for ever."""
    return read_descriptor(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), limit)


def read_descriptor(descriptor: int, limit: int) -> bytes:
    """Read what was opened without waiting, and close it. Raises OSError when it is no plain file."""
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file")
        return file.read(limit + 1)


def write_atomically(path: Path, content: bytes, mode: int = 0o644, *, durable: bool = False) -> None:
    """Replace a file in one step; `durable` waits until the disk has it, folder entry included."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
        if durable:
            file.flush()
            os.fsync(file.fileno())
    draft.rename(path)
    if durable:
        sync_folder(path.parent)


def point_link(link: Path, target: str, *, durable: bool = False) -> None:
    """Make `link` a symbolic link to `target` in one step."""
    link.parent.mkdir(parents=True, exist_ok=True)
    draft = link.with_name(f".{link.name}.new")
    draft.unlink(missing_ok=True)
    draft.symlink_to(target)
    draft.rename(link)
    if durable:
        sync_folder(link.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the entries of a folder are on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_tree(trees: Path, tree: Tree) -> Path:
    """Write a rendered tree below `trees`; it appears under its name only when it is whole."""
    folder = trees / tree.tree_id
    if _is_whole(folder, tree.manifest):
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    draft = trees / f".{tree.tree_id}.new"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for path, entry in tree.manifest.entries.items():
        _write_entry(draft / path, entry, tree.contents.get(path, b""))
    write_atomically(draft / MANIFEST_PATH, tree.manifest.to_json(), 0o600)
    draft.rename(folder)
    return folder


def _is_whole(folder: Path, manifest: Manifest) -> bool:
    """Tell whether a tree is there and every file still has the bytes it was written with."""
    with suppress(OSError):
        return all(_holds(folder / path, entry) for path, entry in manifest.entries.items())
    return False


def _holds(path: Path, entry: Entry) -> bool:
    content = str(path.readlink()).encode() if entry.target else path.read_bytes()
    return hashlib.sha256(content).hexdigest() == entry.digest


def _write_entry(path: Path, entry: Entry, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if entry.target:
        path.symlink_to(entry.target)
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if (entry.owner, entry.group) != ("root", "root"):
            os.fchown(file.fileno(), _user_id(entry.owner), _group_id(entry.group))
        os.fchmod(file.fileno(), entry.mode)


def _user_id(name: str) -> int:
    import pwd

    return _known(lambda: pwd.getpwnam(name).pw_uid, f"user {name}")


def _group_id(name: str) -> int:
    import grp

    return _known(lambda: grp.getgrnam(name).gr_gid, f"group {name}")


def _known(look_up: Callable[[], int], what: str) -> int:
    if os.geteuid() != 0:
        return -1  # tests without root; the box always runs this as root
    try:
        return look_up()
    except KeyError as error:
        raise FileNotFoundError(f"the image has no {what}") from error


def read_manifest(tree: Path) -> Manifest:
    """Read the manifest of a tree this box wrote."""
    from patronus.values.manifest import Manifest

    return Manifest.from_json((tree / MANIFEST_PATH).read_bytes())


def remove_other_trees(trees: Path, keep: set[str]) -> None:
    """Delete rendered trees nothing refers to any more."""
    for folder in trees.iterdir() if trees.is_dir() else ():
        if folder.name not in keep:
            shutil.rmtree(folder, ignore_errors=True)
