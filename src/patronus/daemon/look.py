"""Reads what the box is and what a change would be; changes nothing."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from patronus.host import identity, units
from patronus.host.generations import Generations, edit_of
from patronus.host.layout import Layout
from patronus.host.trust import TrustsNobody, read_trust
from patronus.ops import messages as m
from patronus.pipeline import confirm as timer
from patronus.pipeline.apply import running_manifest
from patronus.pipeline.diff import Changes
from patronus.pipeline.review import FileReview, is_secret
from patronus.pipeline.review import review as compare_trees
from patronus.values.manifest import EMPTY, Manifest
from patronus.values.problem import Problem, Refused

if TYPE_CHECKING:
    from patronus.daemon.change import Candidate


def running_generation(layout: Layout) -> str:
    """Return the running generation, empty on a locked-down box."""
    link = layout.run / "generation"
    return str(link.readlink()) if link.is_symlink() else ""


def status(layout: Layout) -> m.Status:
    """Read the state of the box."""
    device, image = identity.read_device(layout), identity.read_image(layout)
    return m.Status(
        device=device.id,
        hostname=socket.gethostname(),
        image=image.version,
        profiles=image.profiles,
        uptime=timer.clock(),
        generation=running_generation(layout),
        confirmed=Generations(layout.config).confirmed() or "",
        pending=_pending(layout),
        failure=_failure(layout),
        units=_units(running_manifest(layout)),
        trust=_trust(layout),
        edits=edit_of(running_generation(layout)),
        console_shell=_offers_shell(layout),
    )


def _offers_shell(layout: Layout) -> bool:
    """Tell whether the running document lets the console offer a shell; a locked-down box has no such document."""
    if not running_generation(layout):
        return False
    try:
        return bool(json.loads((layout.current / "etc/patronus/console.json").read_bytes())["shell"])
    except FileNotFoundError:  # the usual console
        return True


def _pending(layout: Layout) -> m.PendingChange | None:
    pending = timer.read_pending(layout)
    if pending is None:
        return None
    return m.PendingChange(
        generation=pending.generation,
        previous=pending.previous_generation,
        seconds_left=round(max(0.0, pending.deadline - timer.clock()), 1),
        author=pending.author,
    )


def _failure(layout: Layout) -> m.Failure | None:
    try:
        body = json.loads(layout.failure.read_bytes())
    except FileNotFoundError:
        return None
    return m.Failure(reason=body["reason"], findings=findings(Problem(*fields) for fields in body["problems"]))


def _units(manifest: Manifest) -> tuple[m.UnitState, ...]:
    down = set(units.inactive_units(unit.name for unit in manifest.units))
    return tuple(
        m.UnitState(name=unit.name, active=unit.name not in down, origin=unit.origin) for unit in manifest.units
    )


def _trust(layout: Layout) -> str:
    try:
        store = read_trust(layout).store
    except TrustsNobody:
        return "none: this box accepts no bundle"
    except Refused as refused:
        return str(refused)
    names = ", ".join(signer.name for signer in store.signers)
    return f"{store.threshold} of {len(store.signers)} keys ({names}), {store.fingerprint}"


def findings(problems: Iterable[Problem]) -> tuple[m.Finding, ...]:
    """Turn problems into their message form."""
    return tuple(m.Finding(**problem._asdict()) for problem in problems)


def review(layout: Layout, candidate: Candidate) -> m.Review:
    """Compare a candidate with what runs; on a locked-down box that is nothing, whatever was tried before."""
    old = EMPTY if layout.failure.exists() else running_manifest(layout)
    old_contents = _read_contents(layout.current, old)
    changes, reviews = compare_trees(old, old_contents, candidate.tree.manifest, candidate.tree.contents)
    return _message(candidate, changes, reviews)


def compare(old: Candidate, new: Candidate) -> m.Review:
    """Compare two generations."""
    changes, reviews = compare_trees(old.tree.manifest, old.tree.contents, new.tree.manifest, new.tree.contents)
    return _message(new, changes, reviews)


def _message(candidate: Candidate, changes: Changes, reviews: list[FileReview]) -> m.Review:
    return m.Review(
        generation=candidate.record.generation,
        files=tuple(m.FileChange(**item._asdict()) for item in reviews),
        stop=changes.stop,
        reload=changes.reload,
        restart=changes.restart,
        start=changes.start,
        findings=findings(candidate.warnings),
    )


def _read_contents(tree: Path, manifest: Manifest) -> dict[str, bytes]:
    if manifest == EMPTY:
        return {}
    return {path: (tree / path).read_bytes() for path, entry in manifest.entries.items() if not entry.target}


def texts(candidate: Candidate, *, rendered: bool) -> dict[str, str]:
    """Return the document's files, or the rendered ones without those only their daemon may read."""
    contents: Mapping[str, bytes] = candidate.documents
    if rendered:
        entries = candidate.tree.manifest.entries
        contents = {path: raw for path, raw in candidate.tree.contents.items() if not is_secret(entries[path])}
    return {path: raw.decode("utf-8", "backslashreplace") for path, raw in contents.items()}
