"""Sorts rules into chains by the links they apply to, so that a packet only meets rules of its own pair of links.

Links that no rule tells apart form one class. A run of consecutive rules with the same links is a segment; the chain
of a pair of classes is its segments in order. A segment several pairs share becomes a chain of its own, so the text
grows with the rules, not with rules times pairs.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from patronus.firewall.ir import Rule

_COPIED = 4
"""A segment is copied instead of called when that writes at most this many rules more."""

Pair = tuple[str, str]


class Chain(NamedTuple):
    """A chain to write: `body` holds rules, and names of chains to jump to, in order."""

    name: str
    body: tuple[Rule | str, ...]


class Dispatch(NamedTuple):
    """`pairs` sends each (origin, target) pair of links to a chain; `chains` are in the order they must be declared."""

    pairs: dict[Pair, str]
    chains: tuple[Chain, ...]


class _Segment(NamedTuple):
    origins: frozenset[str]
    targets: frozenset[str]
    rules: list[Rule]


def dispatch_rules(rules: Iterable[Rule], origins: Iterable[str], targets: Iterable[str], prefix: str) -> Dispatch:
    """Sort rules for packets that come in by one of `origins` and leave by one of `targets`."""
    origin_set, target_set = frozenset(origins), frozenset(targets)
    segments = _cut_segments(rules, origin_set, target_set)
    origin_classes = _classify(origin_set, {segment.origins for segment in segments})
    target_classes = _classify(target_set, {segment.targets for segment in segments})
    members = _segments_by_pair(segments, origin_classes, target_classes)
    shared = _share(segments, members)
    return _write_chains(segments, members, shared, origin_classes, target_classes, prefix)


def _cut_segments(rules: Iterable[Rule], origins: frozenset[str], targets: frozenset[str]) -> list[_Segment]:
    segments: list[_Segment] = []
    narrowed: dict[tuple[frozenset[str], frozenset[str]], tuple[frozenset[str], frozenset[str]] | None] = {}
    last: tuple[frozenset[str], frozenset[str]] | None = None
    for rule in rules:
        scope = (rule.origins, rule.targets)
        if scope not in narrowed:
            into, out = rule.origins & origins, rule.targets & targets
            narrowed[scope] = (into, out) if into and out else None
        here = narrowed[scope]
        if here is None:
            continue
        if here != last:
            segments.append(_Segment(*here, []))
            last = here
        segments[-1].rules.append(rule)
    return segments


def _classify(links: frozenset[str], groups: set[frozenset[str]]) -> dict[str, tuple[str, ...]]:
    """Return classes of links that belong to exactly the same groups, each under its first link's name."""
    ordered = sorted(groups, key=sorted)
    classes: dict[tuple[bool, ...], list[str]] = {}
    for link in sorted(links):
        classes.setdefault(tuple(link in group for group in ordered), []).append(link)
    return {members[0]: tuple(members) for signature, members in classes.items() if any(signature)}


def _segments_by_pair(
    segments: list[_Segment], origins: dict[str, tuple[str, ...]], targets: dict[str, tuple[str, ...]]
) -> dict[Pair, list[int]]:
    members: dict[Pair, list[int]] = {}
    cache: dict[tuple[frozenset[str], frozenset[str]], list[Pair]] = {}
    for index, segment in enumerate(segments):
        key = (segment.origins, segment.targets)
        if key not in cache:
            cache[key] = [(o, t) for o in origins if o in key[0] for t in targets if t in key[1]]
        for pair in cache[key]:
            members.setdefault(pair, []).append(index)
    return members


def _share(segments: list[_Segment], members: dict[Pair, list[int]]) -> frozenset[int]:
    users = [0] * len(segments)
    for indices in members.values():
        for index in indices:
            users[index] += 1
    return frozenset(
        index for index, segment in enumerate(segments) if (users[index] - 1) * len(segment.rules) > _COPIED
    )


def _write_chains(
    segments: list[_Segment],
    members: dict[Pair, list[int]],
    shared: frozenset[int],
    origins: dict[str, tuple[str, ...]],
    targets: dict[str, tuple[str, ...]],
    prefix: str,
) -> Dispatch:
    chains = [Chain(f"{prefix}.rules.{index}", tuple(segments[index].rules)) for index in sorted(shared)]
    pairs: dict[Pair, str] = {}
    for (origin, target), indices in sorted(members.items()):
        name = f"{prefix}.{origin}.{target}"
        body: list[Rule | str] = []
        for index in indices:
            body += [f"{prefix}.rules.{index}"] if index in shared else segments[index].rules
        if len(body) == 1 and isinstance(body[0], str):
            name = body[0]
        else:
            chains.append(Chain(name, tuple(body)))
        pairs.update({(o, t): name for o in origins[origin] for t in targets[target]})
    return Dispatch(dict(sorted(pairs.items())), tuple(chains))
