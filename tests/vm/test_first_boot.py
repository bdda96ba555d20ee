"""Stories about the first boot: what a box makes for itself, nobody else has."""

from tests.vm.driver.house import House
from tests.vm.driver.outpost import Outpost
from tests.vm.driver.router import Router

HOST_KEYS = "/var/lib/patronus/ssh"


def host_keys(router: Router) -> set[str]:
    """The public keys by which SSH clients know this box."""
    names = router.run("ls", HOST_KEYS).out.split()
    return {router.read(f"{HOST_KEYS}/{name}").decode().split()[1] for name in names if name.endswith(".pub")}


def test_two_boxes_share_no_identity(house: House, enrolled: Outpost) -> None:
    ours, theirs = house.router, enrolled.router

    assert ours.read("/etc/machine-id") != theirs.read("/etc/machine-id")
    assert host_keys(ours) and host_keys(theirs)
    assert not host_keys(ours) & host_keys(theirs)
    assert house.status()["device"] != enrolled.status()["device"]


def test_the_state_partition_takes_the_rest_of_the_disk(house: House) -> None:
    found = house.router.read_json("findmnt", "--json", "--bytes", "--output", "SIZE,SOURCE", "/var")
    size = int(found["filesystems"][0]["size"])
    disk = int(house.router.read("/sys/block/vda/size")) * 512
    # The image has 256 MiB of state on a disk of 5 GiB; this disk has 8 GiB. ext4 takes some of it for itself.
    assert size > disk - 5 * 2**30 - 300 * 2**20


def test_root_has_no_password(house: House) -> None:
    shadow = house.router.run("getent", "shadow", "root").out.split(":")
    assert shadow[1].startswith(("!", "*"))


def test_the_root_file_system_is_verified_and_read_only(house: House) -> None:
    found = house.router.read_json("findmnt", "--json", "--output", "SOURCE,OPTIONS,FSTYPE", "/")["filesystems"][0]
    assert found["source"] == "/dev/mapper/root"
    assert "ro" in found["options"].split(",")
    assert found["fstype"] == "erofs"
    assert house.router.run("touch", "/usr/touched", check=False).code != 0
