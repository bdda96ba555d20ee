"""Problems of the words in rules: zones, interfaces and aliases that do not exist or are of the wrong kind."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from patronus.firewall.ir import SELF
from patronus.values.addresses import AddressTerm, LinkTerm, PortTerm
from patronus.values.facts import Context
from patronus.values.problem import WARNING, Problem, name_some

Found = Iterable[Problem]
_ANY = {"any", "all"}
_EVERYTHING = "leave the list out to match everything"


def check_links(path: str, terms: Sequence[LinkTerm], context: Context) -> Found:
    """Every name must be a zone or an interface; a zone without interfaces matches nothing."""
    for index, term in enumerate(terms):
        if term.name == SELF or context.link(term.name):
            continue
        if context.zone(term.name) is None:
            if context.may_hold("zones", term.name) or context.may_hold("interfaces", term.name):
                continue
            hint = _EVERYTHING if term.name in _ANY else f"known: {name_some(context.places)}"
            yield Problem(f"{path}[{index}]", f"there is no zone or interface {term.name!r}", hint)
        elif not context.links_in([term.name]) and not context.may_hide_links:
            yield Problem(f"{path}[{index}]", f"no interface is in the zone {term.name!r}",
                          f"give an interface `zone: {term.name}`", WARNING)  # fmt: skip


def check_addresses(path: str, terms: Sequence[AddressTerm], context: Context) -> Found:
    """Every alias must exist and hold addresses."""
    for index, term in enumerate(terms):
        if term.alias is not None:
            yield from _check_alias(f"{path}[{index}]", term.alias, "addresses", context)


def check_ports(path: str, terms: Sequence[PortTerm], context: Context) -> Found:
    """Every alias must exist and hold ports."""
    for index, term in enumerate(terms):
        if term.alias is not None:
            yield from _check_alias(f"{path}[{index}]", term.alias, "ports", context)


def _check_alias(path: str, name: str, kind: str, context: Context) -> Found:
    fact = context.alias(name)
    if context.may_hold("aliases", name):
        return
    if fact is None:
        hint = "define it under `aliases`" if kind == "addresses" else "write the number, or define it under `aliases`"
        hint = _EVERYTHING if name in _ANY else hint
        yield Problem(path, f"there is no alias {name!r}", hint)
    elif (fact.ports if kind == "addresses" else fact.addresses) is not None:
        other = "ports" if kind == "addresses" else "addresses"
        yield Problem(path, f"{name!r} is an alias of {other}, not of {kind}", f"use an alias with `{kind}`")


def check_names(path: str, names: Sequence[str]) -> Found:
    """Names are how a rule is found again in the log and in counters."""
    first: dict[str, int] = {}
    for index, name in enumerate(names):
        if first.setdefault(name, index) != index:
            yield Problem(f"{path}[{index}].name", f"{name!r} is also the name of {path}[{first[name]}]", "rename one")
