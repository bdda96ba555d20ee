"""Stories about a change that is cut off in its middle: the new firewall holds, the services are not restarted yet."""

import pytest
from tests.vm.driver.house import DEADLINE, House
from tests.vm.driver.waiting import wait_for
from tests.vm.test_changes import assert_back_in_time, cut_management

PATRONUSD = "patronusd.service"
NTP = "chrony.service"
REVERT = "patronus-revert.service"
CURRENT = "/run/patronus/current"
# The link flips after the ruleset is loaded and before the first service is touched.
STOP_AT_THE_FLIP = f"""
import os, signal, sys
before = os.readlink({CURRENT!r})
while os.readlink({CURRENT!r}) == before:
    pass
os.kill(int(sys.argv[1]), signal.SIGSTOP)
"""


class Interrupted:
    """An apply whose process stands still between the new firewall and the restart of the services."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.confirmed = house.status()["confirmed"]
        self.tree = house.router.run("readlink", CURRENT).out
        self.daemon = house.router.property_of(PATRONUSD, "MainPID")
        self.ntp = house.router.property_of(NTP, "MainPID")
        changed = cut_management(house.base.put("ntp.orphan_stratum", 12))
        bundle = house.owner.sign(changed, house.lab.folder).read_bytes()
        watch = ("python3", "-I", "-c", STOP_AT_THE_FLIP, self.daemon)
        apply = ("patronus", "apply", "--confirm-within", f"{DEADLINE}s", "-")
        watching = house.router.agent.start(watch, timeout=120)
        house.router.agent.start(apply, stdin=bundle, timeout=120)
        house.router.agent.finish(watch, watching, timeout=150).check()
        assert house.router.run("readlink", CURRENT).out != self.tree
        assert not house.can_manage(), "the new firewall holds"
        assert house.router.property_of(NTP, "MainPID") == self.ntp, "and nothing was restarted yet"

    def assert_undone(self) -> None:
        """The box runs what it ran, all of it, and nothing waits."""
        status = self.house.status()
        assert status["generation"] == status["confirmed"] == self.confirmed
        assert status["pending"] is None
        assert status["failure"] is None
        assert all(unit["active"] for unit in status["units"])
        assert b"orphan" not in self.house.router.read("/etc/chrony/chrony.conf")


@pytest.mark.parametrize("fate", ["killed", "hanging"])
def test_an_apply_that_is_interrupted_is_undone_in_time(house: House, fate: str) -> None:
    interrupted = Interrupted(house)
    if fate == "killed":
        house.router.run("kill", "-KILL", interrupted.daemon)

    assert_back_in_time(house)

    interrupted.assert_undone()
    assert house.router.run("readlink", CURRENT).out == interrupted.tree
    assert house.router.property_of(PATRONUSD, "MainPID") != interrupted.daemon, "who hung was ended"
    assert house.router.failed_units() == []


def test_a_power_cut_in_the_middle_of_an_apply_boots_the_confirmed_generation(house: House) -> None:
    interrupted = Interrupted(house)

    house.router.power_cut()
    house.router.boot()

    wait_for(house.can_manage, what="the owner's way in")
    interrupted.assert_undone()
    assert "is running, as it was rendered before" in house.router.journal("-u", "patronus-apply.service")


def test_what_goes_back_may_be_killed_while_it_waits(house: House) -> None:
    confirmed = house.status()["confirmed"]
    house.apply(cut_management(house.base), "--confirm-within", f"{DEADLINE}s")
    wait_for(lambda: house.router.property_of(REVERT, "MainPID") != "0", what="the program that goes back to wait")

    house.router.run("systemctl", "kill", "--signal=SIGKILL", REVERT)

    assert_back_in_time(house)
    status = house.status()
    assert status["generation"] == confirmed
    assert status["failure"] is None, "the box was not locked down meanwhile"
