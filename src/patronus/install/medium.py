"""The medium this box was started from; the initrd's live-medium@.service mounted it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from patronus.host.identity import read_image
from patronus.host.layout import Layout
from patronus.install.partitions import Partition, describe_disk

FOLDER = Layout().medium


class Medium(NamedTuple):
    """What there is to install: files of the medium, the image's version, the root hash its kernel image carries."""

    root: Path
    verity: Path
    esp: Path
    version: str
    root_hash: str

    @property
    def label(self) -> str:
        """The name of its volume."""
        return volume_label(self.root_hash)

    @property
    def partitions(self) -> dict[str, Partition]:
        """The disk to be made of it."""
        return describe_disk(self.version, self.root_hash)


def volume_label(root_hash: str) -> str:
    """The medium's name. It tells one build's medium from another's: 25 of the 32 characters ISO9660 allows."""
    return f"PATRONUS_{root_hash[:16].upper()}"


def find_medium(
    folder: Path = FOLDER, command_line: Path = Path("/proc/cmdline"), system: Path = Path("/")
) -> Medium | None:
    """The medium, None on a box that was started from its own disk."""
    root = folder / "patronus/root.raw"
    found = re.search(r"(?:^|\s)roothash=([0-9a-f]{64})(?:\s|$)", command_line.read_text())
    if not root.exists() or not found:
        return None
    version = read_image(Layout(system)).version
    return Medium(root, folder / "patronus/verity.raw", folder / "boot/efi.img", version, found[1])
