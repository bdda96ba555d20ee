"""A story about a box whose clock lost its battery: it needs the time to trust names, and a name to get the time."""

import time
from pathlib import Path

from tests.vm.driver.house import BOX, House, find_owner
from tests.vm.driver.lab import Lab
from tests.vm.driver.provider import GATEWAY4, INTERNET4
from tests.vm.driver.rootzone import sign_root, write_root
from tests.vm.driver.timeserver import TimeServer
from tests.vm.driver.waiting import wait_for

TIME_NAME = "time.lab"
SIGNED_NAME = "www.lab"
# The lab lives a month ahead, so that no clock of the box is right by chance.
AHEAD = 30 * 86400
ANCHOR = "/var/lib/unbound/root.key"


def clock_of(house: House) -> float:
    """The time in the box, in seconds since 1970."""
    return float(house.router.run("date", "+%s").out)


def test_a_box_without_a_clock_gets_the_time_by_name_and_then_trusts_signed_names(lab: Lab, parts: Path) -> None:
    # The lab's root is signed, but not by the key the image knows: to the box its names are forged, as they would be by
    # a clock that is wrong.
    root, anchor = sign_root(write_root({TIME_NAME: GATEWAY4, SIGNED_NAME: INTERNET4}), time.time() + AHEAD)
    sources = [{"host": TIME_NAME}]
    house = House(lab, parts, find_owner(), settings={"ntp.sources": sources}, root=root, clock="2000-01-01")
    house.router.boot()
    assert house.lease
    image_made = float(house.router.run("stat", "--format=%Y", "/usr/lib/clock-epoch").out)
    assert image_made > 1.7e9
    assert clock_of(house) >= image_made, "no clock is older than the image"
    assert house.lan.dns_status(SIGNED_NAME, BOX) == "SERVFAIL"

    server = TimeServer(house.wan, GATEWAY4, ahead=AHEAD)
    try:
        house.router.run("systemctl", "restart", "chrony.service")
        wait_for(lambda: abs(clock_of(house) - time.time() - AHEAD) < 10, what="the right time in the box")
    finally:
        server.close()
    assert server.asked
    assert house.lan.dns_status(SIGNED_NAME, BOX) == "SERVFAIL", "only the time servers' names go unchecked"

    house.router.write(ANCHOR, anchor.encode())
    house.router.run("systemctl", "restart", "unbound.service")
    wait_for(lambda: house.lan.is_signed(SIGNED_NAME, BOX), what="the signed name to be believed")
    assert house.lan.resolve(SIGNED_NAME, BOX) == [INTERNET4]
