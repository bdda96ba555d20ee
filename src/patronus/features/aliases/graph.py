"""Which alias is built from which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from patronus.features.aliases.schema import Alias

_LONGEST = 12
"""Names of a cycle that are told; every cycle of a document with thousands of them would else be told at length."""


def list_references(alias: Alias) -> Iterator[str]:
    """Yield the names an alias is built from."""
    yield from (term.alias for term in alias.addresses if term.alias is not None)
    yield from (term.alias for term in alias.ports if term.alias is not None)


def sort_aliases(aliases: Mapping[str, Alias]) -> list[str]:
    """Return the names so that each one comes after those it is built from. Members of cycles are left out."""
    return _Walk(aliases).order


def find_cycles(aliases: Mapping[str, Alias]) -> list[list[str]]:
    """Return the cycles, each as the names along it, the first one repeated at the end; of long ones not every name."""
    return _Walk(aliases).cycles


class _Walk:
    """Walks depth first without recursion: an alias chain may be as long as the document allows."""

    def __init__(self, aliases: Mapping[str, Alias]) -> None:
        self.order: list[str] = []
        self.cycles: list[list[str]] = []
        self._aliases = aliases
        self._done: set[str] = set()
        for start in aliases:
            if start not in self._done:
                self._follow(start)

    def _follow(self, start: str) -> None:
        path: list[str] = []
        place: dict[str, int] = {}
        pending: list[Iterator[str]] = []
        back: list[int] = []  # how far the references found from here on lead back, as a place in the path
        name: str | None = start
        while name is not None or pending:
            if name is not None:
                place[name] = len(path)
                path.append(name)
                pending.append(list_references(self._aliases[name]))
                back.append(len(self._aliases))
            name = None
            for reference in pending[-1]:
                if reference in place:
                    self.cycles.append(_name_cycle(path, place[reference]))
                    back[-1] = min(back[-1], place[reference])
                elif reference in self._aliases and reference not in self._done:
                    name = reference
                    break
            if name is None:
                pending.pop()
                self._finish(path, place, back)

    def _finish(self, path: list[str], place: dict[str, int], back: list[int]) -> None:
        """Leave the last name of the path; it is in a cycle when something behind it leads back to it or beyond."""
        name, leads_to = path.pop(), back.pop()
        if leads_to > place.pop(name):
            self.order.append(name)
        if back:
            back[-1] = min(back[-1], leads_to)
        self._done.add(name)


def _name_cycle(path: list[str], begin: int) -> list[str]:
    if len(path) - begin <= _LONGEST:
        return [*path[begin:], path[begin]]
    return [*path[begin : begin + _LONGEST - 2], "...", path[-1], path[begin]]
