"""What a ruleset means, without zones, aliases or text: links, sets of numbers and an ordered list of rules.

The first rule that matches a new connection decides it; what no rule matches is dropped. Traffic of a connection that
was passed is passed. This is all the compiler, the reference model and the tests need to agree on.
"""

from __future__ import annotations

from typing import NamedTuple

from patronus.values.addresses import ALL_PORTS, ANYWHERE, Addresses, Ranges

SELF = "self"
"""Stands for the box itself among links: as origin it is what the box sends, as target what is addressed to it."""

PASS = "pass"  # noqa: S105 - a verdict
BLOCK = "block"
REJECT = "reject"

ICMP = 1
TCP = 6
UDP = 17
ICMPV6 = 58


class Link(NamedTuple):
    """A network interface and what the box does there before any rule of the owner."""

    name: str
    external: bool = False
    dynamic4: bool = False
    dynamic6: bool = False
    anti_spoofing: bool = True
    block_private: bool = False
    block_bogons: bool = False
    ping: bool = True


class Rule(NamedTuple):
    """One rule. `origins` are the links a packet comes in by, `targets` those it leaves by; both may hold SELF."""

    name: str
    action: str
    origins: frozenset[str]
    targets: frozenset[str]
    source: Addresses = ANYWHERE
    destination: Addresses = ANYWHERE
    protocols: tuple[int, ...] = ()
    """IP protocol numbers; empty means any."""
    source_ports: Ranges = ALL_PORTS
    destination_ports: Ranges = ALL_PORTS
    icmp_types: tuple[int, ...] = ()
    """Types of the only protocol, ICMP or ICMPv6; empty means any."""
    tcp_flags: tuple[int, int] | None = None
    """(mask, value): matches when flags & mask == value."""
    forwarded_port: Ranges | None = None
    """Matches only connections a port forward redirected, whose first packet was addressed to one of these ports."""
    log: bool = False


class PortForward(NamedTuple):
    """New IPv4 connections that come in by `links` for `ports` go to `target` instead."""

    name: str
    links: frozenset[str]
    protocols: tuple[int, ...]
    ports: Ranges
    target: int
    """An IPv4 address as a number."""
    target_port: int | None = None
    """The first port at the target; None keeps the ports as they are."""
    source: Addresses = ANYWHERE
    destination: Addresses = ANYWHERE
    local: bool = True
    """Only what is addressed to an address the box has at that moment."""


MASQUERADE = "masquerade"
NO_NAT = "none"


class SourceNat(NamedTuple):
    """IPv4 packets that leave by `links` get another source. `to` is an address, MASQUERADE or NO_NAT."""

    name: str
    links: frozenset[str]
    to: str
    source: Addresses = ANYWHERE
    destination: Addresses = ANYWHERE
    protocols: tuple[int, ...] = ()
    destination_ports: Ranges = ALL_PORTS
    forwarded: bool = False
    """Only connections a port forward redirected."""


class Ruleset(NamedTuple):
    """Everything the kernel is told in one transaction."""

    links: tuple[Link, ...]
    rules: tuple[Rule, ...]
    forwards: tuple[PortForward, ...] = ()
    source_nat: tuple[SourceNat, ...] = ()
    log_default: bool = True
    """Log what no rule matched."""
