"""Bundles on a stick: listed, fetched, never believed."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.box import Box, sign

from patronus.daemon.caller import Caller
from patronus.daemon.handlers import HANDLERS, Busy
from patronus.daemon.sticks import plugged_in
from patronus.host import stick
from patronus.ops import messages as m
from patronus.ops import observations as o
from patronus.trust.format import MAX_BUNDLE
from patronus.values.problem import Refused

CALLER = Caller("alice", lambda _text: None)


def names(box: Box) -> list[str]:
    found = HANDLERS["StickBundles"](box.layout, m.Nothing(), CALLER)
    assert isinstance(found, o.StickFiles)
    return [file.name for file in found.files]


def fetch(box: Box, name: str) -> bytes:
    found = HANDLERS["StickBundle"](box.layout, o.StickRequest(name=name), CALLER)
    assert isinstance(found, m.BundleRequest)
    return base64.b64decode(found.bundle)


def test_bundles_are_listed_and_fetched_whole(box: Box, plugged: Path) -> None:
    bundle = sign(box.key, 7)
    (plugged / "b.bundle").write_bytes(bundle)
    (plugged / "a.bundle").write_bytes(b"rubbish")
    (plugged / "config.xml").write_bytes(b"<pfsense/>")
    assert names(box) == ["a.bundle", "b.bundle"]
    assert fetch(box, "b.bundle") == bundle
    assert box.system.calls[-1] == f"systemctl stop -- {stick.UNIT}", "nothing stays mounted"


def test_what_is_no_plain_file_with_a_plain_name_does_not_exist(box: Box, plugged: Path) -> None:
    outside = box.layout.root / "secret"
    outside.write_bytes(b"secret")
    (plugged / "link.bundle").symlink_to(outside)
    (plugged / "folder.bundle").mkdir()
    (plugged / "\x1b[2J.bundle").write_bytes(b"x")
    Path(os.fsdecode(os.fsencode(plugged) + b"/\xff.bundle")).write_bytes(b"x")
    with pytest.raises(Refused, match=r"holds no \*\.bundle"):
        names(box)
    for name in ("link.bundle", "../../secret", "folder.bundle"):
        with pytest.raises(Refused, match="the stick holds no"):
            fetch(box, name)


def test_a_huge_file_is_not_read(box: Box, plugged: Path) -> None:
    with (plugged / "huge.bundle").open("wb") as file:
        file.truncate(MAX_BUNDLE + 1)
    assert names(box) == ["huge.bundle"]
    with pytest.raises(Refused, match=f"has {MAX_BUNDLE + 1} bytes"):
        fetch(box, "huge.bundle")


REQUESTS: list[tuple[str, m.Message]] = [
    ("StickBundles", m.Nothing()), ("StickBundle", o.StickRequest(name="b.bundle")), ("StickKeys", m.Nothing())
]  # fmt: skip


@pytest.mark.parametrize(("operation", "request_"), REQUESTS, ids=lambda value: value if isinstance(value, str) else "")
def test_nobody_takes_the_stick_from_under_somebody_who_reads_it(
    box: Box, plugged: Path, operation: str, request_: m.Message
) -> None:
    (plugged / "b.bundle").write_bytes(b"x")
    (plugged / "b.pub").write_text("ssh-ed25519 AAAA\n")
    with plugged_in(box.layout):
        before = list(box.system.calls)
        with pytest.raises(Busy):
            HANDLERS[operation](box.layout, request_, CALLER)
        assert box.system.calls == before
    HANDLERS[operation](box.layout, request_, CALLER)
    assert [call.split()[1] for call in box.system.calls if stick.UNIT in call] == ["start", "stop"] * 2


def test_of_two_sticks_none_is_read(box: Box, plugged: Path) -> None:
    """On a whole disk and on a partition: nobody could tell which one the label means."""
    (plugged / "a.bundle").write_bytes(sign(box.key, 7))
    disks: list[dict[str, Any]] = [
        {"path": "/dev/sda", "label": "PATRONUS"},
        {"path": "/dev/sdb", "label": None, "children": [{"path": "/dev/sdb1", "label": "PATRONUS"}]},
    ]
    box.system.prints["lsblk"] = json.dumps({"blockdevices": disks}).encode()
    with pytest.raises(Refused, match=r"2 volumes are labelled PATRONUS: /dev/sda, /dev/sdb1"):
        names(box)
    assert not any("mount" in call for call in box.system.calls)


def test_without_a_stick_it_says_which_one_is_meant(box: Box) -> None:
    with pytest.raises(Refused, match="label PATRONUS"):
        names(box)
