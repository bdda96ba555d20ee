"""System -> names, clock zone, kernel settings and accounts. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from patronus.features.system.accounts import (
    FOLDER,
    KEYS_FOLDER,
    MENU,
    SHELL,
    format_homes,
    plan_account,
    plan_console_account,
)
from patronus.features.system.schema import Console, System
from patronus.features.templating import render_template
from patronus.values.facts import Context, EditorsFact, HostFact
from patronus.values.fragments import File, Symlink, Sysctl, Unit
from patronus.values.problem import config_path

HOMES_FILE = "etc/patronus/homes.conf"
CONSOLE_FILE = "etc/patronus/console.json"


def facts(system: System) -> Iterable[object]:
    """Tell the resolver and the DHCP server how the box and its networks are called, and who may edit on the box."""
    yield HostFact(system.hostname, system.domain)
    if system.local_edits.allowed:
        yield EditorsFact(tuple(sorted(set(system.local_edits.keys))) or ("*",))


def plan(system: System, _context: Context) -> Iterable[object]:
    """Return the files of the section; the engine names the running kernel after `etc/hostname`."""
    yield File("etc/hostname", f"{system.hostname}\n".encode(), "system.hostname")
    hosts = render_template("system", "hosts.j2", hostname=system.hostname, domain=system.domain)
    yield File("etc/hosts", hosts, "system.hostname")
    yield Symlink("etc/localtime", f"/usr/share/zoneinfo/{system.timezone}", "system.timezone")
    for key, value in system.tunables.items():
        yield Sysctl(key, value, config_path("system", "tunables", key))
    yield from _plan_admins(system)
    yield from _plan_console(system.console)


def _plan_admins(system: System) -> Iterable[object]:
    for index, admin in enumerate(system.admins):
        shell = SHELL if system.console.shell else MENU
        yield from plan_account(admin, config_path("system", "admins", index), shell)
    # Both folders are looked into on every login, so they exist even when nobody may log in.
    note = b"Written by Patronus from `system.admins`.\n"
    yield File(f"{FOLDER}/README", note, "system.admins")
    yield File(f"{KEYS_FOLDER}/README", note, "system.admins")
    yield File(HOMES_FILE, format_homes(system.admins), "system.admins")
    yield Unit("patronus-homes.service", "system.admins", (HOMES_FILE,))


def _plan_console(console: Console) -> Iterable[object]:
    """Return what differs from the usual: a console for admins with a password, with a shell."""
    if console == Console():
        return
    origin = "system.console"
    body = {"access": console.access, "shell": console.shell}
    yield File(CONSOLE_FILE, json.dumps(body).encode() + b"\n", origin)
    if console.access == "open":
        yield from plan_console_account(f"{origin}.access")
    if console.access != "password":
        yield Unit("patronus-console.service", f"{origin}.access", (CONSOLE_FILE,))
