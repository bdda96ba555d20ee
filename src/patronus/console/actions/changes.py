"""The change that waits for its confirmation, and the generations before it."""

from __future__ import annotations

from patronus.console.action import Action, Choice, Page, Question, Talk, tell
from patronus.ops import messages as m
from patronus.ops import registry, wording

_KEEP, _BACK = "keep", "back"
_DIFF, _SHOW, _ROLL_BACK = "diff", "show", "roll-back"


def _pending(talk: Talk) -> m.PendingChange | None:
    return talk.ask(registry.STATUS).pending


def _describe(talk: Talk) -> list[str]:
    pending = _pending(talk)
    if pending is None:
        return ["No change waits for a confirmation."]
    review = talk.ask(registry.DIFF, m.DiffRequest(old=pending.previous)) if pending.previous else None
    lines = wording.tell_review(review) if review else ["The box was locked down before."]
    return [
        f"Generation {pending.generation} by {pending.author}; before it: {pending.previous or 'locked down'}",
        "",
        *lines,
    ]


def _settle(talk: Talk) -> Page:
    if "how" not in talk.answers:
        return tell("No change waits for a confirmation.")
    how, _, generation = talk.answers["how"].partition(" ")
    if how == _KEEP:
        kept = talk.ask(registry.CONFIRM, m.ConfirmRequest(generation=generation)).generation
        return tell(f"Generation {kept} is confirmed: the box starts with it from now on.")
    back = talk.ask(registry.ROLLBACK, m.RollbackRequest()).generation
    return tell(f"The box is back at generation {back or 'none: it is locked down'}.")


def _offer(talk: Talk) -> list[Choice]:
    """Name the generation in the answer, so that another one, which came meanwhile, is not confirmed unseen."""
    pending = _pending(talk)
    keep = f"{_KEEP} {pending.generation if pending else ''}"
    return [Choice(keep, "Keep it: confirm the change"), Choice(_BACK, "Go back to what was before, now")]


PENDING = Action(
    11,
    "pending",
    "Pending change",
    "A change goes back by itself unless somebody confirms it in time. Here it is confirmed, or undone at once. "
    "Command line: patronus confirm, patronus rollback.",
    _settle,
    questions=(
        Question(
            "how", "What about the change?", choices=_offer, intro=_describe,
            wanted=lambda talk: _pending(talk) is not None,
        ),
    ),
)  # fmt: skip


def _list_generations(talk: Talk) -> list[Choice]:
    entries = talk.ask(registry.HISTORY).entries
    return [Choice(entry.generation, wording.tell_generation(entry)) for entry in entries]


def _visit(talk: Talk) -> Page:
    generation, what = talk.answers["generation"], talk.answers["what"]
    if what == _SHOW:
        files = talk.ask(registry.SHOW, m.ShowRequest(generation=generation)).files
        return Page([line for text in files.values() for line in text.split("\n")])
    if what == _DIFF:
        review = talk.ask(registry.DIFF, m.DiffRequest(old=generation))
        return Page([f"What runs now, compared with generation {generation}:", "", *wording.tell_review(review)])
    request = m.RollbackRequest(generation=generation)
    running = talk.ask(registry.ROLLBACK, request).generation
    wait = wording.count_seconds(request.confirm_within)
    return tell(f"Generation {running} runs. It goes back in {wait} unless you keep it: item {PENDING.number}.")


_VISITS = [
    Choice(_DIFF, "What differs between it and what runs now"),
    Choice(_SHOW, "Its document"),
    Choice(_ROLL_BACK, "Apply it again; it waits for a confirmation"),
]
HISTORY = Action(
    12,
    "history",
    "History and going back",
    "Every generation the box has kept, newest first; times are UTC. Look at what differs, or apply one again: its "
    "signatures are checked again, and it waits for its confirmation. "
    "Command line: patronus history, diff, show, rollback.",
    _visit,
    questions=(
        Question("generation", "Which generation?", choices=_list_generations),
        Question("what", "What about it?", choices=lambda _talk: _VISITS,
                 intro=lambda talk: [f"Generation {talk.answers['generation']}"]),
    ),
    warning=lambda talk: (
        f"The box changes to generation {talk.answers['generation']} now. Open sessions may break."
        if talk.answers["what"] == _ROLL_BACK else ""
    ),
)  # fmt: skip
