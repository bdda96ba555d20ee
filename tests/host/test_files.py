"""Files appear whole or not at all, whenever the power goes."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from tests.host.power import every_cut

from patronus.host.files import (
    MANIFEST_PATH,
    point_link,
    read_manifest,
    remove_other_trees,
    write_atomically,
    write_tree,
)
from patronus.pipeline.render import render
from patronus.values.fragments import File, Symlink
from patronus.values.plan import Plan
from patronus.values.tree import Tree

TREE = render(
    Plan(
        (
            File("etc/kea/kea.conf", b"{}", "dhcp", 0o640),
            File("etc/hosts", b"127.0.0.1 localhost\n", "system"),
            File("etc/secret", b"x", "system", 0o600),
            Symlink("etc/link", "hosts", "system"),
        )
    )
)


def write(trees: Path, tree: Tree = TREE) -> Path:
    return write_tree(trees, tree)


@pytest.mark.parametrize("durable", [False, True])
def test_a_replaced_file_is_the_old_or_the_new_one(tmp_path: Path, durable: bool) -> None:
    seen = set()
    for place in every_cut(
        tmp_path,
        lambda place: write_atomically(place / "file", b"old", 0o600),
        lambda place: write_atomically(place / "file", b"new", 0o640, durable=durable),
    ):
        content = (place / "file").read_bytes()
        mode = stat.S_IMODE((place / "file").stat().st_mode)
        seen.add((content, mode))
    assert seen == {(b"old", 0o600), (b"new", 0o640)}


def test_an_interrupted_write_is_no_obstacle_to_the_next(tmp_path: Path) -> None:
    for place in every_cut(tmp_path, lambda _place: None, lambda place: write_atomically(place / "file", b"long new")):
        write_atomically(place / "file", b"short", 0o600)
        assert (place / "file").read_bytes() == b"short"
        assert stat.S_IMODE((place / "file").stat().st_mode) == 0o600
        assert [path.name for path in place.iterdir()] == ["file"]


def test_a_mode_does_not_depend_on_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_atomically(tmp_path / "file", b"", 0o644)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o644


def test_a_prepared_symbolic_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "victim").write_bytes(b"untouched")
    (tmp_path / ".file.new").symlink_to("victim")
    with pytest.raises(OSError, match="symbolic link"):
        write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "victim").read_bytes() == b"untouched"


@pytest.mark.parametrize("durable", [False, True])
def test_a_moved_link_points_to_the_old_or_the_new_target(tmp_path: Path, durable: bool) -> None:
    seen = set()
    for place in every_cut(
        tmp_path,
        lambda place: point_link(place / "current", "old"),
        lambda place: point_link(place / "current", "new", durable=durable),
    ):
        seen.add(str((place / "current").readlink()))
        point_link(place / "current", "newer")
        assert str((place / "current").readlink()) == "newer"
    assert seen == {"old", "new"}


def test_a_tree_is_whole_or_not_there(tmp_path: Path) -> None:
    def action(place: Path) -> None:
        write(place)

    complete = 0
    for trees in every_cut(tmp_path, lambda _place: None, action):
        if (trees / TREE.tree_id).exists():
            complete += 1
        folder = write(trees)
        assert read_manifest(folder) == TREE.manifest
        assert {path: (folder / path).read_bytes() for path in TREE.contents} == TREE.contents
        assert str((folder / "etc/link").readlink()) == "hosts"
        assert [path.name for path in trees.iterdir()] == [TREE.tree_id]
    assert complete == 1


def test_modes_are_those_of_the_manifest_and_the_manifest_is_private(tmp_path: Path) -> None:
    folder = write(tmp_path)
    for path, entry in TREE.manifest.entries.items():
        if not entry.target:
            assert stat.S_IMODE((folder / path).stat().st_mode) == entry.mode, path
    assert stat.S_IMODE((folder / MANIFEST_PATH).stat().st_mode) == 0o600


def test_a_user_the_image_lacks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(FileNotFoundError, match="the image has no group nosuchgroup"):
        write(tmp_path, render(Plan((File("etc/a", b"", "a", 0o640, "root", "nosuchgroup"),))))
    assert not [path for path in tmp_path.iterdir() if not path.name.startswith(".")]


def test_a_tree_that_is_there_is_left_alone(tmp_path: Path) -> None:
    before = (write(tmp_path) / "etc/hosts").stat()
    after = (write(tmp_path) / "etc/hosts").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_old_trees_and_drafts_go(tmp_path: Path) -> None:
    for name in ("keep", "old", ".draft.new"):
        (tmp_path / name / "etc").mkdir(parents=True)
    remove_other_trees(tmp_path, {"keep"})
    assert [path.name for path in tmp_path.iterdir()] == ["keep"]
    remove_other_trees(tmp_path / "absent", {"keep"})


@pytest.mark.parametrize("name", ["etc/hosts", "etc/link"])
def test_a_tree_that_is_not_whole_any_more_is_written_anew(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path)
    (folder / name).unlink()
    (folder / name).symlink_to("secret")

    write(tmp_path)

    assert (folder / "etc/hosts").read_bytes() == b"127.0.0.1 localhost\n"
    assert (folder / "etc/link").readlink() == Path("hosts")
