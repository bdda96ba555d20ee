"""Every kind of device is looked at once: early, late, or by nobody on purpose."""

from __future__ import annotations

import re
from fnmatch import fnmatch
from pathlib import Path

import pytest

UNITS = Path(__file__).resolve().parents[2] / "mkosi.extra/usr/lib/systemd/system"
EARLY = UNITS / "systemd-udev-trigger.service.d/10-appliance.conf"
LATE = UNITS / "late-devices.service"
# No rule of the image speaks of these, and nothing waits for them.
NOBODY = {
    *("ata_device", "ata_link", "ata_port", "bdi", "clockevents", "clocksource", "container", "event_source"),
    *("machinecheck", "memory", "memory_tiering", "node", "scsi_host", "vc", "wakeup", "workqueue"),
}
# Whatever may lead to a network card, or is one.
CARDS = {"acpi", "mmc", "net", "pci", "platform", "sdio", "usb", "virtio", "vmbus", "xen"}


def read_kinds(path: Path, option: str) -> list[str]:
    return re.findall(rf"--{option}=(\S+)", path.read_text())


def test_what_is_left_out_early_comes_late_or_is_left_out_on_purpose() -> None:
    left_out, late = read_kinds(EARLY, "subsystem-nomatch"), read_kinds(LATE, "subsystem-match")
    assert sorted(left_out) == sorted({*late, *NOBODY})
    assert not NOBODY & set(late)


def test_cards_come_early() -> None:
    assert not CARDS & set(read_kinds(EARLY, "subsystem-nomatch"))


@pytest.mark.parametrize("line", ["tty1", "ttyS0", "ttyAMA0", "ttyUSB0", "hvc0"])
def test_consoles_come_early(line: str) -> None:
    """A step that hangs must not keep the box from having a console."""
    (command,) = (text for text in EARLY.read_text().splitlines() if "--subsystem-match=" in text)
    assert re.findall(r"--subsystem-match=(\S+)", command) == ["tty"]
    assert "nomatch" not in command, "udevadm(8): patterns of one kind widen each other, kinds narrow each other"
    assert any(fnmatch(line, pattern) for pattern in read_kinds(EARLY, "sysname-match"))


def test_terminals_that_are_no_consoles_come_late() -> None:
    assert not any(fnmatch("tty63", pattern) for pattern in read_kinds(EARLY, "sysname-match"))


def test_no_rule_of_ours_speaks_of_what_nobody_looks_at() -> None:
    rules = sorted((UNITS.parents[1] / "udev/rules.d").glob("*.rules"))
    assert rules
    for path in rules:
        assert not NOBODY & set(re.findall(r'SUBSYSTEM=="(\w+)"', path.read_text()))
