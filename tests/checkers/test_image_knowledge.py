"""What the pure half believes about the image, compared with the image."""

from __future__ import annotations

import re
from pathlib import Path

from patronus.features.system.accounts import GROUPS
from patronus.features.system.reserved import is_reserved
from patronus.features.system.timezones import TIMEZONES
from patronus.host.engine import digest_engine

LOGIN_NAME = re.compile(r"[a-z][a-z0-9_-]*")


def read_names(path: Path) -> set[str]:
    """The first fields of a file such as passwd(5)."""
    return {line.partition(":")[0] for line in path.read_text().splitlines()}


def test_time_zones_are_those_of_the_image(root: Path) -> None:
    folder = root / "usr/share/zoneinfo"
    places = [path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir()]
    present = {str(path) for path in places if path.parts[0][0].isupper()}
    assert present - {"Factory"} == TIMEZONES


def test_the_image_knows_its_program_by_the_digest_that_signing_writes_down(root: Path) -> None:
    noted = (root / "usr/lib/patronus/engine").read_text().strip()
    assert noted == digest_engine(root / "usr/lib/python3/dist-packages/patronus") == digest_engine()


def test_the_modules_loaded_for_the_firewall_exist(root: Path) -> None:
    """systemd-modules-load(8) only warns of one that is missing; the kernel would then ask for it again and again."""
    lines = (root / "usr/lib/modules-load.d/patronus.conf").read_text().splitlines()
    wanted = {line for line in lines if line and not line.startswith("#")}
    (index,) = root.glob("usr/lib/modules/*/modules.dep")
    present = {
        Path(line.split(":")[0]).name.partition(".")[0].replace("-", "_") for line in index.read_text().splitlines()
    }
    assert wanted
    assert wanted <= present


def test_no_admin_can_take_the_name_of_a_user_or_group_of_the_image(root: Path) -> None:
    names = read_names(root / "etc/passwd") | read_names(root / "etc/group")
    assert [name for name in sorted(names) if LOGIN_NAME.fullmatch(name) and not is_reserved(name)] == []


def test_the_groups_of_the_roles_exist(root: Path) -> None:
    wanted = {group for groups in GROUPS.values() for group in groups}
    assert wanted <= read_names(root / "etc/group")


def test_accounts_are_looked_up_in_the_records(root: Path) -> None:
    """nss-systemd(8) serves `/etc/userdb`; without it nobody could log in."""
    lines = (root / "etc/nsswitch.conf").read_text().splitlines()
    served = {line.split()[0] for line in lines if "systemd" in line.split()}
    assert {"passwd:", "group:", "shadow:"} <= served
