"""What a session starts with: the menu on the box itself, a shell anywhere else."""

from __future__ import annotations

import pytest

from patronus.console.entry import choose


@pytest.mark.parametrize("terminal", ["/dev/tty1", "/dev/ttyS0", "/dev/hvc0", "/dev/ttyAMA0", "/dev/console"])
def test_the_console_has_the_menu_whatever_is_asked(terminal: str) -> None:
    assert choose(["-patronus-console"], terminal) == []
    assert choose(["patronus-console", "-c", "id"], terminal) == []


@pytest.mark.parametrize("terminal", ["", "/dev/pts/0", "/dev/pts/17"])
def test_a_session_from_the_network_has_a_shell(terminal: str) -> None:
    assert choose(["-patronus-console"], terminal) == ["-bash"]
    assert choose(["patronus-console", "-c", "patronus apply -"], terminal) == ["bash", "-c", "patronus apply -"]
