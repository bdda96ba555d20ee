"""The owner signs the installer's answers into a bundle."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.conftest import Command
from tests.documents import HOUSE, write

from patronus.install.answer import MEMBER, Answer, read_answer
from patronus.trust.format import split
from patronus.trust.payload import unpack


def sign(patronus: Command, folder: Path, key: Path, *options: str) -> tuple[int, str, Path]:
    """Exit code, words, and the bundle's path."""
    document, bundle = folder / "gw.yaml", folder / "gw.bundle"
    document.write_bytes(write(HOUSE))
    done = patronus("sign", document, "--key", key, "-o", bundle, *options)
    return done.returncode, done.stderr, bundle


def members(bundle: Path) -> dict[str, bytes]:
    return dict(unpack(split(bundle.read_bytes()).payload).members)


def test_the_answer_is_a_signed_member(patronus: Command, tmp_path: Path, alice: Path) -> None:
    options = ("--install-disk", "WD-1234", "--install-erase", "--install-then", "restart")
    code, _, bundle = sign(patronus, tmp_path, alice, *options)
    assert code == 0
    assert read_answer(members(bundle)) == Answer("WD-1234", erase=True, then="restart")
    assert f"member: {MEMBER}" in patronus("inspect", bundle).stdout


def test_what_is_not_said_harms_the_least(patronus: Command, tmp_path: Path, alice: Path) -> None:
    _, _, bundle = sign(patronus, tmp_path, alice, "--install-disk", "only")
    assert read_answer(members(bundle)) == Answer("only", erase=False, then="power-off")


def test_a_bundle_is_no_answer_unless_asked_for(patronus: Command, tmp_path: Path, alice: Path) -> None:
    _, _, bundle = sign(patronus, tmp_path, alice)
    assert MEMBER not in members(bundle)


@pytest.mark.parametrize("options", [("--install-erase",), ("--install-then", "restart")])
def test_an_answer_without_a_disk_is_a_mistake(
    patronus: Command, tmp_path: Path, alice: Path, options: tuple[str, ...]
) -> None:
    code, words, bundle = sign(patronus, tmp_path, alice, *options)
    assert code == 1 and "add --install-disk" in words
    assert not bundle.exists()


def test_a_bundle_cannot_be_made_an_answer_by_signing_it_again(patronus: Command, tmp_path: Path, alice: Path) -> None:
    _, _, bundle = sign(patronus, tmp_path, alice)
    done = patronus("sign", bundle, "--key", alice, "-o", tmp_path / "two.bundle", "--install-disk", "only")
    assert done.returncode == 1 and "signed as it is" in done.stderr


def test_an_answer_no_installer_reads_is_not_signed(patronus: Command, tmp_path: Path, alice: Path) -> None:
    code, words, bundle = sign(patronus, tmp_path, alice, "--install-disk", "two\nlines")
    assert code == 1 and "install.json is wrong" in words
    assert not bundle.exists()
