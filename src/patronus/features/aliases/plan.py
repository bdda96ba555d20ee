"""Aliases -> facts: every alias as a set of numbers, nesting and exclusions resolved."""

from __future__ import annotations

from collections.abc import Iterable

from patronus.features.aliases.graph import list_references, sort_aliases
from patronus.features.aliases.schema import Aliases
from patronus.firewall.resolve import unite_port_terms, unite_terms
from patronus.values.addresses import Addresses, Ranges
from patronus.values.facts import AliasFact, Context
from patronus.values.problem import config_path


def facts(aliases: Aliases) -> Iterable[object]:
    """Publish every alias, those in circles as empty; `check` explains them."""
    addresses: dict[str, Addresses] = {}
    ports: dict[str, Ranges] = {}
    for name in sort_aliases(aliases.root):
        alias = aliases.root[name]
        if alias.ports:
            ports[name] = unite_port_terms(alias.ports, ports.get)
        else:
            addresses[name] = unite_terms(alias.addresses, addresses.get)._replace(label=name)
    for name, alias in aliases.root.items():
        yield AliasFact(
            name,
            config_path("aliases", name),
            None if alias.ports else addresses.get(name, Addresses()),
            ports.get(name, ()) if alias.ports else None,
            frozenset(list_references(alias)),
        )


def plan(_aliases: Aliases, _context: Context) -> Iterable[object]:
    """Return nothing: the rules that use an alias carry its content."""
    return ()
