"""What the schema of one field cannot see."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable

from patronus.features.system.accounts import CONSOLE_ID, CONSOLE_USER, user_id
from patronus.features.system.keys import find_key_fault
from patronus.features.system.reserved import is_reserved
from patronus.features.system.schema import Admin, Role, System
from patronus.features.system.timezones import TIMEZONES
from patronus.features.system.tunables import find_tunable_fault
from patronus.values.facts import Context
from patronus.values.problem import WARNING, Problem, config_path

Found = Iterable[Problem]


def check(system: System, _context: Context) -> Found:
    """Return every problem of the section."""
    yield from _check_names(system)
    yield from _check_timezone(system)
    yield from _check_tunables(system)
    yield from _check_identities(system)
    yield from _check_console(system)
    yield from _check_edits(system)
    for index, admin in enumerate(system.admins):
        yield from _check_admin(admin, config_path("system", "admins", index))


def _check_console(system: System) -> Found:
    if system.console.access == "open":
        message = "whoever stands in front of the box may change it, restart it and look at its traffic"
        yield Problem("system.console.access", message, "lock the room, or use `password`", WARNING)
    for index, admin in enumerate(system.admins):
        if admin.name == CONSOLE_USER or admin.uid == CONSOLE_ID:
            path = config_path("system", "admins", index)
            yield Problem(path, f"{CONSOLE_USER!r} is the account of an open console", "choose another name")


def _check_edits(system: System) -> Found:
    edits = system.local_edits
    if edits.keys and not edits.allowed:
        hint = "set `allowed: true`, or remove the keys"
        yield Problem("system.local_edits.keys", "has no effect: local edits are not allowed", hint, WARNING)
    if edits.allowed and system.console.access == "open":
        message = "whoever stands in front of the box may rewrite its document: the console is open"
        yield Problem("system.local_edits.allowed", message, "use `console: {access: password}`", WARNING)


def _check_names(system: System) -> Found:
    if system.hostname.lower() == "localhost":
        yield Problem("system.hostname", "every machine is called localhost", "choose another name")
    if system.domain.lower().rpartition(".")[2] == "local":
        hint = "use home.arpa, or a domain of your own"
        yield Problem("system.domain", "names below .local belong to multicast DNS (RFC 6762)", hint, WARNING)


def _check_timezone(system: System) -> Found:
    if system.timezone not in TIMEZONES:
        close = difflib.get_close_matches(system.timezone, TIMEZONES, 1)
        hint = f"did you mean {close[0]}?" if close else "zones have names such as Europe/Berlin"
        yield Problem("system.timezone", f"there is no time zone {system.timezone!r}", hint)


def _check_tunables(system: System) -> Found:
    for key in system.tunables:
        fault = find_tunable_fault(key)
        if fault:
            yield Problem(config_path("system", "tunables", key), *fault)


def _check_identities(system: System) -> Found:
    names: dict[str, str] = {}
    numbers: dict[int, str] = {}
    for index, admin in enumerate(system.admins):
        path = config_path("system", "admins", index)
        if admin.name in names:
            message = f"{admin.name!r} is taken by {names[admin.name]}"
            yield Problem(f"{path}.name", message, "give each admin a name of their own")
            continue
        names[admin.name] = path
        first = numbers.setdefault(user_id(admin), path)
        if first != path:
            yield Problem(f"{path}.uid", f"{user_id(admin)} is the number of {first} too", "set `uid` to a free number")
    if not any(_can_log_in(admin) and admin.role is Role.ADMIN for admin in system.admins):
        hint = "add an admin with an SSH key or a password hash"
        yield Problem("system.admins", "nobody who may change the box can log in", hint, WARNING)


def _can_log_in(admin: Admin) -> bool:
    return not admin.locked and bool(admin.ssh_keys or admin.password_hash)


def _check_admin(admin: Admin, path: str) -> Found:
    if is_reserved(admin.name):
        yield Problem(f"{path}.name", f"{admin.name!r} is a user or group of the system", "choose another name")
    if not admin.locked and not _can_log_in(admin):
        hint = "add `ssh_keys` or `password_hash`, or set `locked: true`"
        yield Problem(path, "has neither SSH key nor password, so cannot log in", hint, WARNING)
    if admin.password_hash and admin.password_hash.startswith("$6$"):
        hint = "make a new hash with: mkpasswd -m yescrypt"
        yield Problem(f"{path}.password_hash", "is a sha512crypt hash, which is quick to guess", hint, WARNING)
    yield from _check_keys(admin, f"{path}.ssh_keys")


def _check_keys(admin: Admin, path: str) -> Found:
    for index, key in enumerate(admin.ssh_keys):
        fault = find_key_fault(key)
        if fault:
            yield Problem(f"{path}[{index}]", fault, "copy the whole line of the .pub file of a current key")
    for blob, times in Counter(key.split(" ")[1] for key in admin.ssh_keys).items():
        if times > 1:
            yield Problem(path, f"the key that ends in {blob[-12:]} is listed {times} times", "list it once", WARNING)
