"""Stories told on the serial line: the menu behind the login, a change kept from it, and who may use it at all."""

from collections.abc import Iterator

import pytest
from tests.vm.driver.house import BOX, House
from tests.vm.driver.serial import SerialLine

PASSWORD = "open sesame"
PASSWORD_HASH = "$y$j9T$aRdLN6XD7uw.5JFTcIiE61$iFOU4m9vtUrcfJ.W4R0F2.crKWmR9cf2/MgXYLTdhe1"
BOB = {"name": "bob", "password_hash": PASSWORD_HASH}
ESCAPE = "\x1b"


@pytest.fixture
def line(house: House) -> Iterator[SerialLine]:
    """The serial line of a box that bob may log in to."""
    house.apply(house.base.add("system.admins", BOB), "--confirm-now")
    yield SerialLine(house.router)


def log_in(line: SerialLine) -> None:
    """Begins where the prompt is, whatever somebody typed before."""
    for keys, answer in (("\r", "login: "), ("bob\r", "Password: "), (f"{PASSWORD}\r", "0) Log out")):
        line.press(keys)
        line.wait_for(answer)


def log_out(line: SerialLine) -> None:
    line.press("0\r")
    line.wait_for("login: ")


def test_an_admin_finds_the_menu_behind_the_login(line: SerialLine) -> None:
    log_in(line)
    line.press("16\r")
    line.wait_for("SHA256:")
    line.press(ESCAPE)
    line.wait_for("Number:")
    line.press(f"7\r{BOX}\r")  # in one go: the address waits for its question
    line.wait_for("4 received")
    line.press(ESCAPE)
    line.wait_for("Number:")
    line.press("8\r")
    line.wait_for("bob@")
    line.press("id -nG; exit\r")
    line.wait_for("bob patronus-admin")
    line.wait_for("0) Log out")
    log_out(line)


def test_a_change_is_kept_from_the_menu(house: House, line: SerialLine) -> None:
    log_in(line)
    house.apply(house.base.add("system.admins", BOB).put("ntp.serve", []))
    line.wait_for("A CHANGE WAITS: it goes back in ")
    line.press("11\r")
    line.wait_for("What about the change?")
    line.press("\r")
    line.wait_for("is confirmed")
    assert house.status()["pending"] is None
    line.press(ESCAPE)
    line.wait_for("Number:")
    log_out(line)


def allow(house: House, access: str) -> None:
    """Confirms a document with this policy for the consoles, and without a shell in their menu."""
    document = house.base.add("system.admins", BOB)
    house.apply(document.put("system.console", {"access": access, "shell": False}), "--confirm-now")


def test_the_document_says_who_may_use_the_console(house: House, line: SerialLine) -> None:
    line.skip()
    allow(house, "open")
    line.wait_for("0) Log out")  # without a password
    line.press("8\r")
    line.wait_for("There is no item 8.")
    line.press("0\r")
    line.wait_for("0) Log out")

    allow(house, "disabled")
    for unit in ("serial-getty@ttyS0.service", "getty@tty1.service"):
        assert house.router.property_of(unit, "ActiveState") == "inactive"
    line.skip()
    allow(house, "password")
    line.wait_for("login: ")
