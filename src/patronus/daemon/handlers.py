"""What each operation does. The only place where operations meet the engine."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from patronus.daemon import change, editing, look, observe, power, sticks, trusting
from patronus.daemon.caller import Caller
from patronus.daemon.lock import Busy, change_lock
from patronus.host.generations import Generations
from patronus.host.layout import Layout
from patronus.host.trust import settle_rotation
from patronus.ops import messages as m
from patronus.values.problem import Problem, Refused

__all__ = ["HANDLERS", "Busy", "Caller"]


def status(layout: Layout, _request: m.Nothing, _caller: Caller) -> m.Status:
    """Tell what runs now."""
    return look.status(layout)


def plan(layout: Layout, request: m.BundleRequest, _caller: Caller) -> m.Review:
    """Tell what a bundle would change; nothing is changed and nothing is kept."""
    candidate = change.prepare(layout, _decode(request.bundle))
    return look.review(layout, candidate)


def apply(layout: Layout, request: m.ApplyRequest, caller: Caller) -> m.ApplyResult:
    """Apply a bundle."""
    bundle = _decode(request.bundle)
    with change_lock(layout):
        settle_rotation(layout)
        caller.progress("verify, validate and render")
        candidate = change.prepare(layout, bundle)
        review = look.review(layout, candidate)
        change.run(layout, candidate, request.confirm_within, caller.progress)
    return m.ApplyResult(generation=candidate.record.generation, confirm_within=request.confirm_within, review=review)


def confirm(layout: Layout, request: m.ConfirmRequest, _caller: Caller) -> m.GenerationResult:
    """Keep the pending change."""
    with change_lock(layout):
        return m.GenerationResult(generation=change.confirm(layout, request.generation))


def rollback(layout: Layout, request: m.RollbackRequest, caller: Caller) -> m.GenerationResult:
    """Undo the pending change, or apply an older generation."""
    with change_lock(layout):
        if not request.generation:
            return m.GenerationResult(generation=change.go_back(layout))
        candidate = change.prepare_kept(layout, request.generation)
        editing.check_allowed(layout, request.generation)
        change.run(layout, candidate, request.confirm_within, caller.progress)
        return m.GenerationResult(generation=candidate.record.generation)


def history(layout: Layout, _request: m.Nothing, _caller: Caller) -> m.History:
    """List the kept generations."""
    generations = Generations(layout.config)
    running, confirmed = look.running_generation(layout), generations.confirmed()
    entries = [
        m.HistoryEntry(
            **record._asdict(), running=record.generation == running, confirmed=record.generation == confirmed
        )
        for record in generations.records()
    ]
    return m.History(entries=tuple(entries))


def diff(layout: Layout, request: m.DiffRequest, _caller: Caller) -> m.Review:
    """Compare two generations as they would be rendered by this image."""
    old, new = (
        change.prepare_kept(layout, name or look.running_generation(layout)) for name in (request.old, request.new)
    )
    return look.compare(old, new)


def show(layout: Layout, request: m.ShowRequest, _caller: Caller) -> m.Shown:
    """Return a generation's own document, or what it renders to."""
    candidate = change.prepare_kept(layout, request.generation or look.running_generation(layout))
    return m.Shown(files=look.texts(candidate, rendered=request.rendered))


HANDLERS: dict[str, Callable[[Layout, Any, Caller], m.Message]] = {
    "Status": status,
    "Plan": plan,
    "Apply": apply,
    "Confirm": confirm,
    "Rollback": rollback,
    "History": history,
    "Diff": diff,
    "Show": show,
    **editing.HANDLERS,
    **observe.HANDLERS,
    **power.HANDLERS,
    **sticks.HANDLERS,
    **trusting.HANDLERS,
}


def _decode(bundle: str) -> bytes:
    try:
        return base64.b64decode(bundle, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Refused([Problem("", "the bundle is not base64", "send it with: patronus apply FILE")]) from error
