"""The partitions of a box's disk, for systemd-repart (repart.d(5)): the builder and the installer both start from here.

Order is the layout: ESP, root A, verity A, root B, verity B, config, state. The last one grows at the first boot.
"""

import uuid
from collections.abc import Mapping
from typing import NamedTuple

MIB = 2**20
ESP, ROOT, VERITY, CONFIG = "00-esp", "10-root-a", "11-verity-a", "30-config"


class Partition(NamedTuple):
    """One partition; its size in MiB is exact."""

    kind: str
    label: str
    size: int
    settings: Mapping[str, str] = {}


def describe_disk(version: str, root_hash: str) -> dict[str, Partition]:
    """The partitions in their order, by definition name, with slot A for this image."""
    root, verity = split_root_hash(root_hash)
    label = f"patronus_{version}"
    fixed = {"ReadOnly": "yes"}
    return {
        ESP: Partition("esp", "patronus-esp", 512, {"Format": "vfat"}),
        ROOT: Partition("root-x86-64", label, 2048, {**fixed, "UUID": root}),
        VERITY: Partition("root-x86-64-verity", label, 64, {**fixed, "UUID": verity}),
        "20-root-b": Partition("root-x86-64", "_empty", 2048, fixed),
        "21-verity-b": Partition("root-x86-64-verity", "_empty", 64, fixed),
        CONFIG: Partition(
            "linux-generic",
            "patronus-config",
            64,
            {"Format": "ext4", "MakeDirectories": "/incoming /generations /trust"},
        ),
        "40-state": Partition("linux-generic", "patronus-state", 256, {"Format": "ext4"}),
    }


def format_definition(partition: Partition) -> str:
    """The content of one definition file."""
    size = f"{partition.size}M"
    fixed = {"Type": partition.kind, "Label": partition.label, "SizeMinBytes": size, "SizeMaxBytes": size}
    return "[Partition]\n" + "".join(f"{name}={value}\n" for name, value in {**fixed, **partition.settings}.items())


def needed_bytes(partitions: Mapping[str, Partition]) -> int:
    """How large a disk must be: the partitions, and a MiB on either side for the two partition tables."""
    return (sum(partition.size for partition in partitions.values()) + 2) * MIB


def split_root_hash(root_hash: str) -> tuple[str, str]:
    """Partition UUIDs of root and verity: the halves of the hash, so that the kernel image finds its own slot."""
    data = bytes.fromhex(root_hash)
    return str(uuid.UUID(bytes=data[:16])), str(uuid.UUID(bytes=data[-16:]))
