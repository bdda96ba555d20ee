"""Stories about local edits: what an admin changes on the box itself, and how long it lasts."""

from pathlib import Path

from tests.vm.driver.document import Document
from tests.vm.driver.house import House, find_owner
from tests.vm.driver.lab import Lab
from tests.vm.driver.waiting import wait_for
from tests.vm.test_access import log_in

KEY_FOLDER = "/var/lib/patronus/device-key"


def allow(house: House) -> Document:
    """The house whose owner lets this very box sign edits."""
    own = house.router.read_json("patronus", "trust", "show", "--json")["own"]
    return house.base.put("system.local_edits", {"allowed": True, "keys": [own["fingerprint"]]})


def test_an_edit_made_on_the_box_lasts_until_the_owners_next_bundle(house: House) -> None:
    refused = log_in(house, "admin", house.admin, "patronus", "edit", "system.hostname", "attic", "--yes")
    assert "does not allow local edits" in refused.stderr
    house.apply(allow(house), "--confirm-now")
    daemons = house.daemons()

    edit = ("patronus", "edit", "firewall.rules[0].name", "no-gopher", "--yes", "--confirm-now")
    done = log_in(house, "admin", house.admin, *edit)
    assert done.returncode == 0, done.stderr
    assert "no-gopher" in house.counters()
    assert house.daemons() == daemons, "only the rules changed"

    house.router.power_cut()
    house.router.boot()

    wait_for(house.can_manage, what="the owner's way in")
    status = house.status()
    assert (status["edits"], status["generation"]) == (1, status["confirmed"])
    assert "no-gopher" in house.counters()
    pending = log_in(house, "admin", house.admin, "patronus", "show", "--pending")
    assert "no-gopher" in pending.stdout

    applied = house.apply(allow(house), "--confirm-now")

    assert "the local edits made on this box (1) end with it" in applied.text
    assert "no-telnet" in house.counters()
    assert house.status()["edits"] == 0
    house.apply(house.base, "--confirm-now")
    again = log_in(house, "admin", house.admin, *edit)
    assert "does not allow local edits" in again.stderr, "the owners have ended it"
    assert house.router.failed_units() == []


def test_a_key_sealed_by_the_tpm_signs_and_is_nowhere_else(lab: Lab, parts: Path) -> None:
    house = House(lab, parts, find_owner(), name="sealed", tpm=True)
    house.router.boot()
    assert house.router.read_json("patronus", "trust", "show", "--json")["own"]["sealed"]
    assert sorted(house.router.run("ls", KEY_FOLDER).out.split()) == ["key.cred", "key.pub"]
    assert house.router.run("grep", "-rl", "PRIVATE KEY", KEY_FOLDER, "/config", "/run", check=False).out == ""
    house.apply(allow(house), "--confirm-now")

    house.router.patronus("edit", "system.hostname", "attic", "--yes", "--confirm-now")

    house.router.power_cut()
    house.router.boot()
    assert house.router.run("hostname").out.strip() == "attic"
    house.router.patronus("edit", "system.hostname", "cellar", "--yes", "--confirm-now")
    assert house.status()["edits"] == 2
    assert house.router.failed_units() == []
