"""Sets of addresses and ports as sorted, disjoint, inclusive integer ranges: one representation for every alias,
literal and negation, which the rule compiler and the reference model share.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import NamedTuple

Ranges = tuple[tuple[int, int], ...]

MAX4 = 2**32 - 1
MAX6 = 2**128 - 1
MAX_PORT = 65535
ALL4: Ranges = ((0, MAX4),)
ALL6: Ranges = ((0, MAX6),)
ALL_PORTS: Ranges = ((0, MAX_PORT),)


def merge_ranges(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Return the union, sorted; ranges that touch become one."""
    merged: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if merged and first <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(last, merged[-1][1]))
        else:
            merged.append((first, last))
    return tuple(merged)


def complement_ranges(ranges: Ranges, maximum: int) -> Ranges:
    """Return everything between 0 and `maximum` that is not in `ranges`."""
    gaps: list[tuple[int, int]] = []
    start = 0
    for first, last in ranges:
        if first > start:
            gaps.append((start, first - 1))
        start = last + 1
    if start <= maximum:
        gaps.append((start, maximum))
    return tuple(gaps)


def subtract_ranges(ranges: Ranges, removed: Ranges, maximum: int) -> Ranges:
    """Return what is in `ranges` and not in `removed`."""
    return intersect_ranges(ranges, complement_ranges(removed, maximum))


def intersect_ranges(left: Ranges, right: Ranges) -> Ranges:
    """Return what is in both."""
    common: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        first = max(left[i][0], right[j][0])
        last = min(left[i][1], right[j][1])
        if first <= last:
            common.append((first, last))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(common)


class Addresses(NamedTuple):
    """A set of IPv4 and IPv6 addresses. `label` is the alias it came from, for readable names only;
    with a leading `!` the set is everything but that alias."""

    v4: Ranges = ()
    v6: Ranges = ()
    label: str = ""

    @classmethod
    def of(cls, *items: str) -> Addresses:
        """Return the set of literal addresses, networks and ranges (`10.0.0.1`, `10.0.0.0/8`, `10.0.0.1-10.0.0.9`)."""
        terms = [parse_address_term(item) for item in items]
        return unite_addresses(term.literal for term in terms if term.literal)

    def __bool__(self) -> bool:
        return bool(self.v4 or self.v6)


ANYWHERE = Addresses(ALL4, ALL6)


def unite_addresses(sets: Iterable[Addresses], label: str = "") -> Addresses:
    """Return the union."""
    v4: list[tuple[int, int]] = []
    v6: list[tuple[int, int]] = []
    for item in sets:
        v4 += item.v4
        v6 += item.v6
    return Addresses(merge_ranges(v4), merge_ranges(v6), label)


def subtract_addresses(addresses: Addresses, removed: Addresses, label: str = "") -> Addresses:
    """Return the addresses of the first set that the second does not hold."""
    return Addresses(
        subtract_ranges(addresses.v4, removed.v4, MAX4), subtract_ranges(addresses.v6, removed.v6, MAX6), label
    )


class AddressTerm(NamedTuple):
    """One entry of an address list: an alias by name, or literal addresses; `!` in front excludes them."""

    text: str
    negated: bool
    alias: str | None
    literal: Addresses | None

    def __str__(self) -> str:
        return self.text


class PortTerm(NamedTuple):
    """One entry of a port list: an alias by name, or literal ports; `!` in front excludes them."""

    text: str
    negated: bool
    alias: str | None
    literal: Ranges | None

    def __str__(self) -> str:
        return self.text


class LinkTerm(NamedTuple):
    """A zone, an interface or `self`; `!` in front excludes it."""

    text: str
    negated: bool
    name: str

    def __str__(self) -> str:
        return self.text


_NAME_CHARS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")


def _is_name(text: str, longest: int) -> bool:
    return 0 < len(text) <= longest and text[0].isalpha() and _NAME_CHARS.issuperset(text)


def _parse_literal(text: str) -> Addresses:
    if "%" in text:
        raise ValueError(text)
    if "/" in text:
        if not text.rpartition("/")[2].isdigit():
            raise ValueError(text)
        network = ip_network(text)
        span = (int(network.network_address), int(network.broadcast_address))
        return Addresses((span,), ()) if network.version == 4 else Addresses((), (span,))
    first_text, dash, last_text = text.partition("-")
    first: IPv4Address | IPv6Address = ip_address(first_text)
    last = ip_address(last_text) if dash else first
    if first.version != last.version or int(first) > int(last):
        raise ValueError(text)
    span = (int(first), int(last))
    return Addresses((span,), ()) if first.version == 4 else Addresses((), (span,))


def parse_address_term(text: str) -> AddressTerm:
    """Read an alias name, address, network or range, with an optional `!`; ValueError when it is none of these."""
    body = text[1:] if text.startswith("!") else text
    if ":" not in body and _is_name(body, 31):
        return AddressTerm(text, body is not text, body, None)
    return AddressTerm(text, body is not text, None, _parse_literal(body))


def parse_port_term(value: str | int) -> PortTerm:
    """Read an alias name, a port or a range of ports, with an optional `!`; ValueError when it is none of these."""
    text = str(value)
    body = text[1:] if text.startswith("!") else text
    if _is_name(body, 31):
        return PortTerm(text, body is not text, body, None)
    first, dash, last = body.partition("-")
    if not (first.isascii() and first.isdigit() and (not dash or (last.isascii() and last.isdigit()))):
        raise ValueError(text)
    span = (int(first), int(last or first))
    if not 1 <= span[0] <= span[1] <= MAX_PORT:
        raise ValueError(text)
    return PortTerm(text, body is not text, None, (span,))


def parse_link_term(text: str) -> LinkTerm:
    """Read the name of a zone or interface, or `self`, with an optional `!`."""
    body = text[1:] if text.startswith("!") else text
    if not _is_name(body, 15):
        raise ValueError(text)
    return LinkTerm(text, body is not text, body)
