"""Puts values at config paths of a document's text, and leaves everything else as it stands, comments included.

The text was read by `read_yaml` before, so it holds no anchors, tags or depths to be afraid of.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from io import StringIO
from itertools import pairwise
from typing import Any, NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from patronus.pipeline.load import Data, load
from patronus.pipeline.read_yaml import read_yaml
from patronus.values.problem import Problem, Refused

_LAYOUTS = ((2, 2, 0), (2, 4, 2), (4, 4, 2), (4, 6, 4))
"""How people indent: mappings, sequences, and the dash within those."""
_VALUE = "the value"


class _Setting(NamedTuple):
    """A value to be set, None to take it out; `path` and `value` as somebody wrote them."""

    path: str
    value: str | None
    steps: list[str | int]


def set_values(documents: Mapping[str, bytes], settings: Mapping[str, str | None]) -> dict[str, bytes]:
    """Return the documents with values, written as in YAML, by paths such as `dhcp.subnets[0].pools`. Raises Refused.

    A key that is not there is added; an index one past the end of a list appends; None takes out what is there. One
    after the other: a later path may lead into what an earlier one has set. Without documents a new one begins.
    """
    documents = dict(documents) or {"config.yaml": b""}
    expected = load(documents)
    parts = {name: load({name: raw}) for name, raw in documents.items()}
    edits: dict[str, list[_Setting]] = {}
    for path, value in settings.items():
        setting = _Setting(path, value, _find_steps(expected, path))
        name = _find_document(parts, setting.steps)
        for data in (expected, parts[name]):
            _change(data, setting, lambda text: read_yaml(_VALUE, text))
        edits.setdefault(name, []).append(setting)
    changed = {**documents, **{name: _rewrite(documents[name], todo) for name, todo in edits.items()}}
    if not _same(load(changed), expected):
        paths, message = ", ".join(settings), "cannot be set without touching other parts of the document"
        raise Refused(
            [Problem(paths, message, "edit it as a whole: patronus show > my.yaml, patronus edit --file my.yaml")]
        )
    return changed


def _find_steps(data: Data, path: str) -> list[str | int]:
    """Take a path apart. A key may hold dots itself (`net.core.somaxconn`): the longest that is there is meant."""
    steps: list[str | int] = []
    here: Any = data
    rest = path
    while rest:
        step, rest = _take_index(rest, path) if rest.startswith("[") else _take_key(rest, here, path)
        steps.append(step)
        here = _look(here, step)
        rest = rest.removeprefix(".") if rest.startswith(".") and len(rest) > 1 else rest
        if rest == ".":
            raise _no_path(path)
    if not steps or isinstance(steps[0], int):
        raise _no_path(path)
    return steps


def _take_index(rest: str, path: str) -> tuple[int, str]:
    number, bracket, after = rest[1:].partition("]")
    if not bracket or not number.isascii() or not number.isdecimal() or len(number) > 6:
        raise _no_path(path)
    return int(number), after


def _take_key(rest: str, here: Any, path: str) -> tuple[str, str]:
    ends = [index for index in range(1, len(rest) + 1) if index == len(rest) or rest[index] in ".["]
    known = here if isinstance(here, dict) else {}
    end = next((end for end in reversed(ends) if rest[:end] in known), ends[0] if ends else 0)
    key = rest[:end]
    if not key or "]" in key or key.startswith("."):
        raise _no_path(path)
    return key, rest[end:]


def _look(here: Any, step: str | int) -> Any:
    if isinstance(here, dict):
        return here.get(step)
    return here[step] if isinstance(here, list) and isinstance(step, int) and step < len(here) else None


def _no_path(path: str) -> Refused:
    hint = "write it as messages do: dhcp.subnets[0].pools"
    return Refused([Problem("", f"{path[:100]!r} is not the place of a setting", hint)])


def _change(data: Any, setting: _Setting, read: Callable[[str], Any]) -> None:
    """Set a value in plain data or in ruamel's, or take it out."""
    if setting.value is None:
        _take_out(data, setting.steps, setting.path)
    else:
        _put(data, setting.steps, read(setting.value), setting.path)


def _take_out(data: Any, steps: list[str | int], path: str) -> None:
    here = data
    for step in steps[:-1]:
        here = _look(here, step)
    try:
        del here[steps[-1]]
    except (KeyError, IndexError, TypeError):
        hint = "see the document: patronus show"
        raise Refused([Problem(path, "is not set, so there is nothing to remove", hint)]) from None


def _put(data: Any, steps: list[str | int], value: Any, path: str) -> None:
    """Put a value where the steps lead, in plain data or in ruamel's; mappings on the way are made."""
    here = data
    for step, following in pairwise(steps):
        _check_step(here, step, path, last=False)
        if isinstance(here, dict) and here.get(step) is None:
            if isinstance(following, int):
                raise _no_list(path)
            here[step] = {}
        here = here[step]
    _check_step(here, steps[-1], path, last=True)
    if isinstance(here, list) and steps[-1] == len(here):
        here.append(value)
    else:
        here[steps[-1]] = value


def _check_step(here: Any, step: str | int, path: str, *, last: bool) -> None:
    if isinstance(step, int):
        if not isinstance(here, list) or step >= len(here) + last:
            raise _no_list(path)
    elif not isinstance(here, dict):
        hint = "name an entry of a list by its number, the first is [0]; see the document: patronus show"
        raise Refused([Problem(path, f"there is no mapping that could hold {step[:60]!r}", hint)])


def _no_list(path: str) -> Refused:
    hint = "give the whole list as the value, as in: [a, b]; see the document: patronus show"
    return Refused([Problem(path, "there is no list with such an entry", hint)])


def _find_document(parts: Mapping[str, Data], steps: list[str | int]) -> str:
    """Return the file that holds most of the way; the first one when none holds any of it."""

    def depth(name: str) -> int:
        here: Any = parts[name]
        for count, step in enumerate(steps):
            here = _look(here, step)
            if here is None:
                return count
        return len(steps)

    return max(sorted(parts), key=depth)


def _rewrite(raw: bytes, settings: list[_Setting]) -> bytes:
    text = raw.decode("utf-8")
    try:
        best = min(_LAYOUTS, key=lambda layout: _count_changes(text, _dump(layout, _editor(layout).load(text))))
        editor = _editor(best)
        data = editor.load(text) or {}
        for setting in settings:
            _change(data, setting, editor.load)
        return _dump(best, data).encode()
    except (YAMLError, ValueError, RecursionError) as error:
        paths = ", ".join(setting.path for setting in settings)
        hint = "edit it as a whole, with --file"
        raise Refused([Problem(paths, "the document cannot be rewritten", hint)]) from error


def _editor(layout: tuple[int, int, int]) -> YAML:
    editor = YAML(typ="rt", pure=True)
    editor.preserve_quotes = True
    editor.width = 4096
    editor.indent(*layout)
    return editor


def _dump(layout: tuple[int, int, int], data: Any) -> str:
    out = StringIO()
    _editor(layout).dump(data, out)
    return out.getvalue()


def _count_changes(text: str, other: str) -> int:
    return len(set(text.splitlines()) ^ set(other.splitlines()))


def _same(one: Any, other: Any) -> bool:
    """Compare data, types included: true is not 1."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
