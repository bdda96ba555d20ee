"""Bytes of a document or of a folder of fragments -> plain data. Nothing else of the program sees raw YAML."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import Any, cast

from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, NodeEvent

from patronus.values.problem import Problem, Refused, config_path

MAX_DOCUMENT = 4 * 2**20
"""Bytes. A document of a large site is well under 1 MiB."""
MAX_DEPTH = 24

Data = dict[str, Any]


def load(documents: Mapping[str, bytes]) -> Data:
    """Parse every document (file name -> bytes) and merge them into one. Raises Refused with every problem."""
    problems: list[Problem] = []
    total = sum(map(len, documents.values()))
    if total > MAX_DOCUMENT:
        size = f"the document has {total / 2**20:.1f} MiB, more than {MAX_DOCUMENT // 2**20} MiB"
        raise Refused([Problem("", size, "move long lists into URL tables or attached files")])
    parts: list[Data] = []
    for name in sorted(documents):
        try:
            parts.append(_parse(name, documents[name]))
        except Refused as refused:
            problems += refused.problems
    merged: Data = {}
    for part in parts:
        _merge(merged, part, (), problems)
    if problems:
        raise Refused(problems)
    return merged


def _parse(name: str, raw: bytes) -> Data:
    text = _decode(name, raw)
    try:
        _refuse_references(name, text)
        data = YAML(typ="safe", pure=True).load(StringIO(text))
    except DuplicateKeyError as error:
        raise Refused([_at(name, error, "a key stands twice in one mapping", "keep one of the two")]) from error
    except MarkedYAMLError as error:
        hint = "indent with spaces, never with tabs" if "\t" in text else "check indentation, colons and quotes there"
        raise Refused([_at(name, error, f"not valid YAML: {error.problem or error.context}", hint)]) from error
    except (YAMLError, ValueError, RecursionError) as error:
        raise Refused([Problem("", f"{name}: not valid YAML", "check the file with a YAML-aware editor")]) from error
    if data is None:
        data = {}
    if not isinstance(data, dict):
        raise Refused([Problem("", f"{name}: the document is not a mapping", "begin with `version: 1`")])
    _refuse_odd_keys(name, data)
    return cast(Data, data)


def _decode(name: str, raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        where = f"{name}: byte {error.start} is not UTF-8"
        raise Refused([Problem("", where, "save the file with UTF-8 encoding")]) from error
    if "\0" in text:
        raise Refused([Problem("", f"{name}: contains a NUL character", "this is not a text file")])
    return text


def _refuse_references(name: str, text: str) -> None:
    """Refuse anchors, aliases and tags before anything is built from them: they can expand without bound."""
    depth = 0
    for event in YAML(typ="safe", pure=True).parse(StringIO(text)):
        kind = type(event).__name__
        depth += kind.endswith("StartEvent")
        depth -= kind.endswith("EndEvent")
        if depth > MAX_DEPTH:
            raise Refused([_at(name, event, f"nested deeper than {MAX_DEPTH} levels", "no section needs that")])
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            raise Refused([_at(name, event, "YAML anchors and aliases are not accepted", "write the value out")])
        if str(getattr(event, "ctag", None) or "!") not in {"!", "None"}:
            raise Refused([_at(name, event, "YAML tags are not accepted", "write a plain value")])
        if getattr(event, "version", None) not in {None, (1, 2)}:
            raise Refused([_at(name, event, "the document is not YAML 1.2", "remove the %YAML line")])


def _at(name: str, source: Any, message: str, hint: str) -> Problem:
    mark = getattr(source, "problem_mark", None) or getattr(source, "start_mark", None)
    where = f"{name}:{mark.line + 1}:{mark.column + 1}" if mark else name
    return Problem("", f"{where}: {message}", hint)


def _refuse_odd_keys(name: str, data: Any, path: tuple[str | int, ...] = ()) -> None:
    if isinstance(data, dict):
        for key, value in data.items():
            if not isinstance(key, str):
                hint = f'write it in quotes: "{key}"'
                raise Refused([Problem(config_path(*path), f"{name}: the key {key!r} is not text", hint)])
            _refuse_odd_keys(name, value, (*path, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            _refuse_odd_keys(name, value, (*path, index))


def _merge(into: Data, part: Data, path: tuple[str, ...], problems: list[Problem]) -> None:
    for key, value in part.items():
        here = (*path, key)
        if key not in into:
            into[key] = value
        elif isinstance(into[key], dict) and isinstance(value, dict):
            _merge(into[key], value, here, problems)
        elif into[key] != value or path:
            problems.append(Problem(config_path(*here), "is set in two files", "keep it in one of them"))
