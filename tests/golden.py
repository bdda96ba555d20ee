"""Compares a rendered tree with the one kept beside a case; `PATRONUS_UPDATE_GOLDEN=1` rewrites what is kept."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from patronus.pipeline.load import load
from patronus.pipeline.plan import plan
from patronus.pipeline.render import render
from patronus.pipeline.validate import validate
from patronus.values.manifest import Entry
from patronus.values.tree import Tree


def render_document(path: Path) -> Tree:
    """Run the pure half of the pipeline over one file."""
    return render(plan(validate(load({path.name: path.read_bytes()}))))


def assert_golden(tree: Tree, folder: Path) -> None:
    """Fail unless `folder` holds exactly this tree."""
    actual = _as_files(tree)
    if os.environ.get("PATRONUS_UPDATE_GOLDEN"):
        shutil.rmtree(folder, ignore_errors=True)
        for name, content in actual.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(content)
    kept = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert sorted(actual) == sorted(kept), f"the set of files differs from {folder}"
    for name, content in actual.items():
        assert content.decode() == kept[name].decode(), f"{folder / name} differs"


def _describe(entry: Entry) -> str:
    target = f"-> {entry.target} " if entry.target else ""
    return f"{entry.mode:04o} {entry.owner}:{entry.group} {target}({entry.origin})"


def _as_files(tree: Tree) -> dict[str, bytes]:
    manifest = tree.manifest
    index = {
        "entries": {path: _describe(entry) for path, entry in manifest.entries.items()},
        "units": [unit._asdict() for unit in manifest.units],
        "sysctls": {sysctl.key: sysctl.value for sysctl in manifest.sysctls},
        "links": [link._asdict() for link in manifest.links],
        "checks": [" ".join(check.argv) for check in manifest.checks],
    }
    return {**tree.contents, "manifest.json": json.dumps(index, indent=2).encode() + b"\n"}
