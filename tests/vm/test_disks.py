"""A story about two disks in one box: what another disk holds is not taken for the box's own."""

from tests.vm.driver.outpost import Outpost
from tests.vm.driver.router import Router


def disk_below(router: Router, mount: str) -> str:
    """The serial of the disk that a mounted file system lies on, through device-mapper where that is between."""
    number = router.run("findmnt", "--noheadings", "--output", "MAJ:MIN", mount).out.strip()
    device = router.run("readlink", "--canonicalize", f"/sys/dev/block/{number}").out.strip()
    if "/dm-" in device:
        first = router.run("ls", f"{device}/slaves").out.split()[0]
        device = router.run("readlink", "--canonicalize", f"{device}/slaves/{first}").out.strip()
    return router.run("cat", f"{device}/../serial").out.strip()


def test_the_box_uses_the_disk_it_booted_from(enrolled: Outpost) -> None:
    """The other disk has the same root and labels, and a document that is as good and newer."""
    router = enrolled.router
    assert router.run("cat", "/sys/block/vda/serial").out.strip() == "other-1", "the other disk was there first"
    for mount in ("/", "/config", "/var"):
        assert disk_below(router, mount) == "patronus-disk", mount
    assert router.run("uname", "-n").out.strip() == "house"
