"""Hands a generation's interfaces to systemd-networkd so that only what changed is touched.

networkd knows a file as unchanged by resolved path, inode and time (`stats_by_path_equal()`, systemd 257). Read through
a link into one folder per generation, every file would look new and every interface would be configured again. So
they are kept in a folder of their own, where a file with the same bytes is left alone. VLANs it neither removes nor
renumbers.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path

from patronus.host.files import write_atomically
from patronus.host.run import run

UNIT = "systemd-networkd.service"
TREE_FOLDER = "etc/systemd/network/"
_SYSFS = Path("/sys/class/net")


def sync_files(source: Path, target: Path) -> None:
    """Make `target` hold the files of `source`, writing only those whose bytes differ."""
    wanted = {path.relative_to(source): path for path in source.rglob("*") if path.is_file()}
    present = {path.relative_to(target) for path in target.rglob("*") if path.is_file()}
    for name, path in wanted.items():
        content = path.read_bytes()
        if name not in present or (target / name).read_bytes() != content:
            write_atomically(target / name, content)
    for name in present - wanted.keys():
        (target / name).unlink()
    for folder in sorted((path for path in target.rglob("*") if path.is_dir()), reverse=True):
        if not any(folder.iterdir()):
            folder.rmdir()


def list_vlans(paths: Iterable[str]) -> list[str]:
    """Return the interface names of the `.netdev` files (`10-<name>.netdev`) among tree paths."""
    found = [path.removeprefix(TREE_FOLDER) for path in paths if path.startswith(TREE_FOLDER)]
    return [name.removeprefix("10-").removesuffix(".netdev") for name in found if name.endswith(".netdev")]


def delete_links(names: Iterable[str]) -> None:
    """Remove virtual links from the kernel; one that is not there is fine."""
    for name in names:
        if (_SYSFS / name).exists():
            run("ip", "link", "delete", "dev", name)


def wait_for_links(names: Iterable[str], seconds: float = 5.0) -> None:
    """Return when networkd has made these links, or the time is over: services that need one say so themselves."""
    deadline = time.monotonic() + seconds
    missing = set(names)
    while missing and time.monotonic() < deadline:
        missing = {name for name in missing if not (_SYSFS / name).exists()}
        if missing:
            time.sleep(0.02)
