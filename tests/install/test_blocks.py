"""Copying and reading back, on files in place of disks."""

import errno
import os
from pathlib import Path

import pytest

from patronus.host import blocks
from patronus.install.events import measure


def test_what_is_copied_reads_back_the_same(tmp_path: Path) -> None:
    data = os.urandom(4096) * 2500  # more than two chunks, the last one short
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes(data)
    target.write_bytes(b"\xff" * (len(data) + 8192))
    counts = list(blocks.copy_blocks(source, target))
    assert counts == sorted(counts)
    assert counts[-1] == len(data)
    assert b"".join(bytes(piece) for piece in blocks.read_blocks(target, len(data))) == data
    assert target.read_bytes()[len(data) :] == b"\xff" * 8192


def test_a_device_that_ends_early_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(bytes(4096))
    with pytest.raises(OSError, match="ends too early"):
        list(blocks.read_blocks(tmp_path / "short", 8192))


def test_a_target_without_room_is_an_error(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(bytes(4096))
    with pytest.raises(OSError) as caught:
        list(blocks.copy_blocks(source, Path("/dev/full")))
    assert caught.value.errno == errno.ENOSPC


def test_a_source_that_fails_is_told_from_a_target_that_does(tmp_path: Path) -> None:
    (tmp_path / "target").touch()
    with pytest.raises(blocks.SourceFailed):
        list(blocks.copy_blocks(Path("/proc/self/mem"), tmp_path / "target"))


@pytest.mark.parametrize(
    ("disk", "partition"), [("/dev/sda", "/dev/sda7"), ("/dev/vdb", "/dev/vdb7"), ("/dev/nvme0n1", "/dev/nvme0n1p7")]
)
def test_partitions_are_named_as_the_kernel_does(disk: str, partition: str) -> None:
    assert blocks.partition_path(Path(disk), 7) == Path(partition)


def test_progress_tells_bytes_and_percent() -> None:
    *_, last = measure(iter([1000, 4000]), 4000)
    assert (last.done, last.total, last.percent, last.seconds_left) == (4000, 4000, 100, 0)
    assert "4 kB of 4 kB" in str(last)
