"""Loads rulesets with libnftables: one file is one transaction, all of it or nothing (nft(8))."""

from __future__ import annotations

from pathlib import Path

from patronus.host.run import CommandFailed


def load_ruleset(path: Path) -> None:
    """Load a ruleset file; raises CommandFailed with libnftables' own words and leaves the old rules in force."""
    from nftables import Nftables

    code, _output, error = Nftables().cmd_from_file(str(path))
    if code:
        raise CommandFailed(["nft", "-f", str(path)], code, error)


def table_handle() -> int:
    """Return the kernel's handle of `table inet patronus`, 0 without one; a replaced table has a new handle."""
    from nftables import Nftables

    nft = Nftables()
    nft.set_json_output(True)
    code, output, _error = nft.json_cmd({"nftables": [{"list": {"tables": None}}]})
    for item in (output or {}).get("nftables", []) if code == 0 else []:
        table = item.get("table", {})
        if (table.get("family"), table.get("name")) == ("inet", "patronus"):
            return int(table["handle"])
    return 0
