"""Files that did not change keep their inode, so that networkd leaves their interfaces alone."""

from __future__ import annotations

from pathlib import Path

from patronus.host.networkd import list_vlans, sync_files


def fill(folder: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)


def read(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_only_changed_files_are_written(tmp_path: Path) -> None:
    old, new, target = tmp_path / "old", tmp_path / "new", tmp_path / "run"
    fill(
        old,
        {"10-wan.network": "wan", "10-lan.network": "lan", "10-lan.network.d/ra.conf": "ra", "10-iot.netdev": "iot"},
    )
    sync_files(old, target)
    before = {name: (target / name).stat() for name in read(target)}
    fill(new, {"10-wan.network": "wan", "10-lan.network": "changed", "10-dmz.network.d/ra.conf": "ra"})
    sync_files(new, target)
    assert read(target) == read(new)
    kept = (target / "10-wan.network").stat()
    assert (kept.st_ino, kept.st_mtime_ns) == (before["10-wan.network"].st_ino, before["10-wan.network"].st_mtime_ns)
    assert (target / "10-lan.network").stat().st_ino != before["10-lan.network"].st_ino
    assert not (target / "10-lan.network.d").exists()


def test_a_document_without_interfaces_leaves_nothing(tmp_path: Path) -> None:
    fill(tmp_path / "run", {"10-lan.network": "lan"})
    sync_files(tmp_path / "absent", tmp_path / "run")
    assert read(tmp_path / "run") == {}


def test_vlans_are_found_among_changed_paths() -> None:
    paths = ["etc/systemd/network/10-iot.netdev", "etc/systemd/network/10-iot.network", "etc/kea/kea-dhcp4.conf"]
    assert list_vlans(paths) == ["iot"]
