"""The driver's own verbs on the shipped image: power, cables, commands. No story about the product is told here."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.vm.driver.lab import Lab
from tests.vm.driver.router import Router, mac_of
from tests.vm.driver.waiting import PATIENCE, wait_for

from patronus_builder.vm.agent import AgentError


@pytest.fixture(scope="module")
def router(image: Path) -> Iterator[Router]:
    """A box with two cables, no config, just switched on."""
    with Lab() as lab:
        router = lab.add_router(image, lab.add_peer("wan"), lab.add_peer("lan"))
        router.switch_on()
        yield router


def test_commands_run_as_root_and_tell_how_they_ended(router: Router) -> None:
    assert router.run("id", "-u").out == "0\n"
    assert router.run("sh", "-c", "echo no >&2; exit 3", check=False).code == 3
    with pytest.raises(AgentError, match="not found"):
        router.run("systemctl", "start", "does-not-exist.service")
    assert router.run("cat", stdin=b"through the port").out == "through the port"


def test_files_go_in_and_come_out_unchanged(router: Router) -> None:
    data = bytes(range(256)) * 4000
    router.write("/run/driver-test", data)
    assert router.read("/run/driver-test") == data


def test_a_slow_command_does_not_hold_up_a_quick_one(router: Router) -> None:
    router.run("mkfifo", "/run/driver-fifo")
    slow = router.agent.start(["cat", "/run/driver-fifo"])
    assert router.run("echo", "quick").out == "quick\n"
    router.run("sh", "-c", "echo slow >/run/driver-fifo")
    assert router.agent.finish(["cat"], slow, timeout=PATIENCE).out == "slow\n"


def find_card(router: Router, mac: str) -> str | None:
    """The name of the interface with that address, as soon as there is one."""
    links = router.read_json("ip", "-j", "link")
    return next((str(link["ifname"]) for link in links if link.get("address") == mac), None)


def test_a_cut_cable_takes_the_carrier_away(router: Router) -> None:
    wait_for(lambda: find_card(router, mac_of(2)), what="the driver of the second card")
    router.run("udevadm", "settle")
    card = find_card(router, mac_of(2))
    assert card
    router.run("ip", "link", "set", card, "up")
    path = f"/sys/class/net/{card}/carrier"
    wait_for(lambda: router.read(path) == b"1\n", what="the carrier")
    router.cut_cable(2)
    wait_for(lambda: router.read(path) == b"0\n", what="the carrier to go")
    router.plug_cable(2)


def test_the_root_shell_answers(router: Router) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as shell:
        shell.connect(str(router.spec.folder / "shell.sock"))
        shell.settimeout(PATIENCE)
        shell.sendall(b"echo answer $((6 * 7)) $(id -un)\n")
        seen = b""
        while b"answer 42 root" not in seen:
            seen += shell.recv(4096)
