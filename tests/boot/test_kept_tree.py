"""An unchanged boot takes the tree this image rendered before: only when its owners signed what it renders to."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.box import Box, sign_members
from tests.documents import HOUSE, render_data, write

from patronus.boot import apply, load
from patronus.host import doubtful, kept_tree
from patronus.host.generations import Generations
from patronus.host.kept_tree import KeptTrees
from patronus.trust.rendered import encode_rendered
from patronus.values.tree import Rendered

ENGINE = "ab" * 32


@pytest.fixture(autouse=True)
def here(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the steps find the box at `/`; its image says which program renders in it."""
    for step in (load, apply):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    (box.layout.vendor / "engine").write_text(f"{ENGINE}\n")


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the engine rendered, in order: the example to rehearse, or the document."""
    from patronus.pipeline import build

    done: list[str] = []
    original = build.build

    def watched(documents: dict[str, bytes], *rest: Any) -> build.Built:
        done.append(*documents)
        return original(documents, *rest)

    monkeypatch.setattr(build, "build", watched)
    return done


def signed(box: Box, serial: int, document: dict[str, Any] = HOUSE, **claim: str) -> bytes:
    """A bundle that says what its document renders to; `claim` says something else."""
    truth = Rendered(ENGINE, render_data(document).manifest.digest)
    members = {"config.yaml": write(document), "rendered.json": encode_rendered(truth._replace(**claim))}
    return sign_members(box.key, serial, members)


def boot(box: Box) -> int:
    """Boot: what is in /run is gone, the steps run in order; return the code of the last one."""
    shutil.rmtree(box.layout.root / "run", ignore_errors=True)
    return load.main() or apply.main()


def kept(box: Box) -> list[Path]:
    return sorted(box.layout.kept_trees.iterdir()) if box.layout.kept_trees.exists() else []


def test_the_second_boot_renders_nothing_and_runs_the_same(
    box: Box, rendered: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    box.deliver("first.bundle", signed(box, 7))
    assert boot(box) == 0
    assert rendered == ["example.yaml", "config.yaml"]
    tree = box.layout.current.readlink()
    ruleset, entries = box.system.rulesets.pop(), {path.name for path in box.layout.current.rglob("*")}
    rendered.clear()
    assert capsys.readouterr().out.endswith("is running, rendered now\n")
    assert boot(box) == 0
    assert capsys.readouterr().out.endswith("is running, as it was rendered before\n")
    assert rendered == []
    assert box.layout.current.readlink() == tree
    assert box.system.rulesets == [ruleset]
    assert {path.name for path in box.layout.current.rglob("*")} == entries


@pytest.mark.parametrize("where", [0, 7, 8, 300, -1])
def test_an_altered_tree_is_rendered_again(
    box: Box, rendered: list[str], where: int, capsys: pytest.CaptureFixture[str]
) -> None:
    box.deliver("first.bundle", signed(box, 7))
    assert boot(box) == 0
    tree = box.layout.current.readlink()
    (place,) = kept(box)
    whole = place.read_bytes()
    content = bytearray(whole)
    content[where] ^= 1
    place.write_bytes(content)
    rendered.clear()
    assert boot(box) == 0
    assert rendered == ["config.yaml"]
    assert box.layout.current.readlink() == tree
    assert "is not the one its owners signed" in capsys.readouterr().err
    assert place.read_bytes() == whole


@pytest.mark.parametrize("length", [0, 4, 100, 5000])
def test_a_torn_tree_is_rendered_again(box: Box, rendered: list[str], length: int) -> None:
    box.deliver("first.bundle", signed(box, 7))
    assert boot(box) == 0
    (place,) = kept(box)
    place.write_bytes(place.read_bytes()[:length])
    rendered.clear()
    assert boot(box) == 0
    assert rendered == ["config.yaml"]


def test_a_whole_tree_of_another_document_counts_for_nothing(box: Box, rendered: list[str]) -> None:
    """Whoever has the disk in hand can write one that is sound in itself."""
    box.deliver("first.bundle", signed(box, 7))
    assert boot(box) == 0
    tree = box.layout.current.readlink()
    other = render_data({**HOUSE, "ntp": {"serve": []}})
    (place,) = kept(box)
    generation = Generations(box.layout.config).confirmed() or ""
    place.unlink()
    KeptTrees.of(box.layout).keep(generation, Rendered(ENGINE, other.manifest.digest), other)
    assert kept(box) == [place]
    rendered.clear()
    assert boot(box) == 0
    assert rendered == ["config.yaml"]
    assert box.layout.current.readlink() == tree


@pytest.mark.parametrize("claim", [{"engine": "cd" * 32}, {"tree": "cd" * 32}])
def test_what_is_said_of_another_program_or_tree_is_not_kept(
    box: Box, rendered: list[str], claim: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    box.deliver("first.bundle", signed(box, 7, HOUSE, **claim))
    assert boot(box) == 0
    assert kept(box) == []
    assert ("its signers say that this generation renders to something else" in capsys.readouterr().err) == (
        "tree" in claim
    ), "another program may well render something else"
    rendered.clear()
    assert boot(box) == 0
    assert rendered == ["example.yaml", "config.yaml"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("patronus/engine", "cd" * 32),
        ("os-release", 'IMAGE_VERSION=1.3\nPATRONUS_PROFILES="dhcp dns"\n'),
        ("os-release", 'IMAGE_VERSION=1.2\nPATRONUS_PROFILES="dhcp dns vpn"\n'),
    ],
)
def test_another_image_renders_for_itself(box: Box, rendered: list[str], file: str, text: str) -> None:
    box.deliver("first.bundle", signed(box, 7))
    assert boot(box) == 0
    (box.layout.root / "usr/lib" / file).write_text(text)
    rendered.clear()
    assert boot(box) == 0
    assert rendered == ["example.yaml", "config.yaml"]


def test_a_tree_kept_by_an_image_with_more_profiles_is_refused_like_its_document(box: Box, rendered: list[str]) -> None:
    """The name of the file, which says which image kept it, is no secret."""
    box.deliver("first.bundle", signed(box, 7))
    assert boot(box) == 0
    (place,) = kept(box)
    (box.layout.root / "usr/lib/os-release").write_text('IMAGE_VERSION=1.2\nPATRONUS_PROFILES="dhcp"\n')
    generation = Generations(box.layout.config).confirmed() or ""
    place.rename(place.with_name(KeptTrees.of(box.layout).name_of(generation)))
    rendered.clear()
    assert boot(box) == 1
    assert rendered == ["config.yaml"]
    assert "needs the image profile 'dns'" in box.layout.failure.read_text()


def test_an_image_without_a_note_of_its_program_keeps_nothing(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    (box.layout.vendor / "engine").unlink()
    box.deliver("first.bundle", sign_members(box.key, 7, {"config.yaml": write(HOUSE)}))
    assert boot(box) == 0
    assert kept(box) == []
    assert "its signers say" not in capsys.readouterr().err, "they say nothing"


def elsewhere(path: Path) -> Path:
    """A folder with something in it that must stay as it is."""
    folder = path.parent / "elsewhere"
    folder.mkdir()
    for number in range(kept_tree.MOST_KEPT + 2):
        (folder / str(number)).write_text("not ours")
    return folder


OBSTACLES: dict[str, Callable[[Path], object]] = {
    "a file": lambda path: path.write_text("in the way"),
    "a folder": lambda path: (path / "full").mkdir(parents=True),
    "a pipe": os.mkfifo,
    "a socket": lambda path: os.mknod(path, 0o600 | stat.S_IFSOCK),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link to nothing": lambda path: path.symlink_to("nothing"),
    "a link to a folder": lambda path: path.symlink_to(elsewhere(path)),
    "a link to a file": lambda path: path.symlink_to(elsewhere(path) / "0"),
    "a link to what never ends": lambda path: path.symlink_to("/dev/zero"),
    "unreadable": lambda path: path.touch(0o000),
}


@pytest.mark.parametrize("obstacle", OBSTACLES)
@pytest.mark.parametrize("where", ["the folder", "the tree", "the draft"])
def test_whatever_lies_there_only_costs_time(box: Box, rendered: list[str], where: str, obstacle: str) -> None:
    box.deliver("first.bundle", signed(box, 7))
    assert boot(box) == 0
    (tree,) = kept(box)
    folder = box.layout.kept_trees
    tree.unlink()
    if where == "the folder":
        folder.rmdir()
    OBSTACLES[obstacle]({"the folder": folder, "the tree": tree, "the draft": folder / ".new"}[where])
    for _ in range(2):
        assert boot(box) == 0
    assert "config.yaml" in rendered
    others = sorted(box.layout.config.rglob("elsewhere/*"))
    assert [path.read_text() for path in others] == ["not ours"] * len(others)


def test_room_is_left_for_the_generation_to_come(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubtful, "count_free", lambda _folder: kept_tree.ROOM)
    box.deliver("first.bundle", signed(box, 7))
    assert boot(box) == 0
    assert kept(box) == []


def test_a_partition_that_takes_nothing_only_costs_time(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "no space left")

    monkeypatch.setattr(doubtful, "replace", full)
    box.deliver("first.bundle", signed(box, 7))
    assert boot(box) == 0
    assert kept(box) == []


def test_only_the_last_ones_are_kept(box: Box) -> None:
    tree = render_data(HOUSE)
    for number in range(kept_tree.MOST_KEPT + 3):
        KeptTrees.of(box.layout).keep(f"{number}-0", Rendered(ENGINE, tree.manifest.digest), tree)
    assert len(kept(box)) == kept_tree.MOST_KEPT
    assert KeptTrees.of(box.layout).has(f"{number}-0")


def test_the_tree_that_boots_outlives_what_was_only_tried(box: Box, rendered: list[str]) -> None:
    box.deliver("first.bundle", signed(box, 7))
    assert boot(box) == 0
    tree = render_data(HOUSE)
    for number in range(kept_tree.MOST_KEPT + 1):
        KeptTrees.of(box.layout).keep(f"{number}-0", Rendered(ENGINE, tree.manifest.digest), tree)
    rendered.clear()
    assert boot(box) == 0
    assert rendered == []
    assert len(kept(box)) == kept_tree.MOST_KEPT


def test_nothing_that_renders_is_loaded_for_it() -> None:
    code = f"import sys; sys.path[:0] = {sys.path!r}; import patronus.boot.apply; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    assert "patronus.host.kept_tree" in loaded
    assert not loaded & {"pydantic", "jinja2", "ruamel.yaml", "patronus.features", "patronus.trust.verify"}
