"""A signed configuration that somebody brings on a stick."""

from __future__ import annotations

from patronus.console.action import Action, Choice, Page, Question, Talk
from patronus.ops import messages as m
from patronus.ops import observations as o
from patronus.ops import registry, wording

_PENDING = 11


def _list_bundles(talk: Talk) -> list[Choice]:
    files = talk.ask(registry.STICK_BUNDLES).files
    return [Choice(file.name, f"{file.name}  ({wording.count_bytes(file.size)} bytes)") for file in files]


def _review(talk: Talk) -> list[str]:
    """Fetch the bundle once, so that what is applied is what was looked at, and tell what it changes."""
    bundle = talk.ask(registry.STICK_BUNDLE, o.StickRequest(name=talk.answers["name"])).bundle
    talk.kept["bundle"] = bundle
    review = talk.ask(registry.PLAN, m.BundleRequest(bundle=bundle))
    return [*wording.tell_findings(review.findings), *wording.tell_review(review)]


def _apply(talk: Talk) -> Page:
    result = talk.ask(registry.APPLY, m.ApplyRequest(bundle=talk.kept["bundle"]))
    wait = wording.count_seconds(result.confirm_within)
    text = f"Generation {result.generation} runs. It goes back in {wait} unless you keep it: item {_PENDING}."
    return Page([text], prose=True)


STICK = Action(
    13,
    "stick",
    "Apply a config from a stick",
    "A FAT stick with the label PATRONUS and *.bundle files, which `patronus sign` makes. The bundle is verified, you "
    "see what it changes, and it waits for its confirmation like any change. "
    "Command line: patronus stick NAME | patronus apply -.",
    _apply,
    questions=(
        Question("name", "Which bundle?", choices=_list_bundles),
        Question(
            "sure", "It is signed by an owner of this box. Apply it?", intro=_review,
            choices=lambda _talk: [Choice("yes", "Yes, apply it; it waits for a confirmation")],
        ),
    ),
)  # fmt: skip
