"""The driver's own verbs on the shipped image: power, cables, commands. No story about the product is told here."""

import socket

import pytest
from tests.vm.driver.house import LAN_CARD, House
from tests.vm.driver.waiting import PATIENCE, wait_for

from patronus_builder.vm.agent import AgentError


def test_commands_run_as_root_and_tell_how_they_ended(house: House) -> None:
    router = house.router
    assert router.run("id", "-u").out == "0\n"
    assert router.run("sh", "-c", "echo no >&2; exit 3", check=False).code == 3
    with pytest.raises(AgentError, match="not found"):
        router.run("systemctl", "start", "does-not-exist.service")
    assert router.run("cat", stdin=b"through the port").out == "through the port"


def test_files_go_in_and_come_out_unchanged(house: House) -> None:
    data = bytes(range(256)) * 4000
    house.router.write("/run/driver-test", data)
    assert house.router.read("/run/driver-test") == data


def test_a_slow_command_does_not_hold_up_a_quick_one(house: House) -> None:
    router = house.router
    router.run("mkfifo", "/run/driver-fifo")
    slow = router.agent.start(["cat", "/run/driver-fifo"])
    assert router.run("echo", "quick").out == "quick\n"
    router.run("sh", "-c", "echo slow >/run/driver-fifo")
    assert router.agent.finish(["cat"], slow, timeout=PATIENCE).out == "slow\n"


def test_a_cut_cable_takes_the_carrier_away(house: House) -> None:
    router, path = house.router, "/sys/class/net/lan/carrier"
    wait_for(lambda: router.read(path) == b"1\n", what="the carrier")
    router.cut_cable(LAN_CARD)
    try:
        wait_for(lambda: router.read(path) == b"0\n", what="the carrier to go")
    finally:
        router.plug_cable(LAN_CARD)
    wait_for(lambda: router.read(path) == b"1\n", what="the carrier to come back")


def test_the_root_shell_answers(house: House) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as shell:
        shell.connect(str(house.router.spec.folder / "shell.sock"))
        shell.settimeout(PATIENCE)
        shell.sendall(b"echo answer $((6 * 7)) $(id -un)\n")
        seen = b""
        while b"answer 42 root" not in seen:
            seen += shell.recv(4096)
