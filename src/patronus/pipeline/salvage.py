"""Reads what is left of a section without its faulty parts, so that its cross-checks run in the same pass. Pure.

What is read this way only finds more problems; it is never applied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from patronus.features.contract import Feature
from patronus.pipeline.fields import look_up, sibling_fields
from patronus.pipeline.gaps import Gaps, Path
from patronus.pipeline.wording import find_close

_ROUNDS = 6
"""A cut can make a setting missing, whose mapping is then cut, and so on up to the section."""


def salvage(
    feature: Feature[Any], raw: Any, document_path: Callable[[Any, Any], Path]
) -> tuple[BaseModel | None, Gaps]:
    """Cut out what does not validate, smallest parts first; no section when the fault is the whole of it."""
    data, gaps = _copy(raw), Gaps(feature.key)
    choices: dict[Path, list[str]] = {}
    for _ in range(_ROUNDS):
        try:
            return feature.schema.model_validate(data), gaps
        except ValidationError as error:
            details: list[Any] = error.errors(include_url=False)
        places: dict[Path, list[Any]] = {}
        for detail in details:
            here = document_path(detail, data)
            if detail["type"] == "literal_error":
                choices[gaps.as_written(here)] = re.findall(r"'([^']*)'", detail["ctx"]["expected"])
            elif detail["type"] == "missing" and choices.get(gaps.as_written(here)):
                # Cut a round ago for being none of these words. With any of them the settings beside it can be checked.
                look_up(data, here[:-1])[here[-1]] = choices.pop(gaps.as_written(here))[0]
                continue
            places.setdefault(_place(detail, data, document_path), []).append(detail)
        if () in places:
            break
        outermost = [path for path in places if not any(path[:length] in places for length in range(len(path)))]
        for path in outermost:
            for detail in places[path]:
                _note(gaps, path, detail, data, feature)
        for path in sorted(outermost, key=_from_the_end, reverse=True):
            gaps.cut(data, path)
    gaps.miss(())
    return None, gaps


def _note(gaps: Gaps, path: Path, detail: Any, data: Any, feature: Feature[Any]) -> None:
    """Remember what is not known because of a fault."""
    gaps.miss(path)
    if detail["type"] == "extra_forbidden":
        for key in _list_meant(path, detail, data, feature):
            gaps.miss((*path[:-1], key))
    if detail["loc"][-1:] == ("[key]",):
        gaps.miss(path, unnamed=True)


def _list_meant(path: Path, detail: Any, data: Any, feature: Feature[Any]) -> Iterable[str]:
    """Return what an unknown key may be meant to be: the known one like it, else any that is not there."""
    known = sibling_fields(feature.schema, detail["loc"][:-1])
    close = find_close(str(path[-1]), known)
    return (key for key in ([close] if close else known) if key not in look_up(data, path[:-1]))


def _place(detail: Any, data: Any, document_path: Callable[[Any, Any], Path]) -> Path:
    path = document_path(detail, data)
    return path[:-1] if detail["type"] == "missing" else path


def _from_the_end(path: Path) -> list[tuple[int, str]]:
    """Order paths so that in reverse the later items of a list come first and cuts do not move each other."""
    return [(part, "") if isinstance(part, int) else (-1, part) for part in path]


def _copy(data: Any) -> Any:
    """Copy mappings and lists; unlike deepcopy, what stands twice becomes two."""
    if isinstance(data, dict):
        return {key: _copy(value) for key, value in data.items()}
    return [_copy(item) for item in data] if isinstance(data, list) else data
