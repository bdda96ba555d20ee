"""Turns the words of rules (zones, interfaces, aliases, literals) into links and numbers, with what features told each
other. A word nobody knows means nothing here; the features' checks refuse it first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import cast

from patronus.firewall.ir import SELF
from patronus.values.addresses import (
    ALL_PORTS,
    ANYWHERE,
    MAX_PORT,
    Addresses,
    AddressTerm,
    LinkTerm,
    PortTerm,
    Ranges,
    merge_ranges,
    subtract_addresses,
    subtract_ranges,
    unite_addresses,
)
from patronus.values.facts import AliasFact, Context, LinkFact


def unite_terms(terms: Iterable[AddressTerm], look_up: Callable[[str], Addresses | None]) -> Addresses:
    """Return what the terms allow less what they exclude; only exclusions mean everything else. Shared by aliases."""
    allowed: list[Addresses] = []
    excluded: list[Addresses] = []
    for term in terms:
        value = term.literal if term.alias is None else look_up(term.alias)
        (excluded if term.negated else allowed).append(value or Addresses())
    labels = {item.label for item in excluded if not allowed} if len(excluded) == 1 else set()
    united = unite_addresses(allowed) if allowed else ANYWHERE
    if not excluded:
        return allowed[0] if len(allowed) == 1 else united
    label = next(iter(labels), "")
    return subtract_addresses(united, unite_addresses(excluded), f"!{label}" if label else "")


def unite_port_terms(terms: Iterable[PortTerm], look_up: Callable[[str], Ranges | None]) -> Ranges:
    """Return the ports the terms allow less those they exclude."""
    allowed: list[tuple[int, int]] = []
    excluded: list[tuple[int, int]] = []
    positive = False
    for term in terms:
        value = term.literal if term.alias is None else look_up(term.alias)
        (excluded if term.negated else allowed).extend(value or ())
        positive |= not term.negated
    ports = merge_ranges(allowed) if positive else ALL_PORTS
    return subtract_ranges(ports, merge_ranges(excluded), MAX_PORT) if excluded else ports


class Resolver:
    """Resolves terms of one document, each distinct list once."""

    def __init__(self, context: Context) -> None:
        aliases = context.all(AliasFact)
        self._addresses = {alias.name: alias.addresses for alias in aliases}
        self._ports = {alias.name: alias.ports for alias in aliases}
        links = context.all(LinkFact)
        self.all_links = frozenset(link.name for link in links)
        zones: dict[str, set[str]] = {link.name: {link.name} for link in links}
        by_zone: dict[str, set[str]] = {}
        for link in links:
            if link.zone is not None:
                by_zone.setdefault(link.zone, set()).add(link.name)
        self._links = {SELF: {SELF}, **zones, **by_zone}
        self._known: dict[tuple[object, ...], object] = {}

    def addresses(self, terms: Sequence[AddressTerm]) -> Addresses:
        """Return the addresses of a list; an empty list means anywhere."""
        if not terms:
            return ANYWHERE
        if len(terms) == 1 and terms[0].literal is not None and not terms[0].negated:
            return terms[0].literal
        key = ("addresses", *(term.text for term in terms))
        if key not in self._known:
            self._known[key] = unite_terms(terms, self._addresses.get)
        return cast(Addresses, self._known[key])

    def ports(self, terms: Sequence[PortTerm]) -> Ranges:
        """Return the ports of a list; an empty list means any."""
        if not terms:
            return ALL_PORTS
        if len(terms) == 1 and terms[0].literal is not None and not terms[0].negated:
            return terms[0].literal
        key = ("ports", *(term.text for term in terms))
        if key not in self._known:
            self._known[key] = unite_port_terms(terms, self._ports.get)
        return cast(Ranges, self._known[key])

    def links(self, terms: Sequence[LinkTerm], otherwise: frozenset[str] | None = None) -> frozenset[str]:
        """Return the links of a list of zones and interfaces. `otherwise` is what an empty list means, and what a list
        of exclusions takes from: every link, unless given. The box itself counts only where it is named.
        """
        whole = self.all_links if otherwise is None else otherwise
        if not terms:
            return whole
        key = ("links", whole, *(term.text for term in terms))
        if key not in self._known:
            self._known[key] = self._unite_links(terms, whole)
        return cast(frozenset[str], self._known[key])

    def _unite_links(self, terms: Sequence[LinkTerm], otherwise: frozenset[str]) -> frozenset[str]:
        allowed: set[str] = set()
        excluded: set[str] = set()
        for term in terms:
            (excluded if term.negated else allowed).update(self._links.get(term.name, ()))
        if any(term.negated for term in terms) and allowed <= {SELF}:
            allowed |= otherwise
        return frozenset(allowed - excluded)
