"""Every daemon's own checker, of the built image, reads what is rendered for every case and takes it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.documents import house, render_data
from tests.golden import render_document

from patronus.values.fragments import RULESET_PATH
from patronus.values.tree import Tree
from patronus_builder.cache import REPOSITORY

CASES = sorted((REPOSITORY / "tests/features").glob("*/cases/*.yaml"))
CANDIDATE = "/run/patronus/trees/candidate"


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state partition with its host keys; systemd-tmpfiles makes the rest, as at a first boot."""
    folder = tmp_path_factory.mktemp("var")
    keys = folder / "lib/patronus/ssh"
    keys.mkdir(parents=True)
    for kind in ("ed25519", "ecdsa"):
        key = str(keys / f"ssh_host_{kind}_key")
        subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "", "-f", key], check=True)
    return folder


# On a box the load itself is the check: one transaction. Here nothing is loaded.
RULESET_CHECK = ("nft", "-c", "-f", f"{CANDIDATE}/{RULESET_PATH}")


def write_tree(tree: Tree, folder: Path) -> None:
    """Write a tree as the engine does, but for the owners, which only the image knows."""
    for path, entry in tree.manifest.entries.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.target:
            target.symlink_to(entry.target)
        else:
            target.write_bytes(tree.contents[path])
            target.chmod(entry.mode)


def run_checker(root: Path, state: Path, folder: Path, argv: Sequence[str]) -> subprocess.CompletedProcess[str]:
    """Run one command in the image, with the tree as candidate and as the current one."""
    command = [argument.replace("{tree}", CANDIDATE) for argument in argv]
    script = str(Path(__file__).with_name("enter_image.py"))
    enter = ["unshare", "--mount", "--net", "--propagation=private", sys.executable, "-I", script]
    argv = [*enter, str(root), str(folder), str(state), *command]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def refusals(tree: Tree, root: Path, state: Path, folder: Path) -> list[str]:
    """What the checkers of a tree say against it."""
    write_tree(tree, folder)
    commands = [*(check.argv for check in tree.manifest.checks), RULESET_CHECK]
    done = [run_checker(root, state, folder, argv) for argv in commands]
    return [f"{' '.join(one.args[9:])}: {one.stdout}{one.stderr}" for one in done if one.returncode != 0]


@pytest.mark.parametrize("case", CASES, ids=lambda path: f"{path.parent.parent.name}-{path.stem}")
def test_daemons_take_every_case(case: Path, root: Path, state: Path, tmp_path: Path) -> None:
    assert refusals(render_document(case), root, state, tmp_path) == []


def test_daemons_take_the_house(root: Path, state: Path, tmp_path: Path) -> None:
    assert refusals(render_data(house()), root, state, tmp_path) == []


@pytest.mark.parametrize("checker", ["kea-dhcp4", "unbound-checkconf", "sshd", "chronyd"])
def test_each_checker_refuses_a_broken_file(checker: str, root: Path, state: Path, tmp_path: Path) -> None:
    """So that a checker which looks at nothing is noticed: every one must mind a file that is nonsense."""
    tree = render_data(house())
    (check,) = [check for check in tree.manifest.checks if check.argv[0] == checker]
    write_tree(tree, tmp_path)
    broken = [argument for argument in check.argv if "{tree}" in argument][-1]
    (tmp_path / broken.rpartition("{tree}/")[2]).write_bytes(b"{ nonsense\n")
    assert run_checker(root, state, tmp_path, check.argv).returncode != 0
