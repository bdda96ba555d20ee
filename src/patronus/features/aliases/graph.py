"""Which alias is built from which."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from patronus.features.aliases.schema import Alias


def list_references(alias: Alias) -> Iterator[str]:
    """Yield the names an alias is built from."""
    yield from (term.alias for term in alias.addresses if term.alias is not None)
    yield from (term.alias for term in alias.ports if term.alias is not None)


def sort_aliases(aliases: Mapping[str, Alias]) -> list[str]:
    """Return the names so that each one comes after those it is built from. Members of cycles are left out."""
    order, _ = _walk(aliases)
    return order


def find_cycles(aliases: Mapping[str, Alias]) -> list[list[str]]:
    """Return the cycles, each as the names along it, the first one repeated at the end."""
    _, cycles = _walk(aliases)
    return cycles


def _walk(aliases: Mapping[str, Alias]) -> tuple[list[str], list[list[str]]]:
    """Walk depth first without recursion: an alias chain may be as long as the document allows."""
    order: list[str] = []
    cycles: list[list[str]] = []
    broken: set[str] = set()
    done: set[str] = set()
    for start in aliases:
        path: list[str] = []
        pending: list[Iterator[str]] = []
        follow: str | None = start if start not in done else None
        while follow is not None or pending:
            if follow is not None:
                path.append(follow)
                pending.append(iter(list(list_references(aliases[follow]))))
            follow = None
            for name in pending[-1]:
                if name in path:
                    cycle = path[path.index(name) :]
                    cycles.append([*cycle, name])
                    broken.update(cycle)
                elif name in aliases and name not in done:
                    follow = name
                    break
            if follow is None:
                pending.pop()
                finished = path.pop()
                done.add(finished)
                if finished not in broken:
                    order.append(finished)
    return order, cycles
