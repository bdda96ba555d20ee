"""Boot step 2: render the chosen generation and make it current, before any network and any service.

It starts together with step 1 and the rest of the early boot, and gets ready meanwhile: loading the engine takes longer
than all of its work. What it waits for then is `patronus-ready.target`.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

import patronus
from patronus.boot.failure import forget_failure, record_failure
from patronus.host import files, identity, nft, trust, units
from patronus.host.generations import Generations, Record
from patronus.host.layout import Layout
from patronus.pipeline.apply import ApplyFailed, apply_tree
from patronus.pipeline.preflight import preflight_booting
from patronus.values.manifest import EMPTY
from patronus.values.problem import Problem, Refused

READY = "patronus-ready.target"
EXAMPLE = Path(patronus.__file__).with_name("example.yaml")


def main() -> int:
    """Run as a unit: the exit code decides whether the box is configured or fails secure."""
    gc.disable()  # a short process: collecting while the schema loads costs a seventh of this step
    layout = Layout()
    ready = units.Waiting(READY)
    try:
        prepare()
        if not ready.is_up():
            print("<3>nothing to apply: a step before this one failed", file=sys.stderr)
            return 1
        return _apply(layout)
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


def prepare() -> None:
    """Rehearse with the image's own example: modules, schemas and templates are loaded and compiled at first use."""
    from patronus.pipeline.build import build

    build({EXAMPLE.name: EXAMPLE.read_bytes()})
    nft.warm_up()


def _apply(layout: Layout) -> int:
    from patronus.pipeline.build import build, documents_of

    body = json.loads((layout.chosen / "record.json").read_bytes())
    delivered, rotates = body.pop("delivered"), body.pop("rotates")
    record = Record(**body)
    members = {name: (layout.chosen / "members" / name).read_bytes() for name in _names(layout.chosen / "members")}
    tree = build(documents_of(members), identity.read_image(layout).profiles).tree
    folder = files.write_tree(layout.trees, tree.tree_id, tree.manifest, tree.contents)
    problems = preflight_booting(tree.manifest)
    if problems:
        raise Refused(problems)
    applied = apply_tree(layout, folder, EMPTY, booting=True)
    for warning in applied.warnings:
        print(f"<4>{warning}", file=sys.stderr)
    if delivered:
        Generations(layout.config).keep((layout.chosen / "bundle").read_bytes(), record)
        kept = record._replace(confirmed_at=int((layout.chosen / "bundle").stat().st_mtime))
        trust.confirm(layout, kept, rotates=rotates)
    files.point_link(layout.run / "generation", record.generation)
    forget_failure(layout)
    print(f"generation {record.generation} is running")
    return 0


def _names(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


if __name__ == "__main__":
    sys.exit(main())
