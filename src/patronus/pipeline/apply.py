"""Makes a written tree the running one. Standard library only: going back must be fast and must not fail.

The order is always the same: nft (one transaction, which is also its check: a refusal has changed nothing), flip,
stop, daemon-reload, links, kernel settings, reload, restart, start, read back. Only units whose files changed are
touched; the others keep their processes.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from patronus.host import files, kernel, links, networkd, nft, units
from patronus.host.layout import Layout
from patronus.host.run import CommandFailed
from patronus.pipeline.confirm import clock
from patronus.pipeline.diff import Changes, diff
from patronus.values.fragments import RULESET_PATH, Unit
from patronus.values.manifest import EMPTY, UNKNOWN, Entry, Manifest
from patronus.values.problem import WARNING, Problem

_UNIT_FILES = "etc/systemd/system/"
_HOSTNAME = "etc/hostname"
_SERVICES = "change services"


class ApplyFailed(Exception):  # noqa: N818 - reads as what happened
    """The box refused a step; `problem` names the config path where one is known.

    `in_force`: firewall, interfaces and kernel settings are those of the tree; only a service does not do as it should.
    """

    def __init__(self, problem: Problem, *, in_force: bool = False) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.in_force = in_force


class Applied(NamedTuple):
    """What an apply did, and what it found worth saying."""

    changes: Changes
    warnings: list[Problem]


def apply_tree(layout: Layout, tree: Path, old: Manifest, *, booting: bool = False) -> Applied:
    """Make `tree` current. `old` describes what runs now. Raises ApplyFailed; the caller then goes back."""
    new = files.read_manifest(tree)
    changes = diff(old, new)
    step = "load the firewall"
    try:
        if changes.ruleset:
            nft.load_ruleset(tree / RULESET_PATH)
            files.write_atomically(layout.ruleset_loaded, str(clock()).encode())
        files.point_link(layout.current, f"trees/{tree.name}")
        step = "stop services"
        units.change_units("stop", changes.stop)
        if any(path.startswith(_UNIT_FILES) for path in (*changes.added, *changes.changed, *changes.removed)):
            step = "read unit files"
            units.reload_manager()
        step = "remove VLANs"
        networkd.delete_links(networkd.list_vlans((*changes.changed, *changes.removed)))
        step = "name interfaces"
        warnings = _name_links(new) if changes.links or booting else []
        networkd.sync_files(tree / networkd.TREE_FOLDER, layout.networkd)
        step = "set kernel settings"
        _set_kernel(layout, tree, changes, new)
        if networkd.UNIT in changes.reload and not booting:
            # Services bind to links: those come first.
            step = "change interfaces"
            units.change_units("reload-or-restart", [networkd.UNIT])
            networkd.wait_for_links(networkd.list_vlans((*changes.added, *changes.changed)))
        step = _SERVICES
        _change_units(changes, booting=booting)
    except CommandFailed as error:
        raise ApplyFailed(_explain(step, error, new), in_force=step == _SERVICES) from error
    except OSError as error:
        raise ApplyFailed(Problem("", f"could not {step}: {error}", "see: journalctl -b -u patronusd")) from error
    if not booting:
        _read_back(new)
    return Applied(changes, warnings)


def _name_links(new: Manifest) -> list[Problem]:
    nics = links.list_nics(paths=links.by_path(new.links))
    found = links.assign(new.links, nics)
    if found.ambiguous:
        raise ApplyFailed(found.ambiguous[0])
    links.rename(found.renames, nics)
    return [problem._replace(severity=WARNING) for problem in found.absent]


def _set_kernel(layout: Layout, tree: Path, changes: Changes, new: Manifest) -> None:
    if changes.sysctls:
        kernel.set_sysctls(new.sysctls, layout.run / "sysctl-originals.json")
    if _HOSTNAME in changes.added or _HOSTNAME in changes.changed:
        kernel.set_hostname((tree / _HOSTNAME).read_text().strip())


def _change_units(changes: Changes, *, booting: bool) -> None:
    if booting:
        # Services that run since before the configuration was known (the journal) have to read it; the rest is started
        # by this as well, when its own ordering allows, so nothing is waited for here.
        units.change_units("reload-or-restart", changes.start, wait=False)
        return
    units.change_units("reload-or-restart", [name for name in changes.reload if name != networkd.UNIT])
    units.change_units("restart", changes.restart)
    units.change_units("start", changes.start)


def _read_back(new: Manifest) -> None:
    """Start what is down although the generation wants it, and refuse when it does not stay up."""
    down = units.inactive_units(unit.name for unit in new.units)
    if not down:
        return
    try:
        units.change_units("start", down)
    except CommandFailed as error:
        raise ApplyFailed(_explain("start services", error, new), in_force=True) from error
    for name in units.inactive_units(down):
        problem = Problem(_origin(name, new), f"{name} does not run: {units.last_words(name)}", _see(name))
        raise ApplyFailed(problem, in_force=True)


def _explain(step: str, error: CommandFailed, new: Manifest) -> Problem:
    """Name the first unit the failure mentions, with what its daemon said last."""
    if error.argv[0] == "nft":
        return Problem(new.entries[RULESET_PATH].origin, f"could not {step}: {error.output}", "correct it there")
    for unit in new.units:
        if unit.name in error.output or (f" {unit.name}" in " ".join(error.argv[3:]) and len(error.argv) == 5):
            said = units.last_words(unit.name)
            return Problem(unit.origin, f"could not {step}: {unit.name}: {said or error.output}", _see(unit.name))
    return Problem("", f"could not {step}: {error.output or error}", "see: journalctl -b -u patronus-apply")


def _origin(name: str, new: Manifest) -> str:
    return next((unit.origin for unit in new.units if unit.name == name), "")


def _see(name: str) -> str:
    return f"see: journalctl -u {name}"


def left_over(layout: Layout) -> Manifest:
    """What may still run or stand on a locked-down box: all that its trees name, with contents nobody knows.

    Every file, unit and setting of the next tree differs from it, and what only an older tree wanted is stopped.
    """
    entries: dict[str, Entry] = {}
    names: dict[str, Unit] = {}
    for tree in sorted(layout.trees.glob("*")):
        with suppress(OSError, ValueError, LookupError, TypeError):  # a damaged one has nothing to tell
            manifest = files.read_manifest(tree)
            entries |= {path: entry._replace(digest="") for path, entry in manifest.entries.items()}
            names |= {unit.name: unit for unit in manifest.units}
    return UNKNOWN._replace(entries=entries, units=tuple(names.values()))


def running_manifest(layout: Layout) -> Manifest:
    """Return the manifest of the current tree, or the empty one before the first apply of a boot."""
    return files.read_manifest(layout.current) if layout.current.exists() else EMPTY
