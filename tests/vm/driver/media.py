"""Sticks and disks that stories plug in."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

MIB = 2**20


def make_stick(file: Path, content: Mapping[str, bytes], *, label: str = "PATRONUS") -> Path:
    """A stick as people have them: one FAT file system over all of it, with these files."""
    folder = file.with_suffix(".files")
    folder.mkdir()
    subprocess.run(["mkfs.vfat", "-n", label, "-C", str(file), str(16 * 1024)], check=True, capture_output=True)
    for name, data in content.items():
        source = folder / name
        source.write_bytes(data)
        subprocess.run(["mcopy", "-i", str(file), str(source), f"::{name}"], check=True)
    return file


def make_disk(file: Path, size: int, *, begin: bytes = b"") -> Path:
    """A raw disk of `size` bytes that begins with these bytes; the rest takes no room on the host."""
    with file.open("wb") as out:
        out.write(begin)
        out.truncate(size)
    return file


def make_faults(file: Path, *, sector: int) -> Path:
    """QEMU's blkdebug rules for a disk that refuses to write one sector, docs/devel/blkdebug.txt of QEMU."""
    file.write_text(f'[inject-error]\nevent = "write_aio"\nerrno = "5"\nsector = "{sector}"\n')
    return file


def as_raw(disk: Path, file: Path) -> Path:
    """The disk of a machine that is off, byte for byte."""
    subprocess.run(["qemu-img", "convert", "-O", "raw", str(disk), str(file)], check=True)
    return file


def list_boot_files(disk: Path) -> list[str]:
    """The files of a raw disk's boot partition."""
    image = f"{disk}@@{find_partition(disk, 'patronus-esp')}"
    done = subprocess.run(["mdir", "-/", "-b", "-i", image, "::"], check=True, capture_output=True, text=True)
    return [line.removeprefix("::/") for line in done.stdout.splitlines()]


def read_config_file(disk: Path, name: str) -> bytes:
    """The content of a file on a raw disk's configuration partition."""
    image = f"{disk}?offset={find_partition(disk, 'patronus-config')}"
    return subprocess.run(["debugfs", "-R", f"cat {name}", image], check=True, capture_output=True).stdout


def find_partition(disk: Path, label: str) -> int:
    """Where a partition of a raw disk begins, in bytes."""
    done = subprocess.run(["sfdisk", "--json", str(disk)], check=True, capture_output=True)
    table = json.loads(done.stdout)["partitiontable"]
    [start] = [entry["start"] for entry in table["partitions"] if entry["name"] == label]
    return int(start) * int(table["sectorsize"])
