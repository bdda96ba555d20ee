"""Says what a validation error means in the words of the document, with the next step. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from patronus.values.fields import Misfit
from patronus.values.numbers import write_duration, write_size
from patronus.values.problem import name_some

_FIXED = {
    "extra_forbidden": ("is not a known key here", "remove it"),
    "missing": ("is missing", "add it"),
    "string_type": ("expected text", "write it in quotes"),
    "tuple_type": ("expected a list", "write it as [a, b] or as lines beginning with -"),
    "dict_type": ("expected a mapping of names", "write `name: ...` below it"),
    "model_type": ("expected a mapping of settings", "write `key: value` below it"),
}
_UNQUOTE = "write it without quotes"
_NUMBERS = {"int_type", "int_from_float"}
_YES, _NO = {"true", "yes", "on", "y", "1"}, {"false", "no", "off", "n", "0"}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least", "raise it"),
    "greater_than": ("gt", "more than", "raise it"),
    "less_than_equal": ("le", "at most", "lower it"),
    "less_than": ("lt", "less than", "lower it"),
}
_LENGTHS = {
    "too_long": ("max_length", "at most", "entries", "remove some"),
    "too_short": ("min_length", "at least", "entries", "add one, or remove the line"),
    "string_too_long": ("max_length", "at most", "characters", "shorten it"),
    "string_too_short": ("min_length", "at least", "characters", "write something, or remove the line"),
}
_SINGULAR = {"entries": "entry", "characters": "character"}
_MEANT = {"accept": "pass", "allow": "pass", "permit": "pass", "deny": "block", "drop": "block"}
"""Words of other firewalls for ours."""
_MANY = 8
"""Choices a person still reads to the end."""


def explain(detail: Any, written: Any) -> tuple[str, str]:
    """Return message and hint for one error of pydantic's; `written` is the value as the document has it."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _FIXED:
        return _FIXED[kind]
    if kind in _NUMBERS:
        return "expected a whole number", _hint_number(written)
    if kind == "bool_type":
        return "expected true or false", _hint_switch(written)
    if kind in {"literal_error", "enum"}:
        return _explain_choice(re.findall(r"'([^']*)'", context["expected"]), written)
    if kind in _BOUNDS:
        key, words, hint = _BOUNDS[kind]
        return f"expected {words} {_unit_of(written)(context[key])}", hint
    if kind in _LENGTHS:
        key, words, unit, hint = _LENGTHS[kind]
        return f"expected {words} {context[key]} {unit if context[key] != 1 else _SINGULAR[unit]}", hint
    return _explain_misfit(detail, context.get("error"), written)


def _explain_misfit(detail: Any, error: Any, written: Any) -> tuple[str, str]:
    message = detail["msg"].removeprefix("Value error, ")
    hint = error.hint if isinstance(error, Misfit) else "compare it with the configuration reference"
    if written is None:
        hint = "write a value behind the colon, or remove the line"
    elif type(written) is int and message.startswith(("expected a duration", "expected a size")):
        hint = "add the unit"
    return message[:1].lower() + message[1:], hint


def _hint_number(written: Any) -> str:
    if isinstance(written, str):
        return _UNQUOTE if re.fullmatch("-?[0-9]+", written) else "write digits only"
    if isinstance(written, float):
        return "write it without a fraction"
    return "write a number behind the colon, or remove the line" if written is None else "write a number, such as 1"


def _hint_switch(written: Any) -> str:
    if written is None:
        return "write `true` or `false` behind the colon, or remove the line"
    word = str(written).lower()
    if word in _YES | _NO and type(written) in {str, int}:
        return "write `true`" if word in _YES else "write `false`"
    return "write `true` or `false`, without quotes"


def explain_all(errors: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Join what the branches of a union say about one value; the first hint wins, but for what is surely meant."""
    found = list(dict.fromkeys(errors))
    messages = [message for message, _ in found]
    if len(messages) > 1 and all(message.startswith("expected ") for message in messages):
        messages = ["expected " + ", or ".join(message.removeprefix("expected ") for message in messages)]
    hints = [hint for _, hint in found if hint]
    return "; ".join(messages), _UNQUOTE if _UNQUOTE in hints else next(iter(hints), "")


def find_close(word: str, known: Iterable[str]) -> str:
    """Return the known word that somebody who wrote `word` most probably meant; empty when none is close."""
    return _find_close(word, tuple(known))


@lru_cache(1000)
def _find_close(word: str, known: tuple[str, ...]) -> str:
    return next(iter(difflib.get_close_matches(word, known, 1)), "")


def list_settings(known: Iterable[str]) -> str:
    """Return a hint for something that stands where settings belong, which are `known`."""
    names = name_some(known)
    return f"write `key: value` below it; known there: {names}" if names != "none" else _FIXED["model_type"][1]


def suggest(word: str, known: Iterable[str]) -> str:
    """Return a hint for a word that is none of `known`."""
    known = list(known)
    close = find_close(word, known)
    if close:
        return f"did you mean `{close}`?"
    return f"known here: {', '.join(known)}" if known else "remove it"


def _explain_choice(choices: list[str], written: Any) -> tuple[str, str]:
    close = find_close(written, choices) if isinstance(written, str) else ""
    if str(written).lower() in _MEANT and _MEANT[str(written).lower()] in choices:
        close = _MEANT[str(written).lower()]
    hint = f"did you mean `{close}`?" if close else ""
    if len(choices) > _MANY:
        return "expected one of the words this setting knows", hint or f"known here: {', '.join(choices)}"
    hint = hint or ("write it so" if len(choices) == 1 else "write one of these words")
    if len(choices) == 1:
        return f"expected `{choices[0]}`", hint
    return f"expected {', '.join(f'`{choice}`' for choice in choices[:-1])} or `{choices[-1]}`", hint


def _unit_of(written: Any) -> Callable[[int], str]:
    """Bounds of durations and sizes are seconds and bytes; say them the way the document does."""
    if isinstance(written, str) and written[-1:] in set("smhdw"):
        return write_duration
    return write_size if isinstance(written, str) and written[-1:] in set("KMG") else str
