"""Keys, and the `patronus` command."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.box import alice, mallory

from patronus.cli.main import main

__all__ = ["alice", "mallory", "patronus"]


class Done(NamedTuple):
    """What a finished command left."""

    returncode: int
    stdout: str
    stderr: str


Command = Callable[..., Done]


@pytest.fixture
def patronus(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run the command in an empty folder; `path` is a folder searched for programs first."""

    def run(*argv: str | Path, path: Path | None = None, stdin: str = "") -> Done:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr("sys.stdin", StringIO(stdin))
        if path:
            monkeypatch.setenv("PATH", f"{path}:{os.environ['PATH']}")
        capsys.readouterr()
        try:
            code = main([str(word) for word in argv])
        except SystemExit as end:
            code = int(end.code or 0)
        said = capsys.readouterr()
        assert "Traceback" not in said.err, said.err
        for stream in said:
            assert all(char.isprintable() or char in "\n\t" for char in stream), "raw control characters"
        return Done(code, said.out, said.err)

    return run
