"""Writing the system and reading it back, on files in place of a medium and of partitions; nothing is played."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.install.test_verity import superblock

from patronus.install import partitions, write
from patronus.install.events import InstallFailed, Progress
from patronus.install.medium import Medium
from patronus.install.verity import BLOCK, RootHasher, read_superblock

BLOCKS = 1500
"""More than one piece of the copy, and two levels of hashes."""


@pytest.fixture(scope="module")
def medium(tmp_path_factory: pytest.TempPathFactory) -> Medium:
    """A medium whose root is random."""
    folder = tmp_path_factory.mktemp("medium")
    data, head = os.urandom(BLOCKS * BLOCK), superblock(BLOCKS)
    hasher = RootHasher(read_superblock(head))
    hasher.update(data)
    root_hash, tree = hasher.finish()
    (folder / "root").write_bytes(data)
    (folder / "verity").write_bytes(head + tree)
    return Medium(folder / "root", folder / "verity", folder / "esp", "1.2.3", root_hash)


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """Partitions, larger than what goes there and not empty."""
    found = {name: tmp_path / name for name in (partitions.ROOT, partitions.VERITY)}
    for path in found.values():
        path.write_bytes(b"\xff" * (BLOCKS + 100) * BLOCK)
    return found


def write_and_verify(medium: Medium, places: dict[str, Path], meanwhile: Callable[[], None] = lambda: None) -> Progress:
    """The last thing told."""
    list(write._copy(medium, places))
    meanwhile()
    *_, last = write._verify(medium, places)
    assert isinstance(last, Progress)
    return last


def flip(path: Path, at: int) -> None:
    """One bit, as a failing disk does."""
    with path.open("r+b") as file:
        file.seek(at)
        [byte] = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def test_what_was_written_is_what_the_kernel_image_accepts(medium: Medium, places: dict[str, Path]) -> None:
    last = write_and_verify(medium, places)
    assert last.percent == 100 and last.total == BLOCKS * BLOCK
    assert places[partitions.ROOT].read_bytes()[: last.total] == medium.root.read_bytes()


@pytest.mark.parametrize(
    ("name", "block"),
    [
        (partitions.ROOT, 0),
        (partitions.ROOT, BLOCKS - 1),
        (partitions.VERITY, 1),  # the top of the tree
        (partitions.VERITY, 5),
    ],
)
def test_one_bit_is_noticed(medium: Medium, places: dict[str, Path], name: str, block: int) -> None:
    with pytest.raises(InstallFailed, match="not what was written"):
        write_and_verify(medium, places, lambda: flip(places[name], block * BLOCK + 77))


@pytest.mark.parametrize("at", [0, 64, 72, 88])
def test_a_damaged_superblock_is_noticed(medium: Medium, places: dict[str, Path], at: int) -> None:
    """Magic, block size, number of blocks, salt."""
    disk = places[partitions.ROOT]
    with pytest.raises(InstallFailed, match=r"not what was written|is damaged"), write._explained(disk):
        write_and_verify(medium, places, lambda: flip(places[partitions.VERITY], at))


def test_a_medium_of_another_image_is_noticed(medium: Medium, places: dict[str, Path]) -> None:
    with pytest.raises(InstallFailed, match="not what was written"):
        write_and_verify(medium._replace(root_hash="00" * 32), places)


def test_a_disk_that_loses_its_end_is_told(medium: Medium, places: dict[str, Path]) -> None:
    disk = places[partitions.ROOT]
    with pytest.raises(InstallFailed, match="is failing"), write._explained(disk):
        write_and_verify(medium, places, lambda: os.truncate(disk, BLOCK * 10))


def test_a_medium_that_ends_early_is_noticed(medium: Medium, places: dict[str, Path], tmp_path: Path) -> None:
    short = tmp_path / "short"
    short.write_bytes(medium.root.read_bytes()[: -10 * BLOCK])
    with pytest.raises(InstallFailed, match="not what was written"):
        write_and_verify(medium._replace(root=short), places)
