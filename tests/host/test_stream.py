"""Lines of a program as they come."""

from __future__ import annotations

import pytest

from patronus.host.run import CommandFailed, stream


def test_lines_come_one_by_one() -> None:
    lines = stream("cat", "/proc/self/status", timeout=10)
    assert next(lines).startswith("Name:")
    assert len(list(lines)) > 3


def test_a_failure_comes_after_its_words() -> None:
    lines = stream("cat", "/absent", timeout=10)
    assert next(lines) == "cat: /absent: No such file or directory"
    with pytest.raises(CommandFailed, match="code 1"):
        next(lines)
    with pytest.raises(CommandFailed, match="No such file"):
        next(stream("absent-program", timeout=10))


def test_a_program_without_end_is_ended() -> None:
    with pytest.raises(CommandFailed, match="no end after 0 s"):
        list(stream("yes", timeout=0))
