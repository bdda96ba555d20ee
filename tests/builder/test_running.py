"""The example, as `make run` boots it, lets its developer in by SSH as the printed line says."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from tests.box import make_key

from patronus.ops.inputs import read_documents
from patronus.pipeline.build import build
from patronus_builder import developer, running
from patronus_builder.image import ImageRequest
from patronus_builder.vm.run import write_login


@pytest.fixture
def key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    made = make_key(tmp_path, "developer")
    monkeypatch.setattr(developer, "make_developer_key", lambda: made)
    return made


def test_the_example_takes_the_developers_key(key: Path, tmp_path: Path) -> None:
    document = developer.write_example(tmp_path / "run")
    tree = build(read_documents(document)).tree
    assert tree.contents["etc/ssh/authorized_keys/admin"] == key.with_suffix(".pub").read_bytes()


def test_the_example_itself_stays_free_of_keys(key: Path, tmp_path: Path) -> None:
    before = developer.EXAMPLE.read_bytes()
    developer.write_example(tmp_path / "run")
    assert developer.EXAMPLE.read_bytes() == before
    assert b'ssh_keys: ["ssh-ed25519 AAAA...' in before


def test_the_printed_command_is_one_to_copy() -> None:
    words = shlex.split(write_login(2222, "/home/a b/key"))
    assert words[0] == "ssh"
    assert words[-3:] == ["-i", "/home/a b/key", "admin@127.0.0.1"]
    assert "UserKnownHostsFile=/dev/null" in words, "a new disk has a new host key"


def test_a_faulty_document_is_told_before_the_image_is_built(
    key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "RUN_FOLDER", tmp_path / "run")
    monkeypatch.setattr(running, "build_image", lambda _: pytest.fail("the image was built first"))
    with pytest.raises(SystemExit):
        running.run_image(ImageRequest(["dhcp"]), tmp_path / "missing.yaml", [])
    assert "missing.yaml" in capfd.readouterr().err
