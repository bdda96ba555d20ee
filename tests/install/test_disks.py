"""Which disks the installer offers."""

import json
from typing import Any

import pytest

from patronus.install.disks import Disk, format_bytes, read_disks

GB = 10**9
MEDIUM = "/run/patronus-medium"
LABEL = "PATRONUS_0123456789ABCDEF"


def device(path: str, **fields: Any) -> dict[str, Any]:
    """One entry as lsblk(8) prints it."""
    empty = dict.fromkeys(("model", "serial", "tran", "label", "fstype", "partlabel"))
    return {"path": path, "type": "disk", "size": 64 * GB, "ro": False, "mountpoints": [None], **empty, **fields}


def read(*devices: dict[str, Any]) -> list[Disk]:
    return read_disks(json.dumps({"blockdevices": devices}).encode(), medium=MEDIUM, label=LABEL, needed=5 * GB)


def part(path: str, **fields: Any) -> dict[str, Any]:
    return device(path, type="part", **fields)


def test_a_disk_is_described_by_what_is_printed_on_it_and_what_it_holds() -> None:
    children = [part("/dev/sda1", partlabel="EFI", fstype="vfat"), part("/dev/sda2", label="home", fstype="ext4")]
    [disk] = read(device("/dev/sda", model="Samsung SSD 870", serial="S1", tran="sata", children=children))
    assert disk.title == "/dev/sda  64.0 GB  Samsung SSD 870  (sata)"
    assert disk.what_is_on_it == "EFI (vfat), home (ext4)"
    assert disk.serial == "S1"
    assert not disk.obstacle


def test_the_medium_is_not_even_listed() -> None:
    whole = device("/dev/sdb", mountpoints=[MEDIUM])
    partition = device("/dev/sdc", children=[part("/dev/sdc1", mountpoints=[None, MEDIUM])])
    assert read(whole, partition) == []


@pytest.mark.parametrize(
    ("fields", "obstacle"),
    [
        ({"mountpoints": ["/mnt"]}, "it is in use"),
        ({"children": [part("/dev/sda1", mountpoints=["/var"])]}, "it is in use"),
        ({"children": [part("/dev/sda1", children=[device("/dev/dm-0", type="crypt")])]}, "it is in use"),
        ({"children": [device("/dev/md0", type="raid1")]}, "it is in use"),
        ({"ro": True}, "it is write-protected"),
        ({"size": 5 * GB - 1}, "it is too small: 5.0 GB are needed"),
        ({"label": "PATRONUS", "fstype": "vfat"}, "it carries the signed configuration"),
        ({"children": [part("/dev/sda1", label="PATRONUS")]}, "it carries the signed configuration"),
        ({"label": LABEL, "fstype": "iso9660"}, "it is an installation medium like this one"),
        ({"children": [part("/dev/sda1", label=LABEL)]}, "it is an installation medium like this one"),
    ],
)
def test_what_cannot_be_used_says_why(fields: dict[str, Any], obstacle: str) -> None:
    [disk] = read(device("/dev/sda", **fields))
    assert disk.obstacle == obstacle


def test_loops_drives_without_a_disc_and_memory_disks_are_no_disks() -> None:
    assert read(device("/dev/loop0", type="loop"), device("/dev/sr0", type="rom"), device("/dev/sdd", size=0)) == []


def test_names_of_hardware_are_harmless_on_a_terminal() -> None:
    children = [part("/dev/sda1", partlabel="\x1b[2J\x9b1m\u202eevil", fstype="vfat")]
    [disk] = read(device("/dev/sda", model="\x1b]52;c;AAAA\x07" + "x" * 500, serial="a\nb\rc", children=children))
    text = disk.title + disk.what_is_on_it + disk.serial
    assert text.isprintable()
    assert len(disk.model) == 30


@pytest.mark.parametrize("fields", [{}, {"fstype": "ext4"}])
def test_a_partition_nobody_knows_is_something_too(fields: dict[str, Any]) -> None:
    """An answer that does not allow to erase goes by this."""
    [disk] = read(device("/dev/sda", children=[part("/dev/sda1", **fields)]))
    assert disk.content and "a partition" in disk.what_is_on_it


def test_a_long_serial_number_is_whole_since_an_answer_names_a_disk_by_it() -> None:
    [disk] = read(device("/dev/sda", serial="S" * 64))
    assert disk.serial == "S" * 64


def test_a_crowded_disk_still_fits_a_line() -> None:
    children = [part(f"/dev/sda{number}", partlabel=f"partition number {number}") for number in range(1, 20)]
    [disk] = read(device("/dev/sda", children=children))
    assert disk.what_is_on_it.startswith("partition number 1, ") and disk.what_is_on_it.endswith(" ...")
    assert len(disk.what_is_on_it) <= 60


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (5 * 10**6, "5 MB"), (64 * GB, "64.0 GB"), (2 * 10**12, "2.0 TB")]
)
def test_sizes_read_as_on_the_box_of_the_disk(size: int, text: str) -> None:
    assert format_bytes(size) == text
