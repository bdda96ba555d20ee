"""Stories about changes from a workstation: `patronus push` over SSH."""

import sys
from pathlib import Path

from tests.vm.driver.document import Document
from tests.vm.driver.house import BOX, House


def add_rule(house: House, name: str) -> Document:
    """The house with one more rule."""
    rule = {"name": name, "action": "block", "from": ["lan"], "ports": [9999], "protocol": "tcp"}
    return house.base.add("firewall.rules", rule)


def push_words(house: House, bundle: Path, *options: str) -> list[str]:
    """The command line of a push as the house's admin."""
    ssh = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", f"IdentityFile={house.admin.key}")
    words = [word for option in ssh for word in ("-o", option)]
    return [sys.executable, "-m", "patronus", "push", "--yes", *words, *options, f"admin@{BOX}", str(bundle)]


def test_an_admin_pushes_a_change_over_ssh(house: House) -> None:
    assert house.lease
    bundle = house.owner.sign(add_rule(house, "pushed"), house.lab.folder)

    done = house.lan.run(*push_words(house, bundle), timeout=600)

    assert "is confirmed" in done.stderr
    status = house.status()
    assert status["pending"] is None
    assert status["generation"] == status["confirmed"]
    assert "pushed" in house.counters()
