"""A Kea that takes a configuration over is left alone; one that cannot is ended, so that systemd starts it again."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from patronus.kea.__main__ import reload_server
from patronus.kea.control import send_command


class FakeKea:
    """Answers each connection with the same bytes and remembers what it was asked."""

    def __init__(self, path: Path, answer: bytes) -> None:
        self.asked: list[bytes] = []
        self._answer = answer
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(path))
        self._socket.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._socket.accept()
        with connection, self._socket:
            while part := connection.recv(100):
                self.asked.append(part)
            connection.sendall(self._answer)


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """Something that runs until it is ended."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as running:
        yield running
        running.kill()


def test_a_command_and_its_answer(tmp_path: Path) -> None:
    kea = FakeKea(tmp_path / "s", b'{"result": 3, "text": "none", "arguments": {"leases": []}}')
    assert send_command("lease4-get-all", tmp_path / "s") == (3, "none", {"leases": []})
    assert b"".join(kea.asked) == b'{"command": "lease4-get-all"}'


def test_a_reload_that_works_keeps_the_process(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    FakeKea(tmp_path / "s", b'{"result": 0, "text": "Configuration successful."}')
    assert reload_server(process.pid, tmp_path / "s")
    assert process.poll() is None


@pytest.mark.parametrize("answer", [b'{"result": 1, "text": "no such link"}', b"", b"[", b"{}"])
def test_a_reload_that_fails_ends_it(tmp_path: Path, process: subprocess.Popen[bytes], answer: bytes) -> None:
    FakeKea(tmp_path / "s", answer)
    assert not reload_server(process.pid, tmp_path / "s")
    assert process.wait(10) == -15


def test_a_server_that_does_not_listen_is_ended(tmp_path: Path, process: subprocess.Popen[bytes]) -> None:
    assert not reload_server(process.pid, tmp_path / "absent")
    assert process.wait(10) == -15
