"""Columns and units."""

from __future__ import annotations

import pytest

from patronus.ops import observations as o
from patronus.ops import wording

LINK = o.Link(
    name="lan", zone="lan", mac="52:54:00:00:00:02", driver="virtio_net", physical=True, up=True, carrier=True, speed=0,
    addresses=("192.168.1.1/24", "2001:db8::1/64"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("size", "text"),
    [(0, "0"), (999, "999"), (1000, "1.0k"), (1500, "1.5k"), (123_456, "123k"), (999_600, "1.0M"), (5 * 10**9, "5.0G"),
     (2 * 10**13, "20.0T")],
)  # fmt: skip
def test_bytes(size: int, text: str) -> None:
    assert wording.count_bytes(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.9, "59 s"), (61, "1 min 1 s"), (3600, "1 h 0 min"), (90061, "1 d 1 h")]
)
def test_time_spans(seconds: float, text: str) -> None:
    assert wording.count_seconds(seconds) == text


def test_links_in_columns() -> None:
    down = LINK.model_copy(update={"name": "opt", "zone": "", "up": False, "addresses": ()})
    lines = wording.tell_links(o.Links(links=(LINK, down)))
    assert lines[0].split() == ["interface", "zone", "link", "card", "driver", "addresses"]
    assert lines[1].split() == ["lan", "lan", "link", "52:54:00:00:00:02", "virtio_net", "192.168.1.1/24"]
    assert lines[2].split() == ["2001:db8::1/64"]
    assert lines[3].split() == ["opt", "-", "off", "52:54:00:00:00:02", "virtio_net", "-"]
    assert wording.describe_carrier(LINK.model_copy(update={"speed": 1000})) == "1000 Mbit/s"
    assert wording.describe_carrier(LINK.model_copy(update={"carrier": False})) == "no link"
