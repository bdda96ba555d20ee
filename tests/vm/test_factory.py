"""A story of factory defaults: the box forgets, is shut, and begins anew with the bundle of a stick."""

from pathlib import Path

from tests.vm.driver.house import NOTHING_TRUSTED, House, find_owner
from tests.vm.driver.lab import Lab
from tests.vm.driver.media import make_stick
from tests.vm.driver.provider import INTERNET4
from tests.vm.driver.router import Router
from tests.vm.driver.waiting import wait_for

FORGOTTEN = ("/config/device.json", "/var/lib/dbus/machine-id", "/var/lib/patronus/ssh/ssh_host_ed25519_key.pub")


def read_all(router: Router) -> dict[str, bytes]:
    """What makes a box itself, when all of it is there."""
    wait_for(lambda: router.run("ls", *FORGOTTEN, check=False).code == 0, what="the box to have made its keys and ids")
    return {path: router.read(path) for path in FORGOTTEN}


def test_a_box_forgets_all_and_begins_anew(lab: Lab, parts: Path) -> None:
    owner = find_owner()
    first = owner.sign(House.base_document(), lab.folder)  # an older serial than that of the house: new to a new box
    stick = make_stick(lab.folder / "stick.img", {"first.bundle": first.read_bytes()})
    house = House(lab, parts, owner, sticks=[stick])
    router = house.router
    router.boot()
    before = read_all(router)
    router.write("/var/log/diary", b"what nobody shall read")
    assert "diary" in router.run("ls", "/var/log").out
    generation, boots = house.generation, router.agent.boots

    router.patronus("factory-reset", "--yes")
    # The stick may be there only after the first choice: that one fails then, and is repeated.
    router.wait_for_restart(boots, expect_failed=NOTHING_TRUSTED)

    router.wait_for_unit("patronus-configured.target")
    wait_for(lambda: house.status()["confirmed"], what="the generation of the stick to be confirmed")
    assert house.generation.startswith(first.name.partition("-")[0])
    assert generation not in router.run("ls", "-a", "/config/generations", "/config/incoming").out
    assert "diary" not in router.run("ls", "/var/log").out
    assert not before.items() & read_all(router).items()
    house.wan.serve_echo(7001)
    assert house.lease
    assert house.lan.echo(INTERNET4, 7001, "through the new box") == "through the new box"
