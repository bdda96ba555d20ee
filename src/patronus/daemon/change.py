"""Changes the running generation: prepare, arm the timer, apply, confirm or go back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patronus.boot.choose import record_of, verify_kept_generation, verify_new
from patronus.boot.failure import forget_failure
from patronus.boot.lockdown import outline_lockdown
from patronus.boot.revert import revert
from patronus.daemon.look import running_generation
from patronus.host import files, identity
from patronus.host.engine import read_engine
from patronus.host.generations import Generations, Record, edit_of
from patronus.host.kept_tree import KeptTrees
from patronus.host.layout import Layout
from patronus.host.trust import Trust, read_trust
from patronus.host.trust import confirm as confirm_kept
from patronus.pipeline import confirm as timer
from patronus.pipeline.apply import ApplyFailed, apply_tree, left_over, running_manifest
from patronus.pipeline.preflight import preflight
from patronus.trust.chain import MAX_ROTATIONS, exchanges
from patronus.trust.format import MAX_BUNDLE
from patronus.trust.rendered import FALSE_RENDERING
from patronus.trust.rotation import describe
from patronus.values.problem import WARNING, Problem, Refused
from patronus.values.tree import Rendered, Tree

if TYPE_CHECKING:
    from patronus.pipeline.build import Built
    from patronus.trust.verify import Verified


class Candidate(NamedTuple):
    """A verified, rendered generation that could become the running one."""

    record: Record
    bundle: bytes
    documents: Mapping[str, bytes]
    tree: Tree
    warnings: tuple[Problem, ...]
    rotates: bool
    """Whether the trust store it carries comes into force when this is confirmed."""
    rendered: Rendered | None = None
    """What its signers say it renders to."""
    base: Path | None = None
    """Where the owners' bundle lies that a local edit was made on."""


def prepare(layout: Layout, bundle: bytes) -> Candidate:
    """Verify, validate, plan and render a bundle from outside. Raises Refused with every problem."""
    generations = Generations(layout.config)
    running = running_generation(layout)
    parent = _digest(layout, running) if running else None
    trust = read_trust(layout)
    verified = verify_new(layout, trust, bundle, highest_serial=generations.highest_serial(), parent=parent)
    record, rotates = record_of(verified, bundle), exchanges(verified, trust.chain)
    if verified.store and not rotates:
        message = f"the trust store was exchanged {MAX_ROTATIONS} times, which is the most"
        raise Refused([Problem("", message, "build an image with the store you want")])
    documents, built = _build(layout, verified)
    if _is_false(layout, verified, built):
        raise Refused([FALSE_RENDERING])
    notes = tuple(reason.as_problem(WARNING) for reason in verified.warnings) + _tell_rotation(trust, verified)
    notes += _tell_edits(running)
    return Candidate(record, bundle, documents, built.tree, notes + built.warnings, rotates, verified.rendered)


def prepare_kept(layout: Layout, generation: str) -> Candidate:
    """Prepare a generation this box has kept; its signatures are checked again, its serial is not."""
    bundle = _read_kept(layout, generation)
    trust = read_trust(layout)
    verified = verify_kept_generation(layout, trust, generation, bundle)
    record = record_of(verified, bundle)
    if record.generation != generation:  # it would not boot either
        hint = "somebody changed the config partition; take another one: patronus history"
        raise Refused([Problem("", f"generation {generation} holds another bundle than its name says", hint)])
    record = Generations(layout.config).record(generation) or record
    documents, built = _build(layout, verified)
    notes = _tell_rotation(trust, verified)
    if _is_false(layout, verified, built):  # a way back stays one: what it renders to here counts
        notes += (FALSE_RENDERING._replace(severity=WARNING),)
    rotates = exchanges(verified, trust.chain)
    base = Generations(layout.config).base(generation) if edit_of(generation) else None
    return Candidate(record, bundle, documents, built.tree, notes + built.warnings, rotates, verified.rendered, base)


def _tell_edits(running: str) -> tuple[Problem, ...]:
    """Say that a bundle of the owners ends the local edits that run."""
    edits = edit_of(running)
    if not edits:
        return ()
    message = f"the local edits made on this box ({edits}) end with it, unless its document holds them as well"
    return (Problem("", message, "compare with: patronus show --pending", WARNING),)


def _read_kept(layout: Layout, generation: str) -> bytes:
    generations = Generations(layout.config)
    if not generations.has(generation):
        raise Refused([Problem("", f"this box has no generation {generation[:60]!r}", "see: patronus history")])
    try:
        return generations.read(generation, MAX_BUNDLE)
    except OSError as error:
        hint = "take another one: patronus history"
        raise Refused([Problem("", f"generation {generation} cannot be read: {error.strerror}", hint)]) from error


def _tell_rotation(trust: Trust, verified: Verified) -> tuple[Problem, ...]:
    """Say what a bundle's own trust store changes, or why it changes nothing."""
    if verified.store is None:
        return ()
    if exchanges(verified, trust.chain):
        reasons = describe(trust.store, verified.store, verified.signers)
        return tuple(reason.as_problem(WARNING) for reason in reasons)
    message = "the trust store it carries is not taken: the one in force came later"
    return (Problem("", message, "see: patronus trust show", WARNING),)


def _build(layout: Layout, verified: Verified) -> tuple[Mapping[str, bytes], Built]:
    # Loads the whole schema, which a mere status need not.
    from patronus.pipeline.build import build, check_editors, documents_of

    documents = documents_of(verified.members)
    built = build(documents, identity.read_image(layout).profiles)
    check_editors(built, verified.manifest.local_edits)
    return documents, built


def _is_false(layout: Layout, verified: Verified, built: Built) -> bool:
    """Whether what the signers say of the rendered tree is not so, by the program of this image."""
    said = verified.rendered
    return said is not None and said.contradicts(read_engine(layout), built.tree.manifest.digest)


def _digest(layout: Layout, generation: str) -> str | None:
    from patronus.trust.format import split
    from patronus.trust.payload import digest

    try:
        return digest(split(Generations(layout.config).read(generation, MAX_BUNDLE)).payload)
    except (OSError, Refused):
        return None


def run(layout: Layout, candidate: Candidate, confirm_within: int, progress: Callable[[str], None]) -> None:
    """Apply a candidate. The timer is armed first; a failure goes back at once and is told with what it was."""
    refuse_pending(layout)
    tree = files.write_tree(layout.trees, candidate.tree)
    progress("let every daemon check its files")
    problems = preflight(tree, candidate.tree.manifest)
    if problems:
        raise Refused(problems)
    Generations(layout.config).keep(candidate.bundle, candidate.record, running_generation(layout), candidate.base)
    KeptTrees.of(layout).keep(candidate.record.generation, candidate.rendered, candidate.tree)
    progress("apply")  # not between the timer and the change: whatever went wrong there would leave the timer alone
    old = left_over(layout) if layout.failure.exists() else running_manifest(layout)
    previous = _current_tree(layout)
    waiting = timer.Pending(
        generation=candidate.record.generation,
        tree=tree.name,
        previous_generation=running_generation(layout),
        previous_tree=previous,
        deadline=timer.clock() + (confirm_within or timer.APPLY_LIMIT),
        author=candidate.record.author,
        rotates=candidate.rotates,
        again=Generations(layout.config).confirmed() == candidate.record.generation,
    )
    timer.arm(layout, waiting)
    try:
        apply_tree(layout, tree, old)
    except ApplyFailed as error:
        back = _undo(layout, waiting)
        raise Refused([error.problem._replace(message=f"{error.problem.message}; {back}")]) from error
    files.point_link(layout.run / "generation", candidate.record.generation)
    if not confirm_within:
        confirm(layout, candidate.record.generation)
    files.remove_other_trees(layout.trees, {tree.name, previous})


def refuse_pending(layout: Layout) -> None:
    """Raise Refused while a change waits for its confirmation."""
    pending = timer.read_pending(layout)
    if pending:
        hint = "confirm it or go back first: patronus confirm, patronus rollback"
        raise Refused([Problem("", f"generation {pending.generation} still waits for its confirmation", hint)])


def _undo(layout: Layout, waiting: timer.Pending) -> str:
    """Go back from an apply that failed; return how that went."""
    try:
        revert(layout)
    except ApplyFailed as error:
        return f"going back failed too ({error.problem.message}), so the box is locked down"
    timer.disarm(layout)
    return f"the box is back at generation {waiting.previous_generation or 'none'}"


def _current_tree(layout: Layout) -> str:
    """Return the running tree's id; a locked-down box gets a tree that says so, to be able to go back to it.

    After a boot that failed half-way `current` names a tree whose rules are not in force.
    """
    if layout.current.exists() and not layout.failure.exists():
        return layout.current.readlink().name
    return files.write_tree(layout.trees, outline_lockdown(layout)).name


def confirm(layout: Layout, generation: str) -> str:
    """Keep the pending change: durable first, then the timer is stopped, so that no cut in between loses both."""
    pending = timer.read_pending(layout)
    if pending is None:
        if generation and generation == Generations(layout.config).confirmed() == running_generation(layout):
            return generation  # asked again by somebody whom the first answer did not reach
        raise Refused([Problem("", "no change waits for a confirmation", "see: patronus status")])
    if generation not in ("", pending.generation):
        message = f"generation {pending.generation} waits for a confirmation, not {generation[:60]!r}"
        raise Refused([Problem("", message, f"patronus confirm {pending.generation}")])
    if running_generation(layout) != pending.generation:
        message = f"generation {pending.generation} was not applied to its end"
        raise Refused([Problem("", message, "it goes back at its deadline; at once with: patronus rollback")])
    generations = Generations(layout.config)
    record = generations.record(pending.generation)
    if record is None:
        hint = "go back and apply it again: patronus rollback"
        raise Refused([Problem("", f"generation {pending.generation} is not on the config partition", hint)])
    confirm_kept(layout, record._replace(confirmed_at=int(time.time())), rotates=pending.rotates)
    timer.disarm(layout)
    forget_failure(layout)
    return pending.generation


def go_back(layout: Layout) -> str:
    """Undo the pending change now. Raises Refused when there is none, or when it was confirmed after all."""
    pending = timer.read_pending(layout)
    if pending is None:
        hint = "name a generation: patronus history, patronus rollback GENERATION"
        raise Refused([Problem("", "no change waits for a confirmation", hint)])
    try:
        undone = revert(layout)
    except ApplyFailed as error:
        message = f"going back failed, so the box is locked down: {error.problem.message}"
        raise Refused([error.problem._replace(message=message)]) from error
    timer.disarm(layout)
    if undone is None:
        message = f"generation {pending.generation} was confirmed already, and runs"
        hint = f"apply the one before: patronus rollback {pending.previous_generation or 'GENERATION'}"
        raise Refused([Problem("", message, hint)])
    return pending.previous_generation
