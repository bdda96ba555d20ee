"""A story about a box whose clock lost its battery: it needs the time to trust names, and a name to get the time."""

import time

from tests.vm.driver.house import BOX, House
from tests.vm.driver.outpost import AHEAD, SIGNED_NAME, Outpost
from tests.vm.driver.provider import GATEWAY4, INTERNET4
from tests.vm.driver.timeserver import TimeServer
from tests.vm.driver.waiting import wait_for

ANCHOR = "/var/lib/unbound/root.key"


def clock_of(house: House) -> float:
    """The time in the box, in seconds since 1970."""
    return float(house.router.run("date", "+%s").out)


def test_a_box_without_a_clock_gets_the_time_by_name_and_then_trusts_signed_names(enrolled: Outpost) -> None:
    box = enrolled
    assert box.lease
    image_made = float(box.router.run("stat", "--format=%Y", "/usr/lib/clock-epoch").out)
    assert image_made > 1.7e9
    assert clock_of(box) >= image_made, "no clock is older than the image"
    # To the box this root is forged, as it would be by a clock that is wrong.
    assert box.lan.dns_status(SIGNED_NAME, BOX) == "SERVFAIL"

    server = TimeServer(box.wan, GATEWAY4, ahead=AHEAD)
    try:
        box.router.run("systemctl", "restart", "chrony.service")
        wait_for(lambda: abs(clock_of(box) - time.time() - AHEAD) < 10, what="the right time in the box")
    finally:
        server.close()
    assert server.asked
    assert box.lan.dns_status(SIGNED_NAME, BOX) == "SERVFAIL", "only the time servers' names go unchecked"

    box.router.write(ANCHOR, box.anchor.encode())
    box.router.run("systemctl", "restart", "unbound.service")
    wait_for(lambda: box.lan.is_signed(SIGNED_NAME, BOX), what="the signed name to be believed")
    assert box.lan.resolve(SIGNED_NAME, BOX) == [INTERNET4]
