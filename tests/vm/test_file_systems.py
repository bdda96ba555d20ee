"""Stories about the disk and the root file system of a box that has booted once."""

from tests.vm.driver.house import House


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
