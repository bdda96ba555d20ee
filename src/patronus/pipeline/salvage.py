"""Reads what is left of a section without its faulty parts, so that its cross-checks run in the same pass. Pure.

What is read this way only finds more problems; it is never applied.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pydantic import BaseModel, ValidationError

from patronus.features.contract import Feature
from patronus.values.problem import Problem, config_path

Path = tuple[str | int, ...]
_ROUNDS = 6
"""A cut can make a setting missing, whose mapping is then cut, and so on up to the section."""


class Gaps:
    """What was cut out of a section, by its path in the document as written."""

    def __init__(self, section: str) -> None:
        self._section = section
        self._paths: list[Path] = []
        self._kept: dict[Path, list[int]] = {}
        self._words = re.compile(rf"\b{re.escape(section)}(?:\.[A-Za-z0-9_-]+|\[[0-9]+\])+")

    def cut(self, data: Any, path: Path, *, meant: bool = True) -> None:
        """Take the value at `path` out of `data`; remember where it was unless nothing can be `meant` by it."""
        container = data
        for part in path[:-1]:
            container = container[part]
        last = path[-1]
        if isinstance(container, list):
            kept = self._kept.setdefault(self._as_written(path[:-1]), list(range(len(container))))
            self._paths.append((*self._as_written(path[:-1]), kept.pop(int(last))))
        elif meant:
            self._paths.append(self._as_written(path))
        del container[last]

    def _as_written(self, path: Path) -> Path:
        """Translate a path of the cut data: items of a list have moved up by what was cut before them."""
        written: Path = ()
        for part in path:
            kept = self._kept.get(written) if isinstance(part, int) else None
            written = (*written, kept[part] if kept and isinstance(part, int) and part < len(kept) else part)
        return written

    def filter(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Yield the problems that are not the cuts' doing, with the places as written."""
        for problem in problems:
            path = self._as_written(_split(problem.path.removeprefix(self._section)))
            if not any(_caused_by(path, gap, problem.message) for gap in self._paths):
                yield problem._replace(
                    path=config_path(self._section, *path) if problem.path.startswith(self._section) else problem.path,
                    message=self._words.sub(self._rewrite, problem.message),
                )

    def _rewrite(self, match: re.Match[str]) -> str:
        return config_path(self._section, *self._as_written(_split(match[0].removeprefix(self._section))))


def _split(text: str) -> Path:
    parts = re.findall(r"\[([0-9]+)\]|([^.\[\]]+)", text)
    return tuple(int(index) if index else key for index, key in parts)


def _caused_by(path: Path, gap: Path, message: str) -> bool:
    """Tell whether a problem may be there only because of a gap: in the same mapping, or about what was cut."""
    if path == gap[: len(path)]:
        return True
    if isinstance(gap[-1], int):
        return False
    siblings = path[:-1] == gap[:-1] or (len(gap) > 1 and path[: len(gap) - 1] == gap[:-1])
    return siblings or repr(gap[-1]) in message


def salvage(
    feature: Feature[Any], raw: Any, document_path: Callable[[Any, Any], Path]
) -> tuple[BaseModel | None, Gaps]:
    """Cut out what does not validate, smallest parts first; no section when the fault is the whole of it."""
    data, gaps = _copy(raw), Gaps(feature.key)
    for _ in range(_ROUNDS):
        try:
            return feature.schema.model_validate(data), gaps
        except ValidationError as error:
            places = {
                _place(detail, data, document_path): detail["type"] != "extra_forbidden"
                for detail in error.errors(include_url=False)
            }
        if () in places:
            return None, gaps
        for path in sorted(places, key=_from_the_end, reverse=True):
            if not any(path != other and path[: len(other)] == other for other in places):
                gaps.cut(data, path, meant=places[path])
    return None, gaps


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
