"""The admins of the system section: their records, and what is refused about them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from patronus.features.system import FEATURE
from patronus.features.system.accounts import user_id
from patronus.features.system.keys import find_key_fault
from patronus.features.system.schema import Admin, System
from patronus.values.facts import Context
from patronus.values.fragments import File, Symlink
from patronus.values.plan import Plan

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDXrxW8GZIhJls68Jeq0bfbM6oQsqJ5hieBtcbqgxP+h alice@desk"
ECDSA = (
    "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBJtejBWNTMt4NyDDGBqCcpJ8l8o/LNcOqmEPD4aq"
    "aOo+c0ks0k28UwCRLxXQyR0d4v46RSP89yGqFqmHxwKKw3o="
)
RSA_1024 = (
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDQDiEalhuioNRWiTWGX9HVllu/T6O5P16eGnDI1PbIrH/goMkAWC7hCTw/GznSlJIn8xWGsw0w"
    "AgWhF/108VfLP35iha3nfSkqam+bdsvnSrknexIAcFm1tZ1Aoavi2E0h8vNL5+vmyAPXFzbPGoKYrgPGeJCKfNX1M/1DlJR9kw== old"
)
YESCRYPT = "$y$j9T$DYkpWjUXfy2Srle5ZB74f1$k2/fcrhP1y9.E/7.JB4pcsE6Rit0hDy8zzbuDkJTNa5"
SHA512 = "$6$saltsalt$" + "a" * 86


def plan(*admins: dict[str, Any]) -> Plan:
    return Plan(tuple(FEATURE.plan(System.model_validate({"admins": list(admins)}), Context())))


def check(*admins: dict[str, Any]) -> list[str]:
    section = System.model_validate({"admins": list(admins)})
    return [f"{problem.severity} {problem.path}" for problem in FEATURE.check(section, Context())]


def records(*admins: dict[str, Any]) -> dict[str, File]:
    return {file.path.removeprefix("etc/userdb/"): file for file in plan(*admins).of(File)}


def test_an_admin_is_user_group_memberships_keys_and_a_home() -> None:
    files = records({"name": "alice", "uid": 4242, "full_name": "Älice", "ssh_keys": [ED25519]})
    user = json.loads(files["alice.user"].content)
    assert (user["userName"], user["uid"], user["gid"], user["realName"]) == ("alice", 4242, 4242, "Älice")
    assert (user["shell"], user["homeDirectory"]) == ("/bin/bash", "/var/home/alice")
    assert json.loads(files["alice.group"].content) == {"groupName": "alice", "gid": 4242}
    assert "alice:patronus-admin.membership" in files
    assert files["etc/ssh/authorized_keys/alice"].content.decode() == f"{ED25519}\n"
    assert b"d /var/home/alice 0700 4242 4242 -\n" in files["etc/patronus/homes.conf"].content
    links = {link.path: link.target for link in plan({"name": "alice", "uid": 4242}).of(Symlink)}
    assert links["etc/userdb/4242.user"] == "alice.user"
    assert links["etc/userdb/4242.group"] == "alice.group"


def test_the_password_hash_is_in_the_private_record_only() -> None:
    files = records({"name": "alice", "password_hash": YESCRYPT})
    holders = [(path, file.mode, file.owner) for path, file in files.items() if YESCRYPT.encode() in file.content]
    assert holders == [("alice.user-privileged", 0o600, "root")]
    assert YESCRYPT not in repr(System.model_validate({"admins": [{"name": "alice", "password_hash": YESCRYPT}]}))


def test_a_locked_admin_keeps_the_number_and_loses_every_way_in() -> None:
    locked = {"name": "alice", "locked": True, "password_hash": YESCRYPT, "ssh_keys": [ED25519]}
    files = records(locked)
    user = json.loads(files["alice.user"].content)
    assert (user["shell"], user["locked"]) == ("/usr/sbin/nologin", True)
    assert user["uid"] == user_id(Admin(name="alice"))
    assert json.loads(files["alice.user-privileged"].content) == {"privileged": {"hashedPassword": []}}
    assert "etc/ssh/authorized_keys/alice" not in files


@pytest.mark.parametrize("role", ["admin", "operator", "viewer"])
def test_the_role_is_a_group(role: str) -> None:
    groups = [path for path in records({"name": "bob", "role": role}) if path.startswith("bob:patronus-")]
    assert groups == [f"bob:patronus-{role}.membership"]


def test_the_number_depends_on_nothing_but_the_name() -> None:
    assert user_id(Admin(name="alice")) == user_id(Admin(name="alice", role="viewer", locked=True))
    numbers = {user_id(Admin(name=f"user{index}")) for index in range(100)}
    assert all(20000 <= number <= 59999 for number in numbers)
    assert len(numbers) > 95
    # Files on the state partition belong to this number: a change of the rule would orphan them.
    assert user_id(Admin(name="alice")) == 40207


def test_every_problem_is_reported_at_once() -> None:
    assert check(
        {"name": "root", "ssh_keys": [RSA_1024, ED25519, ED25519]},
        {"name": "bob", "uid": 2000},
        {"name": "bob"},
        {"name": "carol", "uid": 2000, "password_hash": SHA512},
        {"name": "systemd-x", "locked": True},
    ) == [
        "error system.admins[2].name",
        "error system.admins[3].uid",
        "error system.admins[0].name",
        "error system.admins[0].ssh_keys[0]",
        "warning system.admins[0].ssh_keys",
        "warning system.admins[1]",
        "warning system.admins[2]",
        "warning system.admins[3].password_hash",
        "error system.admins[4].name",
    ]


def test_a_box_nobody_can_change_is_a_warning() -> None:
    assert check() == ["warning system.admins"]
    assert check({"name": "eve", "role": "viewer", "ssh_keys": [ED25519]}) == ["warning system.admins"]
    assert check({"name": "eve", "locked": True, "ssh_keys": [ED25519]}) == ["warning system.admins"]
    assert check({"name": "eve", "password_hash": YESCRYPT}) == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (ED25519, ""),
        (ECDSA, ""),
        (RSA_1024, "the RSA key has 1024 bits"),
        (ED25519.replace("ssh-ed25519", "ssh-rsa", 1), "the line says ssh-rsa"),
        (ED25519[:70], "the key is damaged"),
        (ECDSA.replace("AAAAE2", "AAAA", 1), "the key is damaged"),
    ],
)
def test_the_inside_of_a_key_is_looked_at(line: str, fault: str) -> None:
    found = find_key_fault(line)
    assert found.startswith(fault)
    assert bool(found) == bool(fault)


@pytest.mark.parametrize(
    "admin",
    [
        {"name": "Alice"},
        {"name": "a/../b"},
        {"name": "alice:patronus-admin"},
        {"name": "alice", "full_name": "a:0:0"},
        {"name": "alice", "full_name": "a\nb"},
        {"name": "alice", "uid": 0},
        {"name": "alice", "uid": 60001},
        {"name": "alice", "password_hash": "secret"},
        {"name": "alice", "password_hash": "$1$abc$" + "a" * 22},
        {"name": "alice", "password_hash": YESCRYPT + "\n"},
        {"name": "alice", "ssh_keys": [f'command="/bin/sh" {ED25519}']},
        {"name": "alice", "ssh_keys": [f"{ED25519}\n{ED25519}"]},
        {"name": "alice", "ssh_keys": ["ssh-dss AAAAB3NzaC1kc3MAAACBAP" + "A" * 60]},
        {"name": "alice", "role": "root"},
        {"name": "alice", "sudo": True},
    ],
)
def test_what_no_account_may_hold_is_refused(admin: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Admin.model_validate(admin)
