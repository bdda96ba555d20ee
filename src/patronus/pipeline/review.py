"""Two trees -> what a reviewer wants to read: rendered diffs and what happens to services. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import NamedTuple

from patronus.pipeline.diff import Changes, diff
from patronus.values.manifest import Entry, Manifest

MAX_DIFF_LINES = 2000
_OTHERS = 0o077


class FileReview(NamedTuple):
    """One changed path; `text` is a unified diff or says why none is shown."""

    path: str
    kind: str
    origin: str
    text: str


def review(
    old: Manifest, old_contents: Mapping[str, bytes], new: Manifest, new_contents: Mapping[str, bytes]
) -> tuple[Changes, list[FileReview]]:
    """Compare two trees by meaning and by text."""
    changes = diff(old, new)
    kinds = [("added", changes.added), ("changed", changes.changed), ("removed", changes.removed)]
    reviews = []
    for kind, paths in kinds:
        for path in paths:
            before, after = old.entries.get(path), new.entries.get(path)
            text = _compare(path, before, old_contents.get(path, b""), after, new_contents.get(path, b""))
            reviews.append(FileReview(path, kind, (after or before or Entry("", 0, "", "")).origin, text))
    return changes, sorted(reviews)


def _compare(path: str, before: Entry | None, old: bytes, after: Entry | None, new: bytes) -> str:
    entries = [entry for entry in (before, after) if entry]
    if any(is_secret(entry) for entry in entries):
        return "content is secret and not shown"
    if any(entry.target for entry in entries):
        return " -> ".join(entry.target or "a file" for entry in entries)
    if before and after and before.digest == after.digest:
        return f"mode {before.mode:04o} {before.owner}:{before.group} -> {after.mode:04o} {after.owner}:{after.group}"
    return _unified(path, old, new)


def is_secret(entry: Entry) -> bool:
    """Tell whether only the owner may read a file: such files hold passwords or keys and are never shown."""
    return not entry.target and not entry.mode & _OTHERS


def _unified(path: str, old: bytes, new: bytes) -> str:
    lines = list(
        difflib.unified_diff(
            old.decode("utf-8", "backslashreplace").splitlines(),
            new.decode("utf-8", "backslashreplace").splitlines(),
            f"a/{path}",
            f"b/{path}",
            lineterm="",
            n=2,
        )
    )
    if len(lines) > MAX_DIFF_LINES:
        rest = len(lines) - MAX_DIFF_LINES
        lines = [*lines[:MAX_DIFF_LINES], f"... {rest} more lines"]
    return "\n".join(lines)
