"""How much a service that breaks could do, by systemd's measure: vendor units with our drop-ins, as shipped."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

OURS = 2.7
"""For what the image brings itself; 9.2 to 9.6 is a service of root's without any sandbox."""
WIDER = {
    # It answers for the whole box: it pings, and tells which process listens on a socket.
    "patronusd.service": 3.0,
}
DAEMONS = {
    "chrony.service": 3.2,
    "kea-dhcp4-server.service": 2.0,
    # People's sessions inherit what sshd may.
    "ssh.service": 6.0,
    "systemd-networkd.service": 3.0,
    "unbound.service": 2.8,
}


def measure(root: Path, unit: str) -> float:
    """From 0 to 10, systemd-analyze(1)."""
    argv = ["systemd-analyze", "security", "--offline=yes", f"--root={root}", "--no-pager", unit]
    said = subprocess.run(argv, capture_output=True, text=True, check=False).stdout
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said)
    assert found, said
    return float(found[1])


@pytest.mark.parametrize("unit", DAEMONS)
def test_daemons_are_no_more_exposed_than_they_were(root: Path, unit: str) -> None:
    assert measure(root, unit) <= DAEMONS[unit]


def test_services_of_ours_are_sandboxed(root: Path) -> None:
    folder = root / "usr/lib/systemd/system"
    ours = [path.name for path in folder.glob("patronus*.service") if not path.is_symlink()]
    assert len(ours) >= 10
    assert {unit: level for unit in ours if (level := measure(root, unit)) > WIDER.get(unit, OURS)} == {}
