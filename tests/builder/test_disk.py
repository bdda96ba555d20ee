"""The partitions of an assembled disk."""

from pathlib import Path

import pytest

from patronus.install.partitions import split_root_hash
from patronus_builder import disk

ROOT_HASH = "00112233445566778899aabbccddeeff" + "ffeeddccbbaa99887766554433221100"


@pytest.fixture
def parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "version").write_text("1.2.3\n")
    (tmp_path / "image.roothash").write_text(ROOT_HASH)
    monkeypatch.setattr(disk, "find_loader", lambda: Path("/loader.efi"))
    return tmp_path


def test_partition_ids_are_the_halves_of_the_root_hash() -> None:
    assert split_root_hash(ROOT_HASH) == (
        "00112233-4455-6677-8899-aabbccddeeff",
        "ffeeddcc-bbaa-9988-7766-554433221100",
    )


def test_the_order_is_the_layout(parts: Path, tmp_path: Path) -> None:
    found = disk.describe_partitions(parts, tmp_path)
    labels = [line.removeprefix("Label=") for text in found.values() for line in text.splitlines() if "Label=" in line]
    assert list(found) == sorted(found)
    assert labels == [
        "patronus-esp",
        "patronus_1.2.3",
        "patronus_1.2.3",
        "_empty",
        "_empty",
        "patronus-config",
        "patronus-state",
    ]


def test_the_root_slot_carries_its_id(parts: Path, tmp_path: Path) -> None:
    found = disk.describe_partitions(parts, tmp_path)
    assert "UUID=00112233-4455-6677-8899-aabbccddeeff\n" in found["10-root-a.conf"]
    assert "UUID=ffeeddcc-bbaa-9988-7766-554433221100\n" in found["11-verity-a.conf"]
    assert "UUID=" not in found["20-root-b.conf"]


def test_parts_without_their_moment_end_with_the_next_step(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        disk.read_epoch(parts)
    assert "make image" in capsys.readouterr().err


def test_every_version_and_every_box_gives_its_disk_uuids_of_its_own(parts: Path, tmp_path: Path) -> None:
    bundles = [tmp_path / "one.bundle", tmp_path / "two.bundle"]
    for bundle in bundles:
        bundle.write_text(bundle.name)

    def seeds() -> list[str]:
        return [disk.choose_seed(parts, incoming) for incoming in ([], bundles[:1], bundles[1:], bundles)]

    first = seeds()
    assert len(set(first)) == 4
    assert seeds() == first, "the same parts and bundles give the same disk"
    (parts / "image.roothash").write_text("5a" * 32)
    assert not set(seeds()) & set(first)


def test_delivered_bundles_are_for_root_alone(tmp_path: Path) -> None:
    (tmp_path / "gw.signed").write_bytes(b"hashes of passwords")
    (tmp_path / "gw.signed").chmod(0o644)
    folder = tmp_path / "incoming"
    disk.deliver(folder, [tmp_path / "gw.signed"])
    assert (folder / "gw.bundle").read_bytes() == b"hashes of passwords"
    assert [path.stat().st_mode & 0o777 for path in (folder, folder / "gw.bundle")] == [0o700, 0o600]


def test_a_bundle_that_is_none_ends_with_the_next_step(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for path in (parts / "missing.bundle", parts):
        with pytest.raises(SystemExit):
            disk.assemble(parts, parts / "out.raw", [path])
        assert f"there is no bundle {path}" in capsys.readouterr().err


def test_no_bundle_is_written_over_the_images_own_disk(parts: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = parts / "patronus.bundle"
    bundle.touch()
    with pytest.raises(SystemExit):
        disk.assemble(parts, disk.DISK.parent / "patronus.raw", [bundle])
    assert "give" in capsys.readouterr().err


def test_parts_that_were_never_built_end_with_the_next_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        disk.read_identity(tmp_path)
    assert "make image" in capsys.readouterr().err
