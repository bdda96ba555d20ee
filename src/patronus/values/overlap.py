"""Which networks share addresses, without comparing each with each."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

Network = IPv4Network | IPv6Network


def find_overlaps(networks: Sequence[Network]) -> list[tuple[int, int]]:
    """Return the pairs of indices, lower first and ascending, of networks that share an address.

    Networks either nest or are apart, so that in ascending order the ones still open when another begins contain it.
    """
    order = sorted(range(len(networks)), key=lambda index: _sort_key(networks[index]))
    pairs: list[tuple[int, int]] = []
    open_networks: list[int] = []
    for index in order:
        while open_networks and not _contains(networks[open_networks[-1]], networks[index]):
            open_networks.pop()
        pairs += [(min(outer, index), max(outer, index)) for outer in open_networks]
        open_networks.append(index)
    return sorted(pairs)


def _sort_key(network: Network) -> tuple[int, int, int]:
    return network.version, int(network.network_address), network.prefixlen


def _contains(outer: Network, inner: Network) -> bool:
    return outer.version == inner.version and int(inner.network_address) <= int(outer.broadcast_address)
