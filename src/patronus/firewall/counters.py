"""Reads the counters of a loaded ruleset, by rule name, out of nftables' JSON (libnftables-json(5)). Stdlib only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple


class Hits(NamedTuple):
    """What a rule has matched since the ruleset was loaded; of a passed connection only the first packet is counted."""

    packets: int = 0
    bytes: int = 0


def read_counters(listing: Mapping[str, Any]) -> dict[str, Hits]:
    """Return the hits under each name in the answer to `list table inet patronus`, in the order of the ruleset.

    A rule may stand in several chains, in one per address family, or as elements of a map; its hits are added up.
    """
    found: dict[str, Hits] = {}
    for name, counter in _list_counters(listing):
        before = found.get(name, Hits())
        found[name] = Hits(before.packets + counter["packets"], before.bytes + counter["bytes"])
    return found


def _list_counters(listing: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, int]]]:
    for entry in listing.get("nftables", ()):
        rule = entry.get("rule", {})
        for part in rule.get("expr", ()):
            if "counter" in part and "comment" in rule:
                yield rule["comment"], part["counter"]
        for element in entry.get("map", {}).get("elem", ()):
            # A verdict map lists pairs of key and verdict; a key with a counter is an object.
            key = element[0].get("elem", {}) if isinstance(element, list) and isinstance(element[0], dict) else {}
            if "counter" in key and "comment" in key:
                yield key["comment"], key["counter"]
