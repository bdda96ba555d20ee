"""Appliance -> Plan: every feature's fragments, merged; two that want the same thing are a Problem, found here."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath

from patronus.firewall.ir import PortForward
from patronus.firewall.taken import find_taken_ports
from patronus.pipeline.validate import Appliance
from patronus.values.fragments import Claim, File, LinkName, Symlink, Sysctl, Unit
from patronus.values.plan import Opening, Plan
from patronus.values.problem import Problem, Refused


def plan(appliance: Appliance) -> Plan:
    """Return the merged plan. Raises Refused when features collide."""
    merged = Plan()
    for feature, section in appliance.sections:
        merged = merged.plus(feature.plan(section, appliance.context))
    for feature, section in appliance.sections:
        merged = merged.plus(feature.gather(section, appliance.context, merged))
    problems = [*_collisions(merged), *find_taken_ports(merged.of(PortForward), merged.of(Opening))]
    if problems:
        raise Refused(problems)
    return merged


def _collisions(merged: Plan) -> Iterable[Problem]:
    wanted = [(f"the file /{path}", origin) for path, origin in _paths(merged)]
    wanted += [(f"the kernel setting {item.key}", item.origin) for item in merged.of(Sysctl)]
    wanted += [(f"the interface name {item.name}", item.origin) for item in merged.of(LinkName)]
    wanted += [(f"the unit {item.name}", item.origin) for item in merged.of(Unit)]
    wanted += dict.fromkeys((item.resource, item.origin) for item in _overlapping_claims(merged.of(Claim)))
    holders: dict[str, str] = {}
    for what, origin in wanted:
        if what in holders:
            yield Problem(origin, f"wants {what}, which {holders[what]} has already", "change or remove one of the two")
        holders.setdefault(what, origin)
    yield from _files_as_folders(dict(_paths(merged)))


def _paths(merged: Plan) -> list[tuple[str, str]]:
    files = [(file.path, file.origin) for file in merged.of(File)]
    return files + [(link.path, link.origin) for link in merged.of(Symlink)]


def _files_as_folders(origins: dict[str, str]) -> Iterable[Problem]:
    for path, origin in origins.items():
        for folder in map(str, PurePosixPath(path).parents):
            if folder in origins:
                message = f"wants the file /{path}, but {origins[folder]} has a file /{folder}"
                yield Problem(origin, message, "change or remove one of the two")


def _overlapping_claims(claims: Iterable[Claim]) -> Iterable[Claim]:
    """Yield port claims under one name when a wildcard `tcp/53@*` meets `tcp/53@lan`."""
    claims = list(claims)
    everywhere = {claim.resource.partition("@")[0] for claim in claims if claim.resource.endswith("@*")}
    for claim in claims:
        resource = claim.resource.partition("@")[0]
        yield Claim(resource, claim.origin) if resource in everywhere else claim
