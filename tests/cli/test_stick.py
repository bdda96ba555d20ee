"""Bundles on a stick: a list for people and programs, or the bytes of one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.cli.conftest import Command

from patronus.cli import stick
from patronus.cli.main import main
from patronus.ops import messages as m
from patronus.ops import observations as o
from patronus.ops.registry import Operation

FILES = o.StickFiles(files=(o.StickFile(name="gw\x1b[2J.bundle", size=4711),))


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch) -> list[m.Message]:
    found: list[m.Message] = []

    def call(operation: Operation[Any, Any], request: m.Message, _progress: Callable[[str], None] | None = None) -> Any:
        found.append(request)
        return FILES if operation.name == "StickBundles" else m.BundleRequest(bundle="UEFUUk9OVVMA")

    monkeypatch.setattr(stick, "call", call)
    return found


def test_the_list(patronus: Command) -> None:
    assert patronus("stick").stdout == "gw\\x1b[2J.bundle  4.7k\n"
    assert json.loads(patronus("stick", "--json").stdout)["files"][0]["size"] == 4711


def test_a_bundle_is_printed_as_it_is(asked: list[m.Message], capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["stick", "gw.bundle"]) == 0
    assert capfdbinary.readouterr().out == b"PATRONUS\0"
    assert asked == [o.StickRequest(name="gw.bundle")]
