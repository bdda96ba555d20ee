"""Plan -> Tree: every path with its bytes, and the manifest. Nothing is written; same plan, same bytes."""

from __future__ import annotations

import hashlib

from patronus.values.fragments import Check, File, LinkName, Profile, Symlink, Sysctl, Unit
from patronus.values.manifest import Entry, Manifest
from patronus.values.plan import Plan
from patronus.values.tree import Tree


def render(plan: Plan) -> Tree:
    """Return the tree of a plan."""
    entries: dict[str, Entry] = {}
    contents: dict[str, bytes] = {}
    for file in plan.of(File):
        contents[file.path] = file.content
        digest = hashlib.sha256(file.content).hexdigest()
        entries[file.path] = Entry(digest, file.mode, file.owner, file.group, "", file.origin)
    for link in plan.of(Symlink):
        digest = hashlib.sha256(link.target.encode()).hexdigest()
        entries[link.path] = Entry(digest, 0o777, "root", "root", link.target, link.origin)
    manifest = Manifest(
        entries=dict(sorted(entries.items())),
        units=tuple(plan.of(Unit)),
        sysctls=tuple(sorted(plan.of(Sysctl))),
        links=tuple(sorted(plan.of(LinkName))),
        checks=tuple(plan.of(Check)),
        profiles=tuple(sorted({profile.name for profile in plan.of(Profile)})),
    )
    return Tree(manifest, contents)
