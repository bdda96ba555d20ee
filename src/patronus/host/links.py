"""Gives physical NICs the names the document uses; refuses to guess when a match is not exactly one."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from typing import NamedTuple

from patronus.host.run import run
from patronus.values.fragments import LinkName
from patronus.values.problem import Problem

_SYSFS = Path("/sys/class/net")


class Nic(NamedTuple):
    """A physical network interface as the kernel knows it now. `mac` is the permanent address when there is one."""

    name: str
    mac: str
    path: str
    names: tuple[str, ...]


class Assignment(NamedTuple):
    """Which NIC (by current name) gets which config name, and what stands against it."""

    renames: dict[str, str]
    ambiguous: list[Problem]
    absent: list[Problem]


def list_nics(*, paths: bool = True) -> list[Nic]:
    """Read every NIC that is a device, virtual links excluded; `paths` costs a question to udev for each."""
    nics = []
    for link in json.loads(run("ip", "-json", "link", "show").stdout or b"[]"):
        name = link["ifname"]
        if (_SYSFS / name / "device").exists():
            mac = link.get("permaddr", link.get("address", "")).lower()
            path = _device_path(name) if paths else ""
            nics.append(Nic(name, mac, path, (name, *link.get("altnames", ()))))
    return nics


def _device_path(name: str) -> str:
    done = run(
        "udevadm", "info", "--query=property", "--property=ID_PATH", "--value", f"/sys/class/net/{name}", check=False
    )
    return done.stdout.decode().strip()


def assign(wanted: Iterable[LinkName], nics: list[Nic]) -> Assignment:
    """Match every LinkName with the NICs present. Pure, so that preflight and the boot decide alike."""
    renames: dict[str, str] = {}
    ambiguous: list[Problem] = []
    absent: list[Problem] = []
    for link in wanted:
        matches = [nic for nic in nics if _matches(link, nic)]
        if not matches:
            hint = "present: " + (", ".join(f"{nic.name} {nic.mac} {nic.path}" for nic in nics) or "no NIC at all")
            absent.append(Problem(link.origin, f"no NIC has {link.kind} {link.value}", hint))
        elif len(matches) > 1:
            names = ", ".join(nic.name for nic in matches)
            hint = "match by another property: mac, path or name"
            ambiguous.append(Problem(link.origin, f"{link.kind} {link.value} matches more than one: {names}", hint))
        elif taken := renames.get(matches[0].name):
            message = f"{link.kind} {link.value} matches {matches[0].name}, which is already {taken}"
            ambiguous.append(Problem(link.origin, message, "give each interface its own card"))
        else:
            renames[matches[0].name] = link.name
    return Assignment(renames, ambiguous, absent)


def _matches(link: LinkName, nic: Nic) -> bool:
    if link.kind == "mac":
        return link.value == nic.mac
    if link.kind == "path":
        return link.value == nic.path != ""
    return link.value in nic.names


def rename(renames: dict[str, str], nics: list[Nic]) -> None:
    """Rename NICs, through temporary names so that two may swap. A NIC nobody named keeps out of the way.

    The kernel name stays as an alternative name, so that a match by name still finds the NIC later.
    """
    moving = {old: new for old, new in renames.items() if old != new}
    taken = {nic.name for nic in nics} | set(moving.values())
    for nic in nics:
        if nic.name in moving.values() and nic.name not in moving:
            moving[nic.name] = _free_name("unused", taken)
    if not moving:
        return
    drafts = {old: _free_name("patr", taken) for old in moving}
    lines = []
    for old, draft in drafts.items():
        lines += [f"link set dev {old} down", f"link set dev {old} name {draft}"]
    lines += [f"link set dev {drafts[old]} name {new}" for old, new in moving.items()]
    _run_batch(lines)
    _run_batch([f"link property add dev {new} altname {old}" for old, new in moving.items()], check=False)


def _run_batch(lines: list[str], *, check: bool = True) -> None:
    """Run lines of ip(8) in one process, which stops at an error unless `check` is false. Names hold no spaces."""
    force = [] if check else ["-force"]
    run("ip", *force, "-batch", "-", stdin="".join(f"{line}\n" for line in lines).encode(), check=check)


def _free_name(word: str, taken: set[str]) -> str:
    """Return a name nobody has, and take it: one may be left over from an earlier, interrupted change."""
    name = next(name for name in map(f"{word}{{}}".format, count()) if name not in taken)
    taken.add(name)
    return name


def by_path(wanted: Iterable[LinkName]) -> bool:
    """Whether matching takes the NICs' paths."""
    return any(link.kind == "path" for link in wanted)


def find_nics(wanted: Iterable[LinkName], seconds: int = 15) -> list[Nic]:
    """Return the NICs as soon as every wanted one is there, or udev has nothing left to bring, or the time is over."""
    wanted = list(wanted)
    nics = list_nics(paths=by_path(wanted))
    if not assign(wanted, nics).absent:
        return nics
    run("udevadm", "settle", f"--timeout={seconds}", check=False, timeout=seconds + 5)
    return list_nics()
