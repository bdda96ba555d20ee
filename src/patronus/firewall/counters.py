"""Reads the counters of a loaded ruleset out of nftables' JSON (libnftables-json(5)). Stdlib only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

FILTER = "filter"
NAT = "nat"
REDIRECT_CHAIN = "redirect."
"""Begins the names of chains that translate the connections of one port forward."""
_NAT_CHAINS = frozenset({"destination-nat", "source-nat"})
_PLACES = {"forward": "nat.port_forwards", "outbound": "nat.outbound", "box": "box"}
"""Where the rules of a name's first word come from; the box's own are in no document."""


class Hits(NamedTuple):
    """What a rule has matched since the ruleset was loaded; of a passed connection only the first packet is counted."""

    packets: int = 0
    bytes: int = 0


class Source(NamedTuple):
    """Which rule it is: the place of the document it comes from, its name there, and whether it filters or translates.

    A port forward does both.
    """

    place: str
    name: str
    stage: str = FILTER


def list_questions(table: Mapping[str, Any]) -> list[str]:
    """Return what to ask nft for besides the table itself, which was listed without elements: verdict maps count, too.

    Sets may be huge, and hold no counters.
    """
    maps = [entry["map"] for entry in table.get("nftables", ()) if "map" in entry]
    return [f"list map inet patronus {item['name']}" for item in maps if item.get("map") == "verdict"]


def read_counters(listings: Iterable[Mapping[str, Any]]) -> dict[Source, Hits]:
    """Return the hits of each rule in answers of nft about the table or its maps, in the order of the ruleset.

    A rule may stand in several chains, in one per address family, or as elements of a map; its hits are added up.
    """
    found: dict[Source, Hits] = {}
    for listing in listings:
        for source, counter in _list_counters(listing):
            before = found.get(source, Hits())
            found[source] = Hits(before.packets + counter["packets"], before.bytes + counter["bytes"])
    return found


def _list_counters(listing: Mapping[str, Any]) -> Iterator[tuple[Source, Mapping[str, int]]]:
    for entry in listing.get("nftables", ()):
        rule = entry.get("rule", {})
        for part in rule.get("expr", ()):
            if "counter" in part and "comment" in rule:
                chain = rule.get("chain", "")
                stage = NAT if chain in _NAT_CHAINS or chain.startswith(REDIRECT_CHAIN) else FILTER
                yield find_source(rule["comment"], stage), part["counter"]
        for element in entry.get("map", {}).get("elem", ()):
            # A verdict map lists pairs of key and verdict; a key with a counter is an object.
            key = element[0].get("elem", {}) if isinstance(element, list) and isinstance(element[0], dict) else {}
            if "counter" in key and "comment" in key:
                yield find_source(key["comment"], FILTER), key["counter"]


def find_source(comment: str, stage: str = FILTER) -> Source:
    """Return what the name the compiler gave a rule says; a name without dots is the owner's own."""
    kind, _, rest = comment.partition(".")
    if not rest:
        return Source("firewall.rules", comment, stage)
    section, _, port = rest.partition(".")
    if kind in {"opening", "anti-lockout"}:
        return Source(section, f"{kind} {port}", stage)
    if kind == "zone":
        return Source(f"zones.{section}", "intra_zone", stage)
    return Source(_PLACES.get(kind, kind), rest, stage)
