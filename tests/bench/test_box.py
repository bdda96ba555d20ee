"""What the booted box costs: time to the first forwarded packet, memory of the configurator, memory when idle."""

import threading
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from tests.bench.conftest import REPOSITORY, Figure
from tests.vm.driver.house import BOX, DEADLINE, House, find_owner
from tests.vm.driver.lab import Lab
from tests.vm.driver.provider import INTERNET4
from tests.vm.driver.router import mac_of
from tests.vm.driver.waiting import wait_for

PORT = 7100
CLIENT = "192.168.1.50"
MIB = 2**20
# Cuts the owner off.
LOCKED_OUT = {"name": "oops", "action": "block", "from": ["lan"], "to": ["self"]}


class FirstPacket:
    """Sends small packets from LAN to the internet until one arrives there; `arrived` is the host's clock then."""

    def __init__(self, house: House) -> None:
        self.arrived = 0.0
        self._house = house
        self._stop = threading.Event()
        self._server = house.wan.serve_udp_echo(PORT, address=INTERNET4)
        self._thread = threading.Thread(target=self._send)

    def _send(self) -> None:
        while not self._stop.wait(0.02):
            # Until the box has its address nobody answers ARP, and the client's kernel says so.
            with suppress(OSError):
                if self._house.lan.echo_udp(INTERNET4, PORT, "first", seconds=0.2) is not None:
                    self.arrived = time.monotonic()
                    return

    def __enter__(self) -> "FirstPacket":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()


@pytest.fixture(scope="module")
def booted(figures: list[Figure]) -> Iterator[House]:
    """The house, measured while it boots for the second time: the first boot makes keys and grows the disk."""
    with Lab(record=False) as lab:
        house = House(lab, REPOSITORY / "build" / "image", find_owner())
        house.router.boot()
        house.router.run("sync")
        house.router.power_cut()
        house.router.start_agent_after("multi-user.target")
        house.lan.add_address(f"{CLIENT}/24")
        house.lan.run("ip", "route", "replace", "default", "via", BOX)
        # A client that has used the box before knows its MAC; asking for it would add up to a second, by chance.
        house.lan.run("ip", "neigh", "replace", BOX, "lladdr", mac_of(2), "dev", "eth0", "nud", "permanent")
        with FirstPacket(house) as first:
            # Nothing asks the box how far it is: under emulation a question costs as much as a step of the boot.
            house.router.switch_on()
            wait_for(lambda: first.arrived or None, what="the first forwarded packet")
            house.router.wait_until_booted()
        _compare_boot(house, first, figures)
        yield house


def _compare_boot(house: House, first: FirstPacket, figures: list[Figure]) -> None:
    """Bring both moments onto the guest's clock, which starts with its kernel."""
    guest_now = float(house.router.run("cut", "-d ", "-f1", "/proc/uptime").out)
    kernel_start = time.monotonic() - guest_now
    basic = int(house.router.property_of("basic.target", "ActiveEnterTimestampMonotonic")) / 1e6
    name = "boot to first forwarded packet / to basic.target"
    figures.append(Figure(name, first.arrived - kernel_start, basic, "s", goal=1.25))


def test_the_first_packet_is_forwarded_soon(booted: House) -> None:
    assert booted.lan.echo_udp(INTERNET4, PORT, "again", seconds=5) == "again"


def test_the_configurator_is_small(booted: House, figures: list[Figure]) -> None:
    peak = int(booted.router.property_of("patronus-apply.service", "MemoryPeak")) / MIB
    assert peak > 0
    figures.append(Figure("peak memory of the boot's configurator / 120 MiB", peak, 120, "MiB", goal=1.0))
    booted.router.patronus("show", "--rendered")
    pid = booted.router.property_of("patronusd.service", "MainPID")
    status = booted.router.read(f"/proc/{pid}/status").decode()
    high = next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith("VmHWM"))
    figures.append(Figure("peak memory of patronusd / 120 MiB", high, 120, "MiB", goal=1.0))
    booted.router.run("systemctl", "stop", "patronusd.service")


def test_the_idle_box_is_small(booted: House, figures: list[Figure]) -> None:
    booted.router.run("systemctl", "stop", "test-shell.service")  # a second hook of the tests; the agent has to stay
    lines = booted.router.read("/proc/meminfo").decode().splitlines()
    kib = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    used = (kib["MemTotal"] - kib["MemAvailable"]) / 1024
    figures.append(Figure("memory in use on the idle box / 256 MiB", used, 256, "MiB", goal=1.0))
    assert used > 0


def test_the_box_is_back_soon_after_the_deadline(booted: House, figures: list[Figure]) -> None:
    changes = {
        "rules": booted.base.put("firewall.anti_lockout", False).add_first("firewall.rules", LOCKED_OUT),
        "an address": booted.base.put("interfaces.lan.ipv4.addresses", ["192.168.77.1/24"]).put("dhcp.subnets", []),
    }
    for what, change in changes.items():
        booted.apply(change, "--confirm-within", f"{DEADLINE}s")
        wait_for(lambda: not booted.can_manage(), what="the change to cut the owner off")
        booted.router.run("systemctl", "kill", "--signal=SIGKILL", "patronusd.service")
        name = f"deadline to being back, {what} changed / 2 s"
        figures.append(Figure(name, booted.time_return(), 2, "s", goal=1.0))
        booted.settle()
    assert booted.can_manage()
