"""Loads rulesets with libnftables: one load is one transaction, all of it or nothing (nft(8))."""

from __future__ import annotations

import json
from pathlib import Path

from patronus.firewall.handover import LISTINGS, write_handover
from patronus.host.run import CommandFailed


def load_ruleset(path: Path) -> None:
    """Load a ruleset file; raises CommandFailed with libnftables' own words and leaves the old rules in force.

    What the kernel holds already is replaced from inside, so that no packet meets a moment without rules.
    """
    from nftables import Nftables

    asking = Nftables()
    asking.set_json_output(True)
    asking.set_terse_output(True)
    held = [json.loads(output) for _code, output, _error in map(asking.cmd, LISTINGS) if output]
    code, _output, error = Nftables().cmd(write_handover(path.read_text(), held))
    if code:
        raise CommandFailed(["nft", "-f", str(path)], code, error)
