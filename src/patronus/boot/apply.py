"""Boot step 2: render the chosen generation and make it current, before any network and any service.

It starts together with step 1 and the rest of the early boot, and gets ready meanwhile: loading the engine takes longer
than all of its work. What it waits for then is `patronus-ready.target`. When this image has rendered the generation
before, and its signers say what it renders to, the tree kept then is taken and the engine is not loaded at all.
"""

from __future__ import annotations

import gc
import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any, NamedTuple

import patronus
from patronus.boot.failure import forget_failure, record_failure
from patronus.host import files, nft, units
from patronus.host.generations import Generations, Record
from patronus.host.kept_tree import KeptTrees
from patronus.host.layout import Layout
from patronus.pipeline.apply import ApplyFailed, apply_tree
from patronus.pipeline.preflight import preflight_booting
from patronus.values.manifest import EMPTY
from patronus.values.problem import Problem, Refused
from patronus.values.tree import Rendered, Tree

READY = "patronus-ready.target"
EXAMPLE = Path(patronus.__file__).with_name("example.yaml")


def main() -> int:
    """Run as a unit: the exit code decides whether the box is configured or fails secure."""
    gc.disable()  # a short process: collecting while the schema loads costs a seventh of this step
    layout = Layout()
    ready = units.Waiting(READY)
    try:
        kept = KeptTrees.of(layout)
        prepare(layout, kept)
        if not ready.is_up():
            print("<3>nothing to apply: a step before this one failed", file=sys.stderr)
            return 1
        return _apply(layout, kept)
    except Refused as refused:
        return record_failure(layout, "the configuration does not fit this image", refused.problems)
    except ApplyFailed as error:
        return record_failure(layout, "the configuration cannot be applied", [error.problem])
    except Exception as error:
        return record_failure(
            layout,
            "applying the configuration failed",
            [Problem("", repr(error), "see: journalctl -b -u patronus-apply")],
        )


class Chosen(NamedTuple):
    """What step 1 handed over."""

    record: Record
    delivered: bool
    rotates: bool
    rendered: Rendered | None
    """What its signers say it renders to."""
    editors: tuple[str, ...]
    """Whose device keys may sign local edits, as the signed manifest says."""


def prepare(layout: Layout, kept: KeptTrees) -> None:
    """Load what will be needed; what the disk says about the generation to come decides only how long it takes."""
    confirmed = Generations(layout.config).confirmed()
    if confirmed is None or not kept.has(confirmed):
        rehearse()
    nft.warm_up()


def rehearse() -> None:
    """Render the image's own example: modules, schemas and templates are loaded and compiled at first use."""
    from patronus.pipeline.build import build

    build({EXAMPLE.name: EXAMPLE.read_bytes()})


def _apply(layout: Layout, kept: KeptTrees) -> int:
    chosen = _read_chosen(layout)
    found = _find_kept(kept, chosen)
    tree = found or _render(layout, kept.image.profiles, chosen.editors)
    folder = files.write_tree(layout.trees, tree)
    problems = preflight_booting(tree.manifest)
    if problems:
        raise Refused(problems)
    applied = apply_tree(layout, folder, EMPTY, booting=True)
    for warning in applied.warnings:
        print(f"<4>{warning}", file=sys.stderr)
    if chosen.delivered:
        _confirm(layout, chosen)
    files.point_link(layout.run / "generation", chosen.record.generation)
    forget_failure(layout)
    print(
        f"generation {chosen.record.generation} is running, {'as it was rendered before' if found else 'rendered now'}"
    )
    _keep(kept, chosen, tree)
    return 0


def _keep(kept: KeptTrees, chosen: Chosen, tree: Tree) -> None:
    """Let the boots to come take what was rendered, when its signers say the same of it."""
    if chosen.rendered and chosen.rendered.contradicts(kept.engine, tree.manifest.digest):
        message = (
            "its signers say that this generation renders to something else than the same program makes of it here"
        )
        print(f"<4>{message}; it is rendered anew at every boot: sign the document again", file=sys.stderr)
    kept.keep(chosen.record.generation, chosen.rendered, tree)


def _read_chosen(layout: Layout) -> Chosen:
    body: dict[str, Any] = json.loads((layout.chosen / "record.json").read_bytes())
    rendered = Rendered(*body["rendered"]) if body["rendered"] else None
    return Chosen(Record(**body["record"]), body["delivered"], body["rotates"], rendered, tuple(body["editors"]))


def _find_kept(kept: KeptTrees, chosen: Chosen) -> Tree | None:
    """Return the tree this image rendered before, if it is what the owners signed."""
    generation = chosen.record.generation
    if not kept.has(generation):
        return None
    found = kept.read(generation, chosen.rendered)
    if found is None:
        print("<4>the tree kept for this generation is not the one its owners signed: rendered again", file=sys.stderr)
        kept.forget(generation)
    return found


def _render(layout: Layout, profiles: Collection[str], editors: Collection[str]) -> Tree:
    from patronus.pipeline.build import build, check_editors, documents_of

    folder = layout.chosen / "members"
    members = {name: (folder / name).read_bytes() for name in _names(folder)}
    built = build(documents_of(members), profiles)
    check_editors(built, editors)
    return built.tree


def _confirm(layout: Layout, chosen: Chosen) -> None:
    """Keep what was delivered: it has shown that it can be applied."""
    from patronus.host import trust

    bundle = layout.chosen / "bundle"
    try:
        Generations(layout.config).keep(bundle.read_bytes(), chosen.record)
    except Refused as refused:  # it fits the image; what it does not fit is the disk
        raise ApplyFailed(refused.problems[0]) from refused
    kept = chosen.record._replace(confirmed_at=int(bundle.stat().st_mtime))
    trust.confirm(layout, kept, rotates=chosen.rotates)


def _names(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


if __name__ == "__main__":
    sys.exit(main())
