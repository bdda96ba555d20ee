"""What was cut out of a section: which problems that explains, and where things stood before. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from patronus.values.facts import ANY_NAME
from patronus.values.problem import Problem, config_path

Path = tuple[str | int, ...]


class Gaps:
    """What was cut out of a section, by its path in the document as written."""

    def __init__(self, section: str) -> None:
        self._section = section
        self._places: dict[str, None] = {}
        self._outer: set[Path] = set()
        self._keys: dict[Path, set[str]] = {}
        self._kept: dict[Path, list[int]] = {}
        self._words = re.compile(rf"\b{re.escape(section)}(?:\.[A-Za-z0-9_-]+|\[[0-9]+\])+")

    def places(self) -> Iterator[str]:
        """Yield the config path of every gap; below a mapping whose keys are names, what any name may stand for."""
        yield from self._places

    def miss(self, path: Path, *, unnamed: bool = False) -> None:
        """Remember that what is, or was meant to be, at `path` is not known; `unnamed` when its name is wrong."""
        path = self.as_written(path)
        if unnamed:
            self._places[config_path(self._section, *path[:-1], ANY_NAME)] = None
            return
        self._places[config_path(self._section, *path)] = None
        self._outer.update(path[:length] for length in range(len(path) + 1))
        keys = [index for index, part in enumerate(path) if isinstance(part, str)]
        if keys:
            self._keys.setdefault(path[: keys[-1]], set()).add(str(path[keys[-1]]))

    def cut(self, data: Any, path: Path) -> None:
        """Take the value at `path` out of `data`."""
        container = data
        for part in path[:-1]:
            container = container[part]
        last = path[-1]
        if isinstance(container, list):
            place = self.as_written(path[:-1])
            if place not in self._kept:
                self._kept[place] = list(range(len(container)))
            self._kept[place].pop(int(last))
        del container[last]

    def as_written(self, path: Path) -> Path:
        """Translate a path of the cut data: items of a list have moved up by what was cut before them."""
        written: Path = ()
        for part in _split(config_path("", *path)):
            kept = self._kept.get(written) if isinstance(part, int) else None
            written = (*written, kept[part] if kept and isinstance(part, int) and part < len(kept) else part)
        return written

    def filter(self, problems: Iterable[Problem]) -> Iterator[Problem]:
        """Yield the problems that are not the cuts' doing, with the places as written."""
        for problem in problems:
            path = self.as_written(_split(problem.path.removeprefix(self._section)))
            if path not in self._outer and not self._is_spoken_of(path, problem):
                yield self.restore_problem(problem)

    def _is_spoken_of(self, path: Path, problem: Problem) -> bool:
        """Tell whether a problem speaks of a gap beside or around it.

        A check that compares two settings of a mapping names the other one in its message or hint.
        """
        near = [self._keys[path[:length]] for length in range(len(path) + 1) if path[:length] in self._keys]
        if not near:
            return False
        words = set(re.findall(r"[\w.-]*[\w-]", self._words.sub("", f"{problem.message} {problem.hint}")))
        return any(not words.isdisjoint(keys) for keys in near)

    def restore_problem(self, problem: Problem) -> Problem:
        """Return a problem with the places as written."""
        return problem._replace(path=self.restore(problem.path), message=self.restore(problem.message))

    def restore(self, text: str) -> str:
        """Return a text with the places of this section in it as written."""
        return self._words.sub(self._rewrite, text) if self._kept else text

    def _rewrite(self, match: re.Match[str]) -> str:
        return config_path(self._section, *self.as_written(_split(match[0].removeprefix(self._section))))


def _split(text: str) -> Path:
    """Return the parts of a config path; a key with dots in it becomes several, everywhere alike."""
    parts = re.findall(r"\[([0-9]+)\]|([^.\[\]]+)", text)
    return tuple(int(index) if index else key for index, key in parts)
