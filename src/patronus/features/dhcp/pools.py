"""Arithmetic of address ranges."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address

from patronus.values.types import AddressRange4


def subtract_ranges(pools: Iterable[AddressRange4], holes: Iterable[AddressRange4]) -> list[AddressRange4]:
    """Return the pools without the holes, ascending; a pool may fall into several parts, or vanish."""
    parts = sorted(pools, key=lambda part: part.first)
    for hole in holes:
        parts = [left for part in parts for left in _cut(part, hole)]
    return parts


def _cut(part: AddressRange4, hole: AddressRange4) -> Iterable[AddressRange4]:
    if not overlap(part, hole):
        yield part
        return
    if part.first < hole.first:
        yield AddressRange4(first=part.first, last=hole.first - 1)
    if hole.last < part.last:
        yield AddressRange4(first=hole.last + 1, last=part.last)


def overlap(one: AddressRange4, other: AddressRange4) -> bool:
    """Tell whether two ranges share an address."""
    return one.first <= other.last and other.first <= one.last


def contains(part: AddressRange4, address: IPv4Address) -> bool:
    """Tell whether an address is in a range."""
    return part.first <= address <= part.last
