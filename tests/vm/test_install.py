"""Stories of the installation medium: a blank machine becomes a router, and what goes wrong harms nothing else.

Two machines, three boots: from a CD by keys, then from the disk; from a stick without a keyboard.
"""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from tests.vm.driver.document import Document
from tests.vm.driver.house import find_owner
from tests.vm.driver.lab import Lab
from tests.vm.driver.media import MIB, as_raw, list_boot_files, make_disk, make_faults, make_stick, read_config_file
from tests.vm.driver.provider import INTERNET4
from tests.vm.driver.router import Router
from tests.vm.driver.serial import SerialLine
from tests.vm.driver.waiting import wait_for

from patronus_builder.cache import REPOSITORY
from patronus_builder.iso import write_iso
from patronus_builder.vm.command import Drive

# In the middle of the root partition, which begins after a MiB and the ESP.
BAD_SECTOR = (1 + 512 + 60) * MIB // 512
GIB = 1024 * MIB
SCREENS = REPOSITORY / "build" / "screens"


@pytest.fixture(scope="module")
def medium(parts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The medium made of the image under test."""
    file = tmp_path_factory.mktemp("medium") / "patronus.iso"
    yield write_iso(parts, file)
    file.unlink()


def go_to_disks(line: SerialLine) -> str:
    """From the start to the list of disks; returns the list."""
    line.wait_for("Number: ")
    line.enter("1")
    return line.wait_for("Number (r:")


def number_of(disks: str, size: str) -> str:
    """The number in front of the only disk of that size which may be chosen."""
    [found] = [text.strip() for text in disks.splitlines() if size in text and ")" in text and "-)" not in text]
    return found.partition(")")[0]


def go_to_warning(line: SerialLine, number: str) -> None:
    """From the list of disks to the word that has to be typed."""
    line.enter(number)
    line.wait_for("Go on?")
    line.enter("y")
    line.wait_for("Type ERASE")


def digest(file: Path) -> str:
    """What tells whether a disk was touched."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_blank_machine_becomes_a_router_from_a_cd(lab: Lab, medium: Path) -> None:
    wan, lan = lab.add_provider(), lab.add_peer("lan")
    bundle = find_owner().sign(Document.load("house"), lab.folder)
    stick = make_stick(lab.folder / "stick.img", {"house.bundle": bundle.read_bytes()})
    other = make_disk(lab.folder / "other.raw", 64 * MIB, begin=b"somebody's holiday pictures")
    failing = make_disk(lab.folder / "failing.raw", 6 * GIB)
    pulled = make_disk(lab.folder / "pulled.raw", 7 * GIB)
    before = digest(other)
    drives = (
        Drive("medium", medium, "cd", bootable=True),
        Drive("stick", stick, "usb"),
        Drive("other", other, writable=True),
        Drive("failing", failing, writable=True, faults=make_faults(lab.folder / "faults", sector=BAD_SECTOR)),
        Drive("pulled", pulled, "usb", writable=True),
    )
    router = lab.add_router(medium, wan, lan, blank=True, drives=drives)
    router.switch_on()
    line = SerialLine(router)
    disks = go_to_disks(line)
    walks_by_keyboard(router)
    assert "too small" in disks and "carries the signed configuration" in disks

    go_to_warning(line, number_of(disks, "6.4 GB"))
    line.enter("ERASE")
    line.wait_for("input/output error")
    line.enter("")

    go_to_warning(line, number_of(go_to_disks(line), "7.5 GB"))
    router.machine.qmp.command("device_del", id="pulled-device")
    line.enter("ERASE")
    line.wait_for("vanished")
    line.enter("")

    go_to_warning(line, number_of(go_to_disks(line), "8.6 GB"))
    line.enter("ERASE")
    line.wait_for("written and verified")
    line.wait_for("press Enter")
    assert digest(other) == before

    boots = router.agent.boots
    router.machine.qmp.command("eject", id="medium-device", force=True)
    line.enter("")
    router.wait_for_restart(boots)
    forwards(router, lab)


def walks_by_keyboard(router: Router) -> None:
    """The same dialogue on the screen, by keys; Escape leads back."""
    SCREENS.mkdir(parents=True, exist_ok=True)
    start = "started from its installation medium"
    steps = (("", start), ("1", "1 of 5"), ("ret", "2 of 5"), ("ret", "3 of 5"), ("esc", "2 of 5"))
    for number, (key, words) in enumerate(steps):
        if key:
            router.machine.press(key)
        wait_for(partial(router.shows, words), what=f"{words!r} on the screen")
        router.machine.save_screen((SCREENS / f"installer-{number}.png").resolve())


def forwards(router: Router, lab: Lab) -> None:
    """The installed box runs the house's document."""
    wan, lan = lab.peers["wan"], lab.peers["lan"]
    assert router.read_json("findmnt", "--json", "/config")["filesystems"][0]["source"] == "/dev/vda6"
    assert router.read_json("patronus", "status", "--json")
    wan.serve_echo(7001)
    assert lan.take_lease()
    assert lan.echo(INTERNET4, 7001, "through the installed box") == "through the installed box"


def test_two_sticks_install_without_a_keyboard(lab: Lab, medium: Path) -> None:
    """The answer says power off, as it does unless the owner wants a restart: what is on the disk then is read here."""
    bundle = find_owner().sign(Document.load("house"), lab.folder, "--install-disk", "patronus-disk")
    stick = make_stick(lab.folder / "stick.img", {"house.bundle": bundle.read_bytes(), "notes.txt": b"not ours"})
    drives = (Drive("medium", medium, "usb", bootable=True), Drive("stick", stick, "usb"))
    router = lab.add_router(medium, lab.add_peer("wan"), lab.add_peer("lan"), blank=True, drives=drives)
    router.switch_on()
    wait_for(lambda: None if router.machine.is_alive() else True, what="the machine to switch itself off")
    disk = as_raw(router.spec.disk, lab.folder / "disk.raw")
    assert "EFI/BOOT/BOOTX64.EFI" in list_boot_files(disk)
    assert read_config_file(disk, "/incoming/delivered.bundle") == bundle.read_bytes()
