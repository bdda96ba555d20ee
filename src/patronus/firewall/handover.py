"""Replaces a loaded ruleset without a moment in which packets meet neither the old nor the new one. Stdlib only.

A ruleset's own text deletes the table and makes it anew. That is one transaction for rules, but not for hooks: from
the switch of generations until the old base chains are unhooked, packets meet their policy, `drop`, with no rule left
(Linux, `nf_tables_commit`). So when the table is there its base chains stay and only what they hold is replaced; the
kernel reads the generation once per base chain, so every packet is decided by one ruleset.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

TABLE = "table inet patronus"
HEADER = f"{TABLE}\ndelete {TABLE}\n"
_BASE_CHAINS = frozenset({"input", "forward", "output", "anti-spoofing", "destination-nat", "source-nat"})
"""Every ruleset has all of these."""

LISTINGS = ("list chains inet", "list sets inet", "list maps inet")
"""What to ask nft for, in JSON and terse; the answers are what `write_handover` reads."""


def write_handover(ruleset: str, listings: Iterable[Mapping[str, Any]]) -> str:
    """Return the text to load instead of `ruleset`, given what the kernel holds. Without our table it is `ruleset`."""
    entries = [item for listing in listings for entry in listing.get("nftables", ()) for item in entry.items()]
    ours = [(kind, item["name"]) for kind, item in entries if item.get("table") == "patronus" and "name" in item]
    chains = [name for kind, name in ours if kind == "chain"]
    if not _BASE_CHAINS.issubset(chains) or not ruleset.startswith(HEADER):
        return ruleset
    lines = [f"flush {TABLE}"]
    # Maps hold references to chains, so they go first; anonymous sets (`__set0`) went with their rules.
    for kind, name in ours:
        if kind in ("map", "set") and not name.startswith("__"):
            lines.append(f"delete {kind} inet patronus {name}")
    lines += [f"delete chain inet patronus {name}" for name in chains if name not in _BASE_CHAINS]
    return "\n".join(lines) + "\n" + ruleset[len(HEADER) :]
