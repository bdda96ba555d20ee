"""Says what a validation error means in the words of the document, with the next step. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from patronus.values.types import write_duration, write_size

_FIXED = {
    "extra_forbidden": ("is not a known key here", ""),
    "missing": ("is missing", "add it"),
    "int_type": ("expected a whole number", "write it without quotes"),
    "int_from_float": ("expected a whole number", "write it without a fraction"),
    "string_type": ("expected text", "write it in quotes"),
    "bool_parsing": ("expected true or false", ""),
    "bool_type": ("expected true or false", ""),
    "tuple_type": ("expected a list", "write it as [a, b] or as lines beginning with -"),
    "dict_type": ("expected a mapping of names", "write `name: ...` below it"),
    "model_type": ("expected a mapping of settings", "write `key: value` below it"),
}
_BOUNDS = {
    "greater_than_equal": ("ge", "at least"),
    "greater_than": ("gt", "more than"),
    "less_than_equal": ("le", "at most"),
    "less_than": ("lt", "less than"),
}
_LENGTHS = {
    "too_long": ("max_length", "at most", "entries"),
    "too_short": ("min_length", "at least", "entries"),
    "string_too_long": ("max_length", "at most", "characters"),
    "string_too_short": ("min_length", "at least", "characters"),
}
_SINGULAR = {"entries": "entry", "characters": "character"}
_MANY = 8
"""Choices a person still reads to the end."""


def explain(detail: Any, written: Any) -> tuple[str, str]:
    """Return message and hint for one error of pydantic's; `written` is the value as the document has it."""
    kind, context = detail["type"], detail.get("ctx", {})
    if kind in _FIXED:
        return _FIXED[kind]
    if kind in {"literal_error", "enum"}:
        return _explain_choice(re.findall(r"'([^']*)'", context["expected"]), written)
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"expected {words} {_unit_of(written)(context[key])}", ""
    if kind in _LENGTHS:
        key, words, unit = _LENGTHS[kind]
        return f"expected {words} {context[key]} {unit if context[key] != 1 else _SINGULAR[unit]}", ""
    message = detail["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:], _hint_quotes(message, written)


def explain_all(errors: Iterable[tuple[str, str]]) -> tuple[str, str]:
    """Join what the branches of a union say about one value; the first hint wins."""
    found = list(dict.fromkeys(errors))
    messages = [message for message, _ in found]
    if len(messages) > 1 and all(message.startswith("expected ") for message in messages):
        messages = ["expected " + ", or ".join(message.removeprefix("expected ") for message in messages)]
    return "; ".join(messages), next((hint for _, hint in found if hint), "")


def find_close(word: str, known: Iterable[str]) -> str:
    """Return the known word that somebody who wrote `word` most probably meant; empty when none is close."""
    return _find_close(word, tuple(known))


@lru_cache(1000)
def _find_close(word: str, known: tuple[str, ...]) -> str:
    return next(iter(difflib.get_close_matches(word, known, 1)), "")


def suggest(word: str, known: Iterable[str]) -> str:
    """Return a hint for a word that is none of `known`."""
    known = list(known)
    close = find_close(word, known)
    if close:
        return f"did you mean `{close}`?"
    return f"known here: {', '.join(known)}" if known else "remove it"


def _explain_choice(choices: list[str], written: Any) -> tuple[str, str]:
    close = find_close(written, choices) if isinstance(written, str) else ""
    hint = f"did you mean `{close}`?" if close else ""
    if len(choices) > _MANY:
        return "expected one of the words this setting knows", hint or f"known here: {', '.join(choices)}"
    if len(choices) == 1:
        return f"expected `{choices[0]}`", hint
    return f"expected {', '.join(f'`{choice}`' for choice in choices[:-1])} or `{choices[-1]}`", hint


def _unit_of(written: Any) -> Callable[[int], str]:
    """Bounds of durations and sizes are seconds and bytes; say them the way the document does."""
    if isinstance(written, str) and written[-1:] in set("smhdw"):
        return write_duration
    return write_size if isinstance(written, str) and written[-1:] in set("KMG") else str


def _hint_quotes(message: str, written: Any) -> str:
    if type(written) is int and message.startswith(("expected a duration", "expected a size")):
        return "add the unit"
    word_wanted = re.match(r"expected [^,:]*\b(?:name|word|path)\b", message)
    return "write it in quotes if it is meant as text" if word_wanted and type(written) in {bool, int, float} else ""
