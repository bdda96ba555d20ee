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


def disk_below(router: Router, mount: str) -> str:
    """The serial of the disk that a mounted file system lies on, through device-mapper where that is between."""
    number = router.run("findmnt", "--noheadings", "--output", "MAJ:MIN", mount).out.strip()
    device = router.run("readlink", "--canonicalize", f"/sys/dev/block/{number}").out.strip()
    if "/dm-" in device:
        first = router.run("ls", f"{device}/slaves").out.split()[0]
        device = router.run("readlink", "--canonicalize", f"{device}/slaves/{first}").out.strip()
    return router.run("cat", f"{device}/../serial").out.strip()


def test_the_box_uses_the_disk_it_booted_from(lab: Lab, parts: Path, other_disk: Path) -> None:
    house = House(lab, parts, find_owner(), other_disks=[other_disk])

    house.router.boot()

    assert house.router.run("cat", "/sys/block/vda/serial").out.strip() == "other-1", "the other disk was there first"
    for mount in ("/", "/config", "/var"):
        assert disk_below(house.router, mount) == "patronus-disk", mount
    assert house.router.run("uname", "-n").out.strip() == "house"
