"""Two manifests -> what has to happen on the box. A dry run stops here. Standard library only."""

from __future__ import annotations

from typing import NamedTuple

from patronus.values.fragments import RELOAD, RULESET_PATH, Unit
from patronus.values.manifest import Entry, Manifest


class Changes(NamedTuple):
    """Tree paths and unit names by what happens to them, each in a fixed order."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
    stop: tuple[str, ...]
    reload: tuple[str, ...]
    restart: tuple[str, ...]
    start: tuple[str, ...]
    ruleset: bool
    links: bool
    sysctls: bool

    def __bool__(self) -> bool:
        """Tell whether anything happens at all."""
        return any(self)


def diff(old: Manifest, new: Manifest) -> Changes:
    """Compare the running manifest with the next one."""
    added = tuple(path for path in new.entries if path not in old.entries)
    removed = tuple(path for path in old.entries if path not in new.entries)
    changed = tuple(
        path for path, entry in new.entries.items() if path in old.entries and _differs(old.entries[path], entry)
    )
    touched = {*added, *removed, *changed}
    before = {unit.name: unit for unit in old.units}
    after = {unit.name: unit for unit in new.units}
    concerned = [unit for unit in new.units if unit.name in before and _concerns(unit, before[unit.name], touched)]
    return Changes(
        added=added,
        changed=changed,
        removed=removed,
        stop=tuple(unit.name for unit in reversed(old.units) if unit.name not in after),
        reload=tuple(unit.name for unit in concerned if unit.on_change == RELOAD),
        restart=tuple(unit.name for unit in concerned if unit.on_change != RELOAD),
        start=tuple(unit.name for unit in new.units if unit.name not in before),
        ruleset=RULESET_PATH in touched,
        links=old.links != new.links,
        sysctls=old.sysctls != new.sysctls,
    )


def _differs(old: Entry, new: Entry) -> bool:
    """Compare what the daemons see; which config path a file came from is no change."""
    return old._replace(origin="") != new._replace(origin="")


def _concerns(unit: Unit, before: Unit, touched: set[str]) -> bool:
    watched = {*unit.files, *before.files}
    return any(path in watched or any(w.endswith("/") and path.startswith(w) for w in watched) for path in touched)
