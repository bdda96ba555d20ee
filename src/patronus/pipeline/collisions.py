"""Features that want the same thing: a file, a port, a name, a kernel setting. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from patronus.firewall.ir import PortForward
from patronus.firewall.taken import find_taken_ports
from patronus.values.fragments import Claim, File, LinkName, Symlink, Sysctl, Unit
from patronus.values.plan import Opening, Plan
from patronus.values.problem import Problem

_HINT = "change or remove one of the two"


class Collision(NamedTuple):
    """Two places of the document that cannot both have what they want."""

    problem: Problem
    origins: tuple[str, str]


def find_collisions(merged: Plan) -> Iterator[Collision]:
    """Yield every collision of a plan."""
    holders: dict[str, str] = {}
    for what, origin in _list_wants(merged):
        if what in holders:
            message = f"wants {what}, which {holders[what]} has already"
            yield Collision(Problem(origin, message, _HINT), (origin, holders[what]))
        holders.setdefault(what, origin)
    yield from _files_as_folders(dict(_paths(merged)))


def find_takings(merged: Plan) -> Iterable[Problem]:
    """Return what port forwards take away from services of the box and from each other."""
    return find_taken_ports(merged.of(PortForward), merged.of(Opening))


def _list_wants(merged: Plan) -> Iterator[tuple[str, str]]:
    yield from ((f"the file /{path}", origin) for path, origin in _paths(merged))
    yield from ((f"the kernel setting {item.key}", item.origin) for item in merged.of(Sysctl))
    yield from ((f"the interface name {item.name}", item.origin) for item in merged.of(LinkName))
    yield from ((f"the unit {item.name}", item.origin) for item in merged.of(Unit))
    yield from dict.fromkeys((item.resource, item.origin) for item in _overlapping_claims(merged.of(Claim)))


def _paths(merged: Plan) -> list[tuple[str, str]]:
    files = [(file.path, file.origin) for file in merged.of(File)]
    return files + [(link.path, link.origin) for link in merged.of(Symlink)]


def _files_as_folders(origins: dict[str, str]) -> Iterator[Collision]:
    for path, origin in origins.items():
        for folder in map(str, PurePosixPath(path).parents):
            if folder in origins:
                message = f"wants the file /{path}, but {origins[folder]} has a file /{folder}"
                yield Collision(Problem(origin, message, _HINT), (origin, origins[folder]))


def _overlapping_claims(claims: Iterable[Claim]) -> Iterable[Claim]:
    """Yield port claims under one name when a wildcard `tcp/53@*` meets `tcp/53@lan`."""
    claims = list(claims)
    everywhere = {claim.resource.partition("@")[0] for claim in claims if claim.resource.endswith("@*")}
    for claim in claims:
        resource = claim.resource.partition("@")[0]
        yield Claim(resource, claim.origin) if resource in everywhere else claim
