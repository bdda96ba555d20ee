"""What every feature says of an interface the document does not have. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from patronus.values.facts import Context, LinkFact
from patronus.values.problem import Problem, name_some


def miss_interface(path: str, name: str, context: Context) -> Iterator[Problem]:
    """Yield the problem of an interface nobody defines, unless it may be in a part that could not be read."""
    if not context.may_hold("interfaces", name):
        known = name_some(link.name for link in context.all(LinkFact))
        yield Problem(path, f"there is no interface {name!r}", f"interfaces: {known}")
