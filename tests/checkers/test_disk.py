"""The same parts make the same disk, byte for byte: whoever has the sources can check what others built."""

import os
import subprocess
from pathlib import Path

import pytest

from patronus_builder.disk import assemble


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    folder = tmp_path / "parts"
    folder.mkdir()
    for name in ("image.efi", "image.root.raw", "image.verity.raw"):
        (folder / name).write_bytes(name.encode() * 4096)
    (folder / "image.roothash").write_text("00112233445566778899aabbccddeeff" * 2)
    (folder / "version").write_text("1.2.3\n")
    (folder / "epoch").write_text("1767225600\n")
    return folder


def test_a_disk_made_twice_is_the_same(parts: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "gw.bundle"
    bundle.write_bytes(b"signed")
    first = assemble(parts, tmp_path / "first.raw", [bundle])
    for later, path in enumerate([bundle, *parts.iterdir()]):
        os.utime(path, (2_000_000_000 + later, 2_000_000_000 + later))
    second = assemble(parts, tmp_path / "second.raw", [bundle])
    compared = subprocess.run(["qemu-img", "compare", "-f", "raw", "-F", "raw", first, second], capture_output=True)
    assert compared.returncode == 0, compared.stdout


def test_the_bundle_makes_the_difference(parts: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "gw.bundle"
    bundle.write_bytes(b"signed")
    disks = [assemble(parts, tmp_path / "with.raw", [bundle]), assemble(parts, tmp_path / "without.raw")]
    compared = subprocess.run(["qemu-img", "compare", "-f", "raw", "-F", "raw", *disks], capture_output=True)
    assert compared.returncode == 1, compared.stdout
