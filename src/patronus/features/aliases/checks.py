"""What the schema of one alias cannot see: nesting, kinds, emptiness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from patronus.features.aliases.graph import find_cycles
from patronus.features.aliases.schema import Alias, Aliases
from patronus.values.facts import AliasFact, Context
from patronus.values.problem import WARNING, Problem, config_path

Found = Iterable[Problem]


def check(aliases: Aliases, context: Context) -> Found:
    """Return every problem of the section."""
    for name, alias in aliases.root.items():
        yield from _check_kind(name, alias)
        yield from _check_references(name, alias, aliases.root, context)
    for cycle in find_cycles(aliases.root):
        path = config_path("aliases", cycle[0])
        yield Problem(path, f"is built from itself: {' -> '.join(cycle)}", "take one of these references away")
    for fact in context.all(AliasFact):
        excludes = any(term.negated for term in aliases.root[fact.name].addresses)
        if excludes and not fact.addresses and context.is_alias_sure(fact.name):
            yield Problem(fact.origin, "excludes everything it holds", "a rule with it never matches", WARNING)


def _check_kind(name: str, alias: Alias) -> Found:
    path = config_path("aliases", name)
    if alias.addresses and alias.ports:
        yield Problem(path, "holds addresses and ports at once", "make two aliases of it")
    if not alias.addresses and not alias.ports:
        yield Problem(path, "is empty", "give it `addresses` or `ports`")


def _check_references(name: str, alias: Alias, aliases: Mapping[str, Alias], context: Context) -> Found:
    kind = "ports" if alias.ports else "addresses"
    words = [term.alias for term in alias.ports] if alias.ports else [term.alias for term in alias.addresses]
    for index, word in enumerate(words):
        path = config_path("aliases", name, kind, index)
        if word is None or context.may_hold("aliases", word):
            continue
        other = aliases.get(word)
        if other is None:
            yield Problem(path, f"there is no alias {word!r}", "define it under `aliases`, or correct the name")
        elif bool(other.ports) != bool(alias.ports):
            yield Problem(path, f"{word!r} is an alias of {'ports' if other.ports else 'addresses'}, not {kind}",
                          "nest aliases of one kind only")  # fmt: skip
