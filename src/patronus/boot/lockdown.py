"""What is in force on a box that fails secure: the rules that close it, and what no packet reaches.

Accounts of the document and its word on the consoles stay where a boot came that far: somebody has to repair the box.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress

from patronus.host.layout import Layout
from patronus.pipeline.apply import running_manifest
from patronus.values.fragments import RULESET_PATH
from patronus.values.manifest import EMPTY, Entry, Manifest
from patronus.values.tree import Tree

STAYS = {"systemd-journald.service", "patronus-homes.service", "patronus-console.service"}
"""Units of the document that no packet reaches: the journal, and who may log in at the console."""
_ACCOUNTS = "etc/userdb/"


def outline_lockdown(layout: Layout) -> Tree:
    """Return the tree of the locked-down box as it is, for going back to it."""
    ruleset = (layout.vendor / "lockdown.nft").read_bytes()
    entry = Entry(hashlib.sha256(ruleset).hexdigest(), 0o644, "root", "root")
    manifest = EMPTY
    contents: dict[str, bytes] = {}
    with suppress(OSError, ValueError, LookupError, TypeError):  # of a damaged tree nothing stays, as of none
        manifest = _outline_rest(running_manifest(layout))
        contents = {path: (layout.current / path).read_bytes() for path, e in manifest.entries.items() if not e.target}
    closed = manifest._replace(entries={**manifest.entries, RULESET_PATH: entry})
    return Tree(closed, {**contents, RULESET_PATH: ruleset})


def _outline_rest(running: Manifest) -> Manifest:
    units = tuple(unit for unit in running.units if unit.name in STAYS)
    wanted = (_ACCOUNTS, *(path for unit in units for path in unit.files))
    entries = {
        path: entry
        for path, entry in running.entries.items()
        if path in wanted or path.startswith(tuple(folder for folder in wanted if folder.endswith("/")))
    }
    return EMPTY._replace(entries=entries, units=units)
