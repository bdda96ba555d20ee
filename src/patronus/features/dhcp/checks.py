"""What cannot work about subnets, pools and reservations; `option_checks` looks at what hosts are told."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network
from itertools import combinations
from typing import NamedTuple

from patronus.features.dhcp.option_checks import check_settings
from patronus.features.dhcp.plan import served_network, subnet_id
from patronus.features.dhcp.pools import contains, overlap, subtract_ranges
from patronus.features.dhcp.schema import DhcpServer, Subnet
from patronus.values.facts import Context, LinkFact
from patronus.values.overlap import find_overlaps
from patronus.values.problem import WARNING, Problem, config_path, name_some

MIN_LEASE_TIME = 60


class _Served(NamedTuple):
    path: str
    subnet: Subnet
    link: LinkFact
    network: IPv4Network


def check(section: DhcpServer, context: Context) -> Iterator[Problem]:
    """Yield every problem of the section."""
    served: list[_Served] = []
    for index, subnet in enumerate(section.subnets):
        path = config_path("dhcp", "subnets", index)
        yield from _check_times(path, section, subnet)
        place = _find_place(path, subnet, context)
        if isinstance(place, _Served):
            served.append(place)
        elif not _is_link_unsure(subnet.interface, context):
            yield place
    for one in served:
        yield from _check_pools(one)
        yield from _check_reservations(one)
        yield from check_settings(one.path, one.subnet, one.network)
        for number, host in enumerate(one.subnet.reservations):
            yield from check_settings(config_path(f"{one.path}.reservations", number), host, one.network)
    yield from _check_networks(served)
    yield from _check_hostnames(section)


def _is_link_unsure(name: str, context: Context) -> bool:
    if context.link(name) is None:
        return context.may_hold("interfaces", name)
    return context.doubts("interfaces", name, "ipv4")


def _find_place(path: str, subnet: Subnet, context: Context) -> _Served | Problem:
    link = context.link(subnet.interface)
    if link is None:
        known = name_some(other.name for other in context.all(LinkFact))
        return Problem(f"{path}.interface", f"there is no interface {subnet.interface!r}", f"interfaces: {known}")
    network = served_network(subnet, link)
    if network is None:
        hint = f"give {link.origin}.ipv4 an address"
        return Problem(f"{path}.interface", f"{link.name!r} has no static IPv4 address", hint)
    if not any(address.ip in network for address in link.addresses4):
        where = f"{path}.network"
        return Problem(where, f"{link.name!r} has no address in {network}", f"see {link.origin}.ipv4.addresses")
    if network.prefixlen > 30:
        return Problem(f"{path}.network", f"{network} has no room for hosts", "use a /30 or larger")
    return _Served(path, subnet, link, network)


def _check_times(path: str, section: DhcpServer, subnet: Subnet) -> Iterator[Problem]:
    lease = subnet.lease_time or section.lease_time
    longest = subnet.max_lease_time or section.max_lease_time
    where = f"{path}.lease_time" if subnet.lease_time else "dhcp.lease_time"
    if lease < MIN_LEASE_TIME:
        yield Problem(where, f"is shorter than {MIN_LEASE_TIME}s", "hosts would ask all the time")
    if longest < lease and (subnet.max_lease_time or "max_lease_time" in section.model_fields_set):
        where = f"{path}.max_lease_time" if subnet.max_lease_time else "dhcp.max_lease_time"
        yield Problem(where, "is shorter than lease_time", "raise it, or lower lease_time")


def _check_pools(one: _Served) -> Iterator[Problem]:
    network, subnet = one.network, one.subnet
    for index, pool in enumerate(subnet.pools):
        path = config_path(f"{one.path}.pools", index)
        if pool.first not in network or pool.last not in network:
            yield Problem(path, f"{pool} is not inside {network}", f"addresses from {network[1]} to {network[-2]}")
        elif pool.first == network.network_address or pool.last == network.broadcast_address:
            yield Problem(path, f"{pool} contains the network or broadcast address of {network}", "leave it out")
    for first, second in combinations(range(len(subnet.pools)), 2):
        if overlap(subnet.pools[first], subnet.pools[second]):
            for here, there in ((first, second), (second, first)):
                message = f"overlaps {one.path}.pools[{there}]"
                yield Problem(config_path(f"{one.path}.pools", here), message, "an address belongs to one pool")
    yield from _check_what_is_given(one)


def _check_what_is_given(one: _Served) -> Iterator[Problem]:
    subnet = one.subnet
    given = subtract_ranges(subnet.pools, subnet.exclude)
    for address in one.link.addresses4:
        if any(contains(pool, address.ip) for pool in given):
            message = f"the pools contain {address.ip}, the address of {one.link.name!r} itself"
            yield Problem(f"{one.path}.pools", message, "begin after it, or add it to `exclude`")
    for index, hole in enumerate(subnet.exclude):
        if not any(overlap(hole, pool) for pool in subnet.pools):
            path = config_path(f"{one.path}.exclude", index)
            yield Problem(path, f"{hole} is in none of the pools", "remove it", WARNING)
    if not given and not subnet.reservations:
        yield Problem(one.path, "has no address to give away", "add `pools`, or reservations", WARNING)


def _check_reservations(one: _Served) -> Iterator[Problem]:
    holders: dict[tuple[str, str], str] = {}
    for number, host in enumerate(one.subnet.reservations):
        path = config_path(f"{one.path}.reservations", number)
        if (host.mac is None) == (host.client_id is None):
            yield Problem(path, "needs exactly one of mac and client_id", "the MAC address is what hosts have printed")
        if host.address is not None:
            yield from _check_reserved_address(f"{path}.address", host.address, one)
        for key in ("mac", "client_id", "address"):
            value = getattr(host, key)
            if value is None:
                continue
            first = holders.setdefault((key, str(value)), path)
            if first != path:
                yield Problem(f"{path}.{key}", f"{value} is reserved at {first} already", "remove one of the two")


def _check_reserved_address(path: str, address: IPv4Address, one: _Served) -> Iterator[Problem]:
    network = one.network
    if address not in network:
        yield Problem(path, f"{address} is not inside {network}", f"addresses from {network[1]} to {network[-2]}")
    elif address in (network.network_address, network.broadcast_address):
        yield Problem(path, f"{address} is the network or broadcast address of {network}", "take another one")
    elif any(address == own.ip for own in one.link.addresses4):
        yield Problem(path, f"{address} is the address of {one.link.name!r} itself", "take another one")


def _check_networks(served: list[_Served]) -> Iterator[Problem]:
    for one, other in find_overlaps([each.network for each in served]):
        for here, there in ((served[one], served[other]), (served[other], served[one])):
            message = f"{here.network} overlaps {there.network} at {there.path}"
            yield Problem(here.path, message, "describe a network once, with all its pools")
    links: dict[str, _Served] = {}
    numbers: dict[int, _Served] = {}
    for each in served:
        first = links.setdefault(each.link.name, each)
        if first is not each and not first.network.overlaps(each.network):
            message = f"{each.link.name!r} is served at {first.path} already"
            yield Problem(f"{each.path}.interface", message, "one subnet per interface; use a VLAN for another one")
        first = numbers.setdefault(subnet_id(each.network), each)
        if first.network != each.network:
            message = f"{each.network} and {first.network} would have one number in the lease file"
            yield Problem(each.path, message, "change one of them; this is one chance in four billion")


def _check_hostnames(section: DhcpServer) -> Iterator[Problem]:
    """A name stands for one host: the resolver answers with it."""
    holders: dict[str, str] = {}
    for index, subnet in enumerate(section.subnets):
        for number, host in enumerate(subnet.reservations if subnet.enabled else ()):
            if host.hostname is None:
                continue
            path = config_path("dhcp", "subnets", index, "reservations", number, "hostname")
            first = holders.setdefault(host.hostname.lower(), path)
            if first != path:
                yield Problem(path, f"{host.hostname!r} is also the name at {first}", "give every host its own name")
