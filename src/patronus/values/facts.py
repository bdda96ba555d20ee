"""What features tell each other before anything is planned. A fact is published by one feature and read by many.

Features never import each other: DHCP learns the address of `lan` from a `LinkFact`, not from the interfaces feature.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Interface, IPv6Address, IPv6Interface
from typing import TypeVar, cast

from patronus.values.addresses import Addresses, Ranges
from patronus.values.problem import config_path, is_within, list_outer

F = TypeVar("F")


@dataclass(frozen=True)
class LinkFact:
    """A network interface of the document, under its config name, which is also its kernel name on the box."""

    name: str
    origin: str
    zone: str | None = None
    addresses4: tuple[IPv4Interface, ...] = ()
    addresses6: tuple[IPv6Interface, ...] = ()
    dynamic4: bool = False
    """The provider gives an IPv4 address (DHCP)."""
    dynamic6: bool = False
    """The provider gives IPv6 addresses (SLAAC or DHCPv6)."""
    delegated_from: str | None = None
    """The link whose delegated prefix this link takes a subnet of."""
    parent: str | None = None
    """The link beneath a VLAN."""
    vlan: int | None = None
    """The id of a VLAN."""
    enabled: bool = True
    """False keeps the link down; services leave it out."""
    mtu: int | None = None
    """Bytes; None is the driver's own."""
    uplink: bool = False
    """A default route is, or may come, through this link."""
    link_local: IPv6Address | None = None
    """A fixed link-local address of the box on this link, which services can bind whatever the prefix is."""

    @property
    def addresses(self) -> tuple[IPv4Interface | IPv6Interface, ...]:
        """Every fixed address of the link."""
        return (*self.addresses4, *self.addresses6)


@dataclass(frozen=True)
class ZoneFact:
    """A group of links with one trust level. `external` marks the internet side: WAN defaults apply there."""

    name: str
    origin: str
    external: bool = False
    block_private: bool = False
    """New connections from private sources are dropped (RFC 1918, RFC 4193, loopback)."""
    block_bogons: bool = False
    """New connections from sources that no one may use on the internet are dropped."""
    anti_spoofing: bool = True
    """A packet is dropped when the way back to its source does not lead through the link it came by."""
    ping: bool = True
    """The box answers echo requests."""
    intra_zone: bool = False
    """Links of the zone may reach each other."""


@dataclass(frozen=True)
class HostFact:
    """The name of the box: `hostname` without, `domain` with its dots and without the host name."""

    hostname: str
    domain: str


@dataclass(frozen=True)
class EditorsFact:
    """Whose device keys may sign local edits: fingerprints, or `*` for the key of whichever box runs the document."""

    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class ResolverFact:
    """The box answers DNS questions on these links; `origin` is the resolver's section."""

    links: tuple[str, ...]
    origin: str


@dataclass(frozen=True)
class TimeServerFact:
    """The box answers NTP on these links."""

    links: tuple[str, ...]
    origin: str


@dataclass(frozen=True)
class TimeSourceFact:
    """The box asks for the time under this name; it must resolve while the clock is still wrong."""

    name: str


@dataclass(frozen=True)
class LeaseFact:
    """A host known to the DHCP server by reservation, so that the resolver can name it."""

    hostname: str
    address: str
    origin: str


@dataclass(frozen=True)
class LeaseFileFact:
    """Where the DHCP server keeps its leases, so that the resolver can learn the names in it."""

    path: str
    origin: str


ANY_NAME = "*"
"""Ends a gap that may hide an entry of any name, because its own name could not be read."""


@dataclass(frozen=True)
class Context:
    """All facts of one document.

    `gaps` are the places (config paths) that could not be read or are wrong. A check that would complain only because
    something is missing there asks `doubts` or `may_hold` first: the fault is told where it is, and not again where it
    is missed.
    """

    facts: tuple[object, ...] = ()
    gaps: frozenset[str] = frozenset()

    def doubts(self, *parts: str) -> bool:
        """Tell whether what the document says at a place, or in it, is uncertain."""
        path = config_path(*parts)
        return path in self._around or not self.gaps.isdisjoint(list_outer(path))

    def may_hold(self, section: str, name: str) -> bool:
        """Tell whether an entry of a section that no fact tells of may be in what could not be read."""
        return f"{section}.{ANY_NAME}" in self.gaps or self.doubts(section, name)

    @cached_property
    def _around(self) -> frozenset[str]:
        return frozenset(outer for gap in self.gaps for outer in list_outer(gap))

    @cached_property
    def _by_kind(self) -> dict[type, tuple[object, ...]]:
        kinds: dict[type, list[object]] = {}
        for fact in self.facts:
            kinds.setdefault(type(fact), []).append(fact)
        return {kind: tuple(facts) for kind, facts in kinds.items()}

    @cached_property
    def _zones(self) -> dict[str, ZoneFact]:
        return {zone.name: zone for zone in reversed(self.all(ZoneFact))}

    @cached_property
    def _aliases(self) -> dict[str, AliasFact]:
        return {alias.name: alias for alias in reversed(self.all(AliasFact))}

    @cached_property
    def _links_by_zone(self) -> dict[str, tuple[LinkFact, ...]]:
        zones: dict[str, list[LinkFact]] = {}
        for link in self.all(LinkFact):
            zones.setdefault(link.zone or "", []).append(link)
        return {zone: tuple(links) for zone, links in zones.items()}

    @cached_property
    def _links(self) -> dict[str, LinkFact]:
        return {link.name: link for link in reversed(self.all(LinkFact))}

    def is_alias_sure(self, name: str) -> bool:
        """Tell whether an alias is defined, and nothing it is built from is missing, in doubt or in a circle."""
        return name in self._sure_aliases

    @cached_property
    def _sure_aliases(self) -> frozenset[str]:
        users: dict[str, list[str]] = {}
        waits_for = {fact.name: len(fact.built_from) for fact in self.all(AliasFact)}
        for fact in self.all(AliasFact):
            for part in fact.built_from:
                users.setdefault(part, []).append(fact.name)
        pending = [name for name, parts in waits_for.items() if not parts]
        sure: set[str] = set()
        while pending:
            name = pending.pop()
            if self.may_hold("aliases", name):
                continue
            sure.add(name)
            for user in users.get(name, ()):
                waits_for[user] -= 1
                if not waits_for[user]:
                    pending.append(user)
        return frozenset(sure)

    @cached_property
    def may_hide_links(self) -> bool:
        """Tell whether more interfaces may belong to a zone than the facts say."""
        return self._may_hide("interfaces", self.all(LinkFact), "zone")

    @cached_property
    def may_hide_external(self) -> bool:
        """Tell whether more zones may be external than the facts say."""
        return self._may_hide("zones", self.all(ZoneFact), "external")

    def _may_hide(self, section: str, seen: Iterable[LinkFact | ZoneFact], key: str) -> bool:
        """Tell whether an entry of a section is not seen, or what it says under `key` is in doubt."""
        origins = {fact.origin for fact in seen}
        entries = {config_path(*gap.split(".")[:2]) for gap in self.gaps if is_within(gap, section)}
        return not entries <= origins or any(self.doubts(origin, key) for origin in origins & entries)

    def all(self, kind: type[F]) -> tuple[F, ...]:
        """Return every fact of one kind, in document order."""
        return cast(tuple[F, ...], self._by_kind.get(kind, ()))

    def one(self, kind: type[F], default: F) -> F:
        """Return the only fact of a kind, or the default."""
        return next(iter(self.all(kind)), default)

    def link(self, name: str) -> LinkFact | None:
        """Return a link by its config name."""
        return self._links.get(name)

    def zone(self, name: str) -> ZoneFact | None:
        """Return a zone by its name."""
        return self._zones.get(name)

    def alias(self, name: str) -> AliasFact | None:
        """Return an alias by its name."""
        return self._aliases.get(name)

    @cached_property
    def places(self) -> tuple[str, ...]:
        """The names of all zones and interfaces, sorted."""
        return tuple(sorted({*self._zones, *self._links}))

    def links_in(self, zones: Iterable[str]) -> tuple[LinkFact, ...]:
        """Return the links of these zones, in document order."""
        wanted = set(zones)
        if len(wanted) == 1:
            return self._links_by_zone.get(wanted.pop(), ())
        return tuple(link for link in self.all(LinkFact) if link.zone in wanted)


@dataclass(frozen=True)
class AliasFact:
    """A named set of addresses or of ports, nesting and exclusions already resolved."""

    name: str
    origin: str
    addresses: Addresses | None = None
    ports: Ranges | None = None
    """One of the two is None. What cannot be resolved is empty: see `Context.is_alias_sure`."""
    built_from: frozenset[str] = frozenset()
    """The aliases it names, defined or not."""
