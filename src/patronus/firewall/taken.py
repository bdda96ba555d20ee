"""Ports that a forward takes away: from a service of the box, or from a forward after it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from patronus.firewall.ir import TCP, UDP, PortForward
from patronus.values.addresses import ANYWHERE
from patronus.values.plan import Opening
from patronus.values.problem import Problem

_PATH = "nat.port_forwards"
_PROTOCOLS = {"tcp": TCP, "udp": UDP}


def find_taken_ports(forwards: Iterable[PortForward], openings: Iterable[Opening]) -> Iterable[Problem]:
    """Return what never gets a connection because a forward, which is tried first, takes them all."""
    greedy = [forward for forward in forwards if forward.source == ANYWHERE and forward.local]
    found: dict[tuple[str, str], Problem] = {}
    for forward in (forward for forward in greedy if forward.destination == ANYWHERE):
        for opening in openings:
            if _takes(forward, opening):
                message = (
                    f"{_name(forward)} takes {opening.protocol}/{opening.port} away from the box's own service, "
                    f"which {opening.origin} opens there"
                )
                hint = "forward another port, or move the service or close it there"
                found.setdefault((forward.name, opening.origin), Problem(_PATH, message, hint))
    for one, other in combinations(greedy, 2):
        if one.name != other.name and one.destination == other.destination and _overlap(one, other):
            message = f"{_name(one)} takes connections before {_name(other)} that both are for"
            hint = "give one of them other ports, or tell them apart by `source` or `destination`"
            found.setdefault((one.name, other.name), Problem(_PATH, message, hint))
    return found.values()


def _takes(forward: PortForward, opening: Opening) -> bool:
    return (
        opening.family != "inet6"
        and _PROTOCOLS[opening.protocol] in forward.protocols
        and not forward.links.isdisjoint(opening.links)
        and any(first <= opening.port <= last for first, last in forward.ports)
    )


def _overlap(one: PortForward, other: PortForward) -> bool:
    return (
        not set(one.protocols).isdisjoint(other.protocols)
        and not one.links.isdisjoint(other.links)
        and any(a[0] <= b[1] and b[0] <= a[1] for a in one.ports for b in other.ports)
    )


def _name(forward: PortForward) -> str:
    return repr(forward.name.removeprefix("forward."))
