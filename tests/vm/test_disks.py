"""A story about two disks in one box: what another disk holds is not taken for the box's own."""

from pathlib import Path

import pytest
from tests.vm.driver.house import House, find_owner
from tests.vm.driver.lab import Lab
from tests.vm.driver.router import Router

from patronus_builder.disk import assemble


@pytest.fixture
def other_disk(lab: Lab, parts: Path) -> Path:
    """A disk from the same build, with the same root and the same labels, and another document that is as good."""
    owner = find_owner()
    stranger = House.base_document().put("system.hostname", "stranger")
    return assemble(parts, lab.folder / "other.raw", [owner.sign(stranger, lab.folder, serial=4_000_000_000)])


def disks_below(router: Router, mount: str) -> set[str]:
    """The serials of the disks that a mounted file system lies on."""
    source = router.run("findmnt", "--noheadings", "--output", "SOURCE", mount).out.strip()
    lines = router.run("lsblk", "--inverse", "--noheadings", "--list", "--output", "TYPE,SERIAL", source).out
    return {words[1] for words in map(str.split, lines.splitlines()) if words[0] == "disk"}


def test_the_box_uses_the_disk_it_booted_from(lab: Lab, parts: Path, other_disk: Path) -> None:
    house = House(lab, parts, find_owner(), other_disks=[other_disk])

    house.router.boot()

    assert house.router.run("cat", "/sys/block/vda/serial").out.strip() == "other-1", "the other disk was there first"
    for mount in ("/", "/config", "/var"):
        assert disks_below(house.router, mount) == {"patronus-disk"}, mount
    assert house.router.run("uname", "-n").out.strip() == "house"
