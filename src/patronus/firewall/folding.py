"""Folds a run of similar rules into one verdict map, so that a packet pays one lookup instead of one test per rule.

Only where the meaning provably stays. Rules fold when they are consecutive, look at the same fields and each field is
one value: then at most one key equals a packet's, and of two rules with the same key only the first could ever match.
Rules that look at nothing but one address may name ranges: each keeps the part that no earlier rule of the run took.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import groupby
from typing import NamedTuple

from patronus.firewall.ir import PortForward, Rule
from patronus.firewall.text import PROTOCOL_NAMES, write_address, write_span
from patronus.values.addresses import ALL4, ALL6, ALL_PORTS, ANYWHERE, Addresses, Ranges

SHORTEST_RUN = 8
"""Shorter runs stay rules, which people read more easily."""

Field = tuple[str, str]
"""What nftables looks at, and the type of a map's key for it."""
Fields = tuple[Field, ...]

_SOURCE = {4: ("ip saddr", "ipv4_addr"), 6: ("ip6 saddr", "ipv6_addr")}
_DESTINATION = {4: ("ip daddr", "ipv4_addr"), 6: ("ip6 daddr", "ipv6_addr")}
_PROTOCOL = ("meta l4proto", "inet_proto")
_SOURCE_PORT = ("th sport", "inet_service")
_PORT = ("th dport", "inet_service")


class Run(NamedTuple):
    """Consecutive rules that become one map: (key, the rule that decides it) in the order of the rules."""

    fields: Fields
    elements: tuple[tuple[str, Rule], ...]


class _Shape(NamedTuple):
    """The fields a rule looks at; equal shapes fold into one map."""

    family: int
    """4 or 6; 0 when addresses do not matter."""
    has_source: bool
    has_destination: bool
    transport: Fields

    def fields(self) -> Fields:
        """Return the fields of the map's key, in order."""
        source = (_SOURCE[self.family],) if self.has_source else ()
        destination = (_DESTINATION[self.family],) if self.has_destination else ()
        return (*source, *destination, *self.transport)


class _Transport(NamedTuple):
    fields: Fields
    values: tuple[str, ...]
    """The rest of the key; one for each protocol."""


def fold_rules(rules: Iterable[Rule]) -> Iterator[Rule | Run]:
    """Yield the rules in order, long runs of similar ones folded."""
    for shape, group in groupby(rules, _find_shape):
        run = list(group)
        if shape is None or len(run) < SHORTEST_RUN:
            yield from run
        else:
            yield Run(shape.fields(), tuple(_list_elements(run, shape).items()))


def _list_elements(run: list[Rule], shape: _Shape) -> dict[str, Rule]:
    if not shape.transport and shape.has_source != shape.has_destination:
        return _share_out(run, shape)
    elements: dict[str, Rule] = {}
    for rule in run:
        key = ""
        if shape.has_source:
            key = write_address(_first(rule.source, shape.family), shape.family) + " . "
        if shape.has_destination:
            key += write_address(_first(rule.destination, shape.family), shape.family) + " . "
        if not shape.transport:
            elements.setdefault(key[:-3], rule)
        else:
            transport = _find_transport(rule.protocols, rule.source_ports, rule.destination_ports)
            for value in transport.values if transport else ():
                elements.setdefault(key + value, rule)
    return elements


def _first(addresses: Addresses, family: int) -> int:
    return (addresses.v4 if family == 4 else addresses.v6)[0][0]


def _share_out(run: list[Rule], shape: _Shape) -> dict[str, Rule]:
    """Give every rule what is left of its only range."""
    cover = Cover()
    elements: dict[str, Rule] = {}
    for rule in run:
        addresses = rule.source if shape.has_source else rule.destination
        span = (addresses.v4 if shape.family == 4 else addresses.v6)[0]
        elements.update((write_span(first, last, shape.family), rule) for first, last in cover.take(span))
    return elements


class Cover:
    """The numbers earlier rules took, as sorted disjoint ranges."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def take(self, span: tuple[int, int]) -> list[tuple[int, int]]:
        """Take a range; return those parts of it that were free."""
        first, last = span
        begin = bisect_left(self._lasts, first)
        end = begin
        free: list[tuple[int, int]] = []
        start = first
        while end < len(self._firsts) and self._firsts[end] <= last:
            if self._firsts[end] > start:
                free.append((start, self._firsts[end] - 1))
            start = self._lasts[end] + 1
            end += 1
        if start <= last:
            free.append((start, last))
        self._firsts[begin:end] = [min([first, *self._firsts[begin:end]])]
        self._lasts[begin:end] = [max([last, *self._lasts[begin:end]])]
        return free


def _find_shape(rule: Rule) -> _Shape | None:
    """Return what a rule looks at, or None when it has to stay a rule."""
    if rule.log or rule.icmp_types or rule.tcp_flags or rule.forwarded_port is not None:
        return None
    transport = _find_transport(rule.protocols, rule.source_ports, rule.destination_ports)
    if transport is None:
        return None
    if rule.source == ANYWHERE and rule.destination == ANYWHERE:
        return _Shape(0, False, False, transport.fields) if transport.fields else None
    return _find_address_shape(rule.source, rule.destination, transport.fields)


def _find_address_shape(source: Addresses, destination: Addresses, transport: Fields) -> _Shape | None:
    """One family only, and one range at most on each side; one address when there is any other field."""
    has4 = bool(source.v4 and destination.v4)
    if has4 == bool(source.v6 and destination.v6):
        return None
    left, right, everything = (source.v4, destination.v4, ALL4) if has4 else (source.v6, destination.v6, ALL6)
    has_source, has_destination = left != everything, right != everything
    if len(left) != 1 or len(right) != 1 or not (has_source or has_destination):
        return None
    if transport or (has_source and has_destination):
        if has_source and left[0][0] != left[0][1]:
            return None
        if has_destination and right[0][0] != right[0][1]:
            return None
    return _Shape(4 if has4 else 6, has_source, has_destination, transport)


@lru_cache(maxsize=4096)
def _find_transport(protocols: tuple[int, ...], source_ports: Ranges, destination_ports: Ranges) -> _Transport | None:
    """Return the fields for protocol and ports; None when a port is not a single one."""
    fields: list[Field] = []
    values: list[str] = []
    for field, ranges in ((_SOURCE_PORT, source_ports), (_PORT, destination_ports)):
        if ranges == ALL_PORTS:
            continue
        if len(ranges) != 1 or ranges[0][0] != ranges[0][1]:
            return None
        fields.append(field)
        values.append(str(ranges[0][0]))
    if not protocols:
        return _Transport((), ())
    names = (PROTOCOL_NAMES.get(number, str(number)) for number in protocols)
    return _Transport((_PROTOCOL, *fields), tuple(" . ".join([name, *values]) for name in names))


class ForwardRun(NamedTuple):
    """Consecutive port forwards that become one map; all of them look at the same links and addresses."""

    first: PortForward
    elements: dict[tuple[int, int], PortForward]
    """(protocol, port) -> the forward that takes the connection: the first one for it."""


def fold_forwards(forwards: Iterable[PortForward]) -> Iterator[PortForward | ForwardRun]:
    """Yield the port forwards in order, long runs of similar ones folded."""
    for shape, group in groupby(forwards, _find_forward_shape):
        run = list(group)
        if shape is None or len(run) < SHORTEST_RUN:
            yield from run
            continue
        elements: dict[tuple[int, int], PortForward] = {}
        for forward in run:
            for protocol in forward.protocols:
                for port, _ in forward.ports:
                    elements.setdefault((protocol, port), forward)
        yield ForwardRun(run[0], elements)


def _find_forward_shape(forward: PortForward) -> tuple[object, ...] | None:
    """Return what forwards of a run have in common; None for one that names a range of ports."""
    if not forward.protocols or any(first != last for first, last in forward.ports):
        return None
    return forward.links, forward.source, forward.destination, forward.local
