"""Ports that a forward takes away: from a service of the box, or from a forward after it. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator

from patronus.firewall.ir import TCP, UDP, PortForward
from patronus.values.addresses import ANYWHERE, Addresses
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
                    f"{_name(forward.name)} takes {opening.protocol}/{opening.port} away from the box's own service, "
                    f"which {opening.origin} opens there"
                )
                hint = "forward another port, or move the service or close it there"
                found.setdefault((forward.name, opening.origin), Problem(_PATH, message, hint))
    for one, other in _find_rivals(greedy):
        message = f"{_name(one)} takes connections before {_name(other)} that both are for"
        hint = "give one of them other ports, or tell them apart by `source` or `destination`"
        found.setdefault((one, other), Problem(_PATH, message, hint))
    return found.values()


def _takes(forward: PortForward, opening: Opening) -> bool:
    return (
        opening.family != "inet6"
        and _PROTOCOLS[opening.protocol] in forward.protocols
        and not forward.links.isdisjoint(opening.links)
        and any(first <= opening.port <= last for first, last in forward.ports)
    )


def _find_rivals(forwards: Iterable[PortForward]) -> Iterator[tuple[str, str]]:
    """Yield the names of forwards that take something from one after them; of several that do, not always all."""
    taken: dict[tuple[Addresses, int, str], _Taken] = {}
    for forward in forwards:
        for protocol in forward.protocols:
            for link in sorted(forward.links):
                held = taken.setdefault((forward.destination, protocol, link), _Taken())
                for first, last in forward.ports:
                    for name in held.take(first, last, forward.name):
                        if name != forward.name:
                            yield name, forward.name


class _Taken:
    """Which forward has which ports: disjoint ranges, in order."""

    def __init__(self) -> None:
        self._lasts: list[int] = []
        self._ranges: list[tuple[int, int, str]] = []

    def take(self, first: int, last: int, name: str) -> list[str]:
        """Take a range; return who had some of it. What more than one had is then told as the last one's."""
        begin = bisect_left(self._lasts, first)
        end = begin
        while end < len(self._ranges) and self._ranges[end][0] <= last:
            end += 1
        held = self._ranges[begin:end]
        if len(held) == 1 and held[0][0] <= first and last <= held[0][1]:
            return [held[0][2]]
        left = [(begin_, first - 1, holder) for begin_, _, holder in held[:1] if begin_ < first]
        right = [(last + 1, end_, holder) for _, end_, holder in held[-1:] if end_ > last]
        self._ranges[begin:end] = [*left, (first, last, name), *right]
        self._lasts[begin:end] = [range_[1] for range_ in (*left, (first, last, name), *right)]
        return [holder for _, _, holder in held]


def _name(name: str) -> str:
    return repr(name.removeprefix("forward."))
