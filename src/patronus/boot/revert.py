"""Goes back to the tree that ran before the pending change. Started by the timer a little early.

`revert` is also what `patronus rollback` does, at once. A box that cannot go back fails secure: half of one generation
and half of another is nothing anybody signed.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from time import sleep

from patronus.boot.failure import forget_failure, record_failure
from patronus.host import files, nft, units
from patronus.host.generations import Generations
from patronus.host.layout import Layout
from patronus.host.run import CommandFailed
from patronus.pipeline.apply import ApplyFailed, apply_tree
from patronus.pipeline.confirm import Pending, changing_now, clock, read_pending
from patronus.values.problem import Problem

ATTEMPTS = 3
_PAUSE = 1.0
"""Seconds between two attempts: services that systemd restarts by itself are given as long."""
_FAILSECURE = "patronus-failsecure.service"


def revert(layout: Layout) -> Pending | None:
    """Undo the pending change and return it; None when none is left to undo. The caller holds the lock.

    Raises ApplyFailed when the box refuses the old generation as well; it is locked down then.
    """
    pending = read_pending(layout)
    if pending is None:
        return None
    if Generations(layout.config).confirmed() == pending.generation and not pending.again:
        layout.pending.unlink()  # whoever confirmed it was ended before it could say so
        forget_failure(layout)
        return None
    try:
        _restore(layout, pending)
    except ApplyFailed as error:
        record_failure(layout, "going back failed", [error.problem])
        with suppress(CommandFailed):  # if it cannot be started here, the timer's own unit asks for it again
            units.change_units("start", [_FAILSECURE])
        raise
    if pending.previous_generation:
        files.point_link(layout.run / "generation", pending.previous_generation)
    else:
        (layout.run / "generation").unlink(missing_ok=True)
    layout.pending.unlink(missing_ok=True)
    return pending


def _restore(layout: Layout, pending: Pending) -> None:
    """Apply the tree that ran before, more than once if need be."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _restore_once(layout, pending)
        except ApplyFailed as error:
            print(f"<3>going back failed, attempt {attempt} of {ATTEMPTS}: {error.problem.message}", file=sys.stderr)
            if attempt == ATTEMPTS and error.in_force:
                return  # as at boot: a service that does not run is told, and is no reason to close the box
            if attempt == ATTEMPTS:
                raise
            sleep(_PAUSE)
        else:
            return


def _restore_once(layout: Layout, pending: Pending) -> None:
    try:
        apply_tree(layout, layout.trees / pending.previous_tree, files.read_manifest(layout.trees / pending.tree))
    except (OSError, ValueError) as error:
        raise ApplyFailed(Problem("", f"the rendered files are damaged: {error}", "restart the box")) from error


def main() -> int:
    """Run as a unit: say in the journal what happened."""
    layout = Layout()
    pending = read_pending(layout)
    if pending is None:
        return 0
    with suppress(Exception):  # what does not load now is told when it is needed
        nft.warm_up()
    sleep(max(0.0, pending.deadline - clock()))
    with changing_now(layout):
        # Another change may wait by now, with a timer of its own.
        return _revert(layout) if read_pending(layout) == pending else 0


def _revert(layout: Layout) -> int:
    try:
        pending = revert(layout)
    except ApplyFailed:
        return 1
    if pending:
        print(f"<4>generation {pending.generation} was not confirmed: back at {pending.previous_generation or 'none'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
