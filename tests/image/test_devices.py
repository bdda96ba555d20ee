"""Every kind of device is looked at once: early, late, or by nobody on purpose."""

from __future__ import annotations

import re
from pathlib import Path

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
    assert read_kinds(EARLY, "subsystem-match") == []


def test_no_rule_of_ours_speaks_of_what_nobody_looks_at() -> None:
    rules = sorted((UNITS.parents[1] / "udev/rules.d").glob("*.rules"))
    assert rules
    for path in rules:
        assert not NOBODY & set(re.findall(r'SUBSYSTEM=="(\w+)"', path.read_text()))
