"""Every daemon's own checker looks at the candidate tree before anything changes. Standard library only."""

from __future__ import annotations

from pathlib import Path

from patronus.host import links
from patronus.host.run import CommandFailed, run
from patronus.values.manifest import Manifest
from patronus.values.problem import Problem


def preflight(tree: Path, manifest: Manifest) -> list[Problem]:
    """Return what the daemons and the hardware say against the tree; empty when nothing does."""
    return check_daemons(tree, manifest) + check_links(manifest)


def preflight_booting(manifest: Manifest) -> list[Problem]:
    """The tree has passed its checkers before; a NIC that is gone is a warning, one that is unclear a refusal."""
    return links.assign(manifest.links, links.find_nics(manifest.links)).ambiguous if manifest.links else []


def check_daemons(tree: Path, manifest: Manifest) -> list[Problem]:
    """Run the checkers, each with `{tree}` replaced."""
    problems = []
    for check in manifest.checks:
        argv = [argument.replace("{tree}", str(tree)) for argument in check.argv]
        try:
            run(*argv)
        except CommandFailed as error:
            problems.append(Problem(check.origin, f"{argv[0]} refuses it: {error.output}", "correct it there"))
    return problems


def check_links(manifest: Manifest) -> list[Problem]:
    """Every physical interface must match exactly one NIC of this box."""
    if not manifest.links:
        return []
    found = links.assign(manifest.links, links.list_nics())
    return found.ambiguous + found.absent
