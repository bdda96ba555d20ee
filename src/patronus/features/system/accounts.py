"""Admins -> user, group and membership records of systemd (userdb): nobody writes /etc/passwd.

Sources: nss-systemd(8) for the file names, systemd.io/USER_RECORD and GROUP_RECORD for the fields, systemd.io/UIDS-GIDS
for the numbers (1000-60000 are regular users).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping

from patronus.features.system.schema import Admin, Role
from patronus.values.fragments import File, Symlink

FOLDER = "etc/userdb"
KEYS_FOLDER = "etc/ssh/authorized_keys"
HOMES = "/var/home"
SHELL = "/bin/bash"
MENU = "/usr/bin/patronus-console"
"""What a session starts with: on the console the menu, elsewhere it goes on to the shell."""
CONSOLE_USER = "console"
CONSOLE_ID = 804
"""The account of a console that is open to everybody; beside the numbers of sysusers.d/patronus.conf."""
_FIRST_COMPUTED, _LAST_COMPUTED = 20000, 59999
_LOGS = "systemd-journal"
GROUPS = {
    Role.ADMIN: ("patronus-admin", _LOGS),
    Role.OPERATOR: ("patronus-operator", _LOGS),
    Role.VIEWER: ("patronus-viewer",),
}


def user_id(admin: Admin) -> int:
    """Return the uid, which is the gid of the admin's own group too; computed from nothing but the name."""
    if admin.uid is not None:
        return admin.uid
    digest = hashlib.sha256(admin.name.encode()).digest()
    return _FIRST_COMPUTED + int.from_bytes(digest[:8], "big") % (_LAST_COMPUTED - _FIRST_COMPUTED + 1)


def plan_account(admin: Admin, origin: str, shell: str = SHELL) -> Iterable[File | Symlink]:
    """Return every record of one admin, whose sessions start with `shell`."""
    uid = user_id(admin)
    yield from _record(admin.name, uid, "user", _user_record(admin, uid, shell), origin)
    yield from _record(admin.name, uid, "group", {"groupName": admin.name, "gid": uid}, origin)
    password = [admin.password_hash] if admin.password_hash and not admin.locked else []
    secret = {"privileged": {"hashedPassword": password}}
    yield from _record(admin.name, uid, "user-privileged", secret, origin, mode=0o600)
    for group in GROUPS[admin.role]:
        # An empty file would count as masked.
        yield File(f"{FOLDER}/{admin.name}:{group}.membership", b"{}\n", origin)
    if admin.ssh_keys and not admin.locked:
        yield File(f"{KEYS_FOLDER}/{admin.name}", "".join(f"{key}\n" for key in admin.ssh_keys).encode(), origin)


def plan_console_account(origin: str) -> Iterable[File | Symlink]:
    """Return the records of the account of an open console: an admin without a password, who has the menu only."""
    body = {
        "userName": CONSOLE_USER,
        "realName": "Whoever stands in front of the box",
        "disposition": "system",
        "uid": CONSOLE_ID,
        "gid": CONSOLE_ID,
        "homeDirectory": "/",
        "shell": MENU,
        "memberOf": list(GROUPS[Role.ADMIN]),
    }
    yield from _record(CONSOLE_USER, CONSOLE_ID, "user", body, origin)
    yield from _record(CONSOLE_USER, CONSOLE_ID, "group", {"groupName": CONSOLE_USER, "gid": CONSOLE_ID}, origin)
    for group in GROUPS[Role.ADMIN]:
        yield File(f"{FOLDER}/{CONSOLE_USER}:{group}.membership", b"{}\n", origin)


def _user_record(admin: Admin, uid: int, shell: str) -> dict[str, object]:
    return {
        "userName": admin.name,
        "realName": admin.full_name,
        "disposition": "regular",
        "uid": uid,
        "gid": uid,
        "homeDirectory": f"{HOMES}/{admin.name}",
        "shell": "/usr/sbin/nologin" if admin.locked else shell,
        "locked": admin.locked,
        "memberOf": list(GROUPS[admin.role]),
    }


def _record(
    name: str, number: int, kind: str, body: Mapping[str, object], origin: str, mode: int = 0o644
) -> Iterable[File | Symlink]:
    """Yield a record under its name, and the link by which it is found under its number."""
    content = json.dumps(body, indent=2, ensure_ascii=False).encode() + b"\n"
    yield File(f"{FOLDER}/{name}.{kind}", content, origin, mode)
    yield Symlink(f"{FOLDER}/{number}.{kind}", f"{name}.{kind}", origin)


def format_homes(admins: Iterable[Admin]) -> bytes:
    """Return the tmpfiles.d(5) lines that make every admin's home; what lies in it already is left alone."""
    lines = [f"d {HOMES}/{admin.name} 0700 {user_id(admin)} {user_id(admin)} -\n" for admin in admins]
    return "".join(["# tmpfiles.d(5), written by Patronus from `system.admins`.\n", *lines]).encode()
