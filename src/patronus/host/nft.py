"""Loads and reads rulesets with libnftables: one load is one transaction, all of it or nothing (nft(8))."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from patronus.firewall.counters import list_questions
from patronus.firewall.handover import LISTINGS, TABLE, write_handover
from patronus.host.run import CommandFailed


def warm_up() -> None:
    """Load the library now: on a slow box that takes half as long as what it is needed for."""
    from nftables import Nftables

    Nftables()


def load_ruleset(path: Path) -> None:
    """Load a ruleset file; raises CommandFailed with libnftables' own words and leaves the old rules in force.

    What the kernel holds already is replaced from inside, so that no packet meets a moment without rules.
    """
    from nftables import Nftables

    held = [_ask(question) for question in LISTINGS]
    code, _output, error = Nftables().cmd(write_handover(path.read_text(), held))
    if code:
        raise CommandFailed(["nft", "-f", str(path)], code, error)


def list_counters() -> list[dict[str, Any]]:
    """Return the loaded table, and the verdict maps that hold counters; never the sets, which may be huge."""
    table = _ask(f"list {TABLE}")
    return [table, *(_ask(question, terse=False) for question in list_questions(table))]


def _ask(question: str, *, terse: bool = True) -> dict[str, Any]:
    """Return nft's answer in JSON; nothing when there is no such table."""
    from nftables import Nftables

    asking = Nftables()
    asking.set_json_output(True)
    asking.set_terse_output(terse)
    _code, output, _error = asking.cmd(question)
    return cast(dict[str, Any], json.loads(output)) if output else {}
