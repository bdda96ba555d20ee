"""Bytes of a document or of a folder of fragments -> plain data. Nothing else of the program sees raw YAML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from patronus.pipeline.read_yaml import read_yaml
from patronus.values.problem import Problem, Refused, config_path

MAX_DOCUMENT = 4 * 2**20
"""Bytes. A document of a large site is well under 1 MiB."""

Data = dict[str, Any]


def load(documents: Mapping[str, bytes]) -> Data:
    """Parse every document (file name -> bytes) and merge them into one. Raises Refused with every problem."""
    problems: list[Problem] = []
    total = sum(map(len, documents.values()))
    if total > MAX_DOCUMENT:
        size = f"the document has {total / 2**20:.1f} MiB, more than {MAX_DOCUMENT // 2**20} MiB"
        raise Refused([Problem("", size, "move long lists into URL tables or attached files")])
    merged: Data = {}
    origins: dict[tuple[str, ...], str] = {}
    for name in sorted(documents):
        try:
            part = _parse(name, documents[name])
        except Refused as refused:
            problems += refused.problems
        else:
            problems += _merge(merged, part, name, origins)
    if problems:
        raise Refused(problems)
    return merged


def _parse(name: str, raw: bytes) -> Data:
    data = read_yaml(name, _decode(name, raw))
    if data is None:
        return {}
    if not isinstance(data, dict):
        raise Refused([Problem("", f"{name}: the document is not a mapping", "begin with `version: 1`")])
    return cast(Data, data)


def _decode(name: str, raw: bytes) -> str:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        where = f"{name}:{line}: byte {error.start} of the file is not UTF-8"
        raise Refused([Problem("", where, "save the file with UTF-8 encoding")]) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise Refused([Problem("", f"{name}:{line}: a NUL character", "save the file as plain UTF-8 text")])
    return text.removeprefix("\ufeff")


def _merge(into: Data, part: Data, name: str, origins: dict[tuple[str, ...], str]) -> list[Problem]:
    """Merge one file's mappings into the document; every other value may stand in one file only."""
    problems: list[Problem] = []
    pending: list[tuple[Data, Data, tuple[str, ...]]] = [(into, part, ())]
    while pending:
        target, source, path = pending.pop()
        for key, value in source.items():
            here = (*path, key)
            if key not in target:
                target[key] = value
                origins[here] = name
            elif isinstance(target[key], dict) and isinstance(value, dict):
                pending.append((target[key], value, here))
            elif here != ("version",) or target[key] != value:
                both = f"is set in {_origin(origins, here)} and in {name}"
                problems.append(Problem(config_path(*here), both, "keep it in one of them"))
    return problems


def _origin(origins: dict[tuple[str, ...], str], path: tuple[str, ...]) -> str:
    """Return the file that set a path or the mapping around it."""
    return next(origins[path[:end]] for end in range(len(path), 0, -1) if path[:end] in origins)
