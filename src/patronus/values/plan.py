"""The merged requests of all features."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

F = TypeVar("F")


@dataclass(frozen=True)
class Opening:
    """A port of the box itself that a service needs reachable from these links; the firewall turns it into a rule."""

    links: tuple[str, ...]
    protocol: str
    """tcp or udp."""
    port: int
    origin: str
    family: str = "both"
    """inet, inet6 or both."""


@dataclass(frozen=True)
class Plan:
    """Every fragment of a document, in the order of the feature list."""

    fragments: tuple[object, ...] = ()

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """Return the fragments of one kind."""
        return tuple(fragment for fragment in self.fragments if isinstance(fragment, kind))

    def plus(self, fragments: Iterable[object]) -> Plan:
        """Return a plan with more fragments."""
        return Plan(self.fragments + tuple(fragments))
