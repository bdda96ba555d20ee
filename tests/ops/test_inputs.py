"""Files of any kind are read up to a limit, and refused in words."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from patronus.ops.inputs import read_documents, read_input
from patronus.pipeline.load import MAX_DOCUMENT
from patronus.trust.format import MAX_BUNDLE
from patronus.values.problem import Problem, Refused


def refusals(path: Path) -> list[Problem]:
    with pytest.raises(Refused) as caught:
        read_documents(path)
    assert all(problem.hint for problem in caught.value.problems)
    return caught.value.problems


def test_an_endless_file_ends_at_the_limit() -> None:
    with pytest.raises(Refused, match="/dev/zero has more than 16 MiB"):
        read_input(Path("/dev/zero"))


def test_a_file_of_just_the_limit_is_read(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"x" * MAX_BUNDLE)
    assert len(read_input(tmp_path / "x")) == MAX_BUNDLE


def test_standard_input_is_read_up_to_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"version: 1")))
    assert read_documents(Path("-")) == {"stdin.yaml": b"version: 1"}
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"#" * (MAX_DOCUMENT + 1))))
    assert [problem.message for problem in refusals(Path("-"))] == ["standard input has more than 4 MiB"]


@pytest.mark.parametrize("size", [8, MAX_DOCUMENT, MAX_BUNDLE])
def test_a_bundle_is_told_as_what_it_is_wherever_a_document_is_wanted(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = b"PATRONUS\xff".ljust(size, b"\xff")
    (tmp_path / "gw.yaml").write_bytes(raw)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(raw)))
    for path, name in (
        (tmp_path / "gw.yaml", tmp_path / "gw.yaml"),
        (tmp_path, tmp_path / "gw.yaml"),
        (Path("-"), "-"),
    ):
        (problem,) = refusals(path)
        assert problem.message == f"{name} is a signed bundle, no document"
        assert f"patronus inspect {name}" in problem.hint


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    (problem,) = refusals(tmp_path / "absent.yaml")
    assert problem.message == f"{tmp_path}/absent.yaml cannot be read: No such file or directory"


def test_a_folder_may_hold_links_to_files_and_other_names(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(b"version: 1")
    (tmp_path / "a.yaml").symlink_to("real")
    os.mkfifo(tmp_path / "other")
    assert read_documents(tmp_path) == {"a.yaml": b"version: 1"}


def test_all_that_is_odd_in_a_folder_is_told_at_once_and_nothing_waits_for_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "gone.yaml").symlink_to("nowhere")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "good.yaml").write_bytes(b"version: 1")
    assert [problem.message.removeprefix(f"{tmp_path}/") for problem in refusals(tmp_path)] == [
        "folder.yaml is not a plain file",
        "gone.yaml cannot be read: No such file or directory",
        "pipe.yaml is not a plain file",
        "zero.yaml is not a plain file",
    ]


def test_many_files_are_read_up_to_the_limit_of_one_document(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.yaml").write_bytes(b"#" * (MAX_DOCUMENT // 4))
    (problem,) = refusals(tmp_path)
    assert problem.message == f"the files of {tmp_path} have together more than 4 MiB"
