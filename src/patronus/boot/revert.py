"""Goes back to the tree that ran before the pending change. Started by the timer a little early.

`revert` is also what `patronus rollback` does, at once.
"""

from __future__ import annotations

import sys
from time import sleep

from patronus.host import files
from patronus.host.generations import Generations
from patronus.host.layout import Layout
from patronus.pipeline.apply import ApplyFailed, apply_tree
from patronus.pipeline.confirm import Pending, changing_now, clock, read_pending


def revert(layout: Layout) -> Pending | None:
    """Undo the pending change and return it; None when there is none. The caller holds the lock."""
    pending = read_pending(layout)
    if pending is None:
        return None
    if Generations(layout.config).confirmed() == pending.generation:
        layout.pending.unlink()  # whoever confirmed it was ended before it could say so
        return None
    candidate = files.read_manifest(layout.trees / pending.tree)
    apply_tree(layout, layout.trees / pending.previous_tree, candidate)
    if pending.previous_generation:
        files.point_link(layout.run / "generation", pending.previous_generation)
    else:
        (layout.run / "generation").unlink(missing_ok=True)
    layout.pending.unlink(missing_ok=True)
    return pending


def main() -> int:
    """Run as a unit: say in the journal what happened."""
    layout = Layout()
    pending = read_pending(layout)
    if pending is None:
        return 0
    sleep(max(0.0, pending.deadline - clock()))
    with changing_now(layout):
        # Another change may wait by now, with a timer of its own.
        return _revert(layout) if read_pending(layout) == pending else 0


def _revert(layout: Layout) -> int:
    try:
        pending = revert(layout)
    except ApplyFailed as error:
        print(f"<3>going back failed: {error.problem}", file=sys.stderr)
        return 1
    if pending:
        print(f"<4>generation {pending.generation} was not confirmed: back at {pending.previous_generation or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
