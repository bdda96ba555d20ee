"""Stories told on the serial line: the menu behind the login, a change kept from it, and who may use it at all."""

from collections.abc import Callable, Iterator

import pytest
from tests.vm.driver.house import BOX, House
from tests.vm.driver.waiting import wait_for

PASSWORD = "open sesame"
PASSWORD_HASH = "$y$j9T$aRdLN6XD7uw.5JFTcIiE61$iFOU4m9vtUrcfJ.W4R0F2.crKWmR9cf2/MgXYLTdhe1"
BOB = {"name": "bob", "password_hash": PASSWORD_HASH}
ESCAPE = "\x1b"


class Line:
    """Somebody at the serial line: presses keys, and sees what comes after them."""

    def __init__(self, house: House) -> None:
        self._router = house.router
        self._read = len(self._router.serial())

    def press(self, keys: str) -> None:
        self._read = len(self._router.serial())
        self._router.press(keys)

    def see(self, words: str, *, seconds: float = 90) -> None:
        wait_for(lambda: words in self._new(), seconds=seconds, what=f"{words!r} on the serial line")

    def log_in(self) -> None:
        """Begins where the prompt is, whatever somebody typed before."""
        self.press("\r")
        self.see("login: ")
        self.press("bob\r")
        self.see("Password: ")
        self.press(f"{PASSWORD}\r")
        self.see("0) Log out")

    def _new(self) -> str:
        return self._router.serial()[self._read :]


@pytest.fixture
def line(house: House) -> Iterator[Line]:
    house.apply(house.base.add("system.admins", BOB), "--confirm-now")
    yield Line(house)


def test_an_admin_finds_the_menu_behind_the_login(house: House, line: Line) -> None:
    line.log_in()
    line.see(f"{BOX}/24")
    line.press("16\r")
    line.see("SHA256:")
    line.press(ESCAPE)
    line.see("Number:")
    line.press(f"7\r{BOX}\r")
    line.see("4 received")
    line.press(ESCAPE)
    line.see("Number:")
    line.press("8\r")
    line.see("bob@")
    line.press("id -nG; exit\r")
    line.see("bob patronus-admin")
    line.see("0) Log out")
    line.press("0\r")
    line.see("login: ")


def test_a_change_is_kept_from_the_menu(house: House, line: Line) -> None:
    line.log_in()
    line = Line(house)
    house.apply(house.base.add("system.admins", BOB).put("ntp.serve", []))
    line.see("A CHANGE WAITS: it goes back in ")
    line.press("11\r")
    line.see("What about the change?")
    line.press("\r")
    line.see("is confirmed")
    assert house.status()["pending"] is None
    line.press(f"{ESCAPE}")
    line.see("Number:")
    line.press("0\r")
    line.see("login: ")


@pytest.fixture
def policy(house: House) -> Callable[[str], None]:
    def choose(access: str) -> None:
        document = house.base.add("system.admins", BOB)
        house.apply(document.put("system.console", {"access": access, "shell": False}), "--confirm-now")

    return choose


def test_an_open_console_asks_for_no_password_and_has_no_shell(house: House, policy: Callable[[str], None]) -> None:
    line = Line(house)
    policy("open")
    line.see("0) Log out")
    line.press("8\r")
    line.see("There is no item 8.")
    line.press("0\r")
    line.see("0) Log out")


def test_a_closed_console_shows_nothing_until_it_is_opened(house: House, policy: Callable[[str], None]) -> None:
    policy("disabled")
    prompts = house.router.run(
        "systemctl", "is-active", "serial-getty@ttyS0.service", "getty@tty1.service", check=False
    )
    assert prompts.out.split() == ["inactive", "inactive"]
    line = Line(house)
    policy("password")
    line.see("login: ")
