"""What cannot work about addresses, gateways, tracked prefixes and routes."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv6Interface
from typing import NamedTuple

from patronus.features.interfaces.schema import Interface, Interfaces, Ipv4Settings, Ipv6Settings
from patronus.values.facts import Context
from patronus.values.overlap import find_overlaps
from patronus.values.problem import Problem, config_path

IPV4_FIELDS = {
    "static": ("addresses", "gateway", "metric"),
    "dhcp": ("metric", "hostname", "client_id", "reject_from", "use_mtu"),
    "none": (),
}
IPV6_FIELDS = {
    "static": ("addresses", "gateway", "metric"),
    "slaac": ("metric",),
    "dhcp": ("metric", "prefix_hint", "delegation", "rapid_commit"),
    "tracked": ("from_", "id", "host"),
    "link-local": (),
    "none": (),
}


class _Held(NamedTuple):
    interface: str
    path: str
    address: IPv4Interface | IPv6Interface


def check_addresses(section: Interfaces, context: Context) -> Iterator[Problem]:
    """Yield every problem of addresses and routes of the section."""
    for name, interface in section.root.items():
        origin = config_path("interfaces", name)
        if not _is_method_unsure(f"{origin}.ipv4", context):
            yield from _check_fields(f"{origin}.ipv4", interface.ipv4, IPV4_FIELDS)
        if not _is_method_unsure(f"{origin}.ipv6", context):
            yield from _check_fields(f"{origin}.ipv6", interface.ipv6, IPV6_FIELDS)
        yield from _check_gateways(origin, interface, context)
        yield from _check_routes(origin, interface, context)
    held = list(_list_addresses(section))
    for one in held:
        yield from _check_host(one)
    for first, second in find_overlaps([each.address.network for each in held]):
        yield from _check_pair(held[first], held[second])
    yield from _check_tracked(section, context)


def _is_method_unsure(origin: str, context: Context) -> bool:
    """Tell whether the way to get addresses is not known: without `method` it follows from the other two."""
    return any(context.doubts(origin, key) for key in ("method", "addresses", "from"))


def _check_fields(
    origin: str, settings: Ipv4Settings | Ipv6Settings, meant_for: dict[str, tuple[str, ...]]
) -> Iterator[Problem]:
    """Refuse a setting its method ignores: what stands in the document must be true on the box."""
    for field in sorted(settings.model_fields_set - {"method", *meant_for[settings.source]}):
        if getattr(settings, field) == type(settings).model_fields[field].default:
            continue
        methods = " or ".join(f"`{method}`" for method, fields in meant_for.items() if field in fields)
        key = field.rstrip("_")
        message = f"has no meaning with method `{settings.source}`"
        yield Problem(f"{origin}.{key}", message, f"remove it, or set method to {methods}")
    if settings.source == "static" and not settings.addresses:
        yield Problem(f"{origin}.addresses", "is missing", "method `static` needs at least one address")
    if isinstance(settings, Ipv6Settings) and settings.source == "tracked" and settings.from_ is None:
        yield Problem(f"{origin}.from", "is missing", "name the interface whose provider delegates the prefix")


def _list_addresses(section: Interfaces) -> Iterator[_Held]:
    for name, interface in section.root.items():
        for index, address4 in enumerate(interface.ipv4.addresses):
            yield _Held(name, config_path("interfaces", name, "ipv4", "addresses", index), address4)
        for index, address6 in enumerate(interface.ipv6.addresses):
            yield _Held(name, config_path("interfaces", name, "ipv6", "addresses", index), address6)


def _check_host(held: _Held) -> Iterator[Problem]:
    address = held.address
    if address.ip.is_multicast or address.ip.is_unspecified or address.ip.is_loopback:
        yield Problem(held.path, f"{address.ip} cannot be the address of an interface", "give it a unicast address")
        return
    edge = address.network.prefixlen < address.max_prefixlen - 1
    if edge and address.ip == address.network.network_address:
        what = "the network's own address" if address.version == 4 else "the subnet-router anycast address (RFC 4291)"
        yield Problem(held.path, f"{address.ip} is {what}", f"the first usable one is {address.network[1]}")
    if edge and isinstance(address, IPv4Interface) and address.ip == address.network.broadcast_address:
        message = f"{address.ip} is the broadcast address of {address.network}"
        yield Problem(held.path, message, f"the last usable one is {address.network[-2]}")


def _check_pair(one: _Held, other: _Held) -> Iterator[Problem]:
    """Refuse an address twice, and one subnet on two interfaces; several addresses of one subnet on a link are fine.

    The networks of the two overlap.
    """
    if one.address.ip == other.address.ip:
        for held, rival in ((one, other), (other, one)):
            yield Problem(held.path, f"{held.address.ip} is also at {rival.path}", "an address can stand once")
    elif one.interface != other.interface:
        for held, rival in ((one, other), (other, one)):
            message = f"{held.address.network} overlaps {rival.address.network} at {rival.path}"
            yield Problem(held.path, message, "give every interface a subnet of its own")


def _check_gateways(origin: str, interface: Interface, context: Context) -> Iterator[Problem]:
    for family, settings in (("ipv4", interface.ipv4), ("ipv6", interface.ipv6)):
        gateway = settings.gateway
        if gateway is None or not settings.addresses or context.doubts(origin, family, "addresses"):
            continue
        path = f"{origin}.{family}.gateway"
        if any(gateway == address.ip for address in settings.addresses):
            yield Problem(path, f"{gateway} is this box's own address", "name the next router")
        elif not gateway.is_link_local and not any(gateway in address.network for address in settings.addresses):
            networks = ", ".join(dict.fromkeys(str(address.network) for address in settings.addresses))
            yield Problem(path, f"{gateway} is not in {networks}", "a gateway must be directly reachable")


def _check_routes(origin: str, interface: Interface, context: Context) -> Iterator[Problem]:
    seen: dict[tuple[object, int | None], int] = {}
    for index, route in enumerate(interface.routes):
        path = config_path(f"{origin}.routes", index)
        first = seen.setdefault((route.destination, route.metric), index)
        if first != index:
            yield Problem(
                path, f"{route.destination} is also at {origin}.routes[{first}]", "remove one, or set `metric`"
            )
        settings = interface.ipv4 if route.destination.version == 4 else interface.ipv6
        if context.doubts(origin, f"ipv{route.destination.version}"):
            continue
        if settings.source == "none":
            yield Problem(path, f"the interface has no IPv{route.destination.version} address", "add one")
        if route.gateway is None:
            continue
        if route.gateway.version != route.destination.version:
            yield Problem(f"{path}.gateway", "is of the other address family", "IPv4 goes to IPv4, IPv6 to IPv6")
        elif (
            settings.source == "static"
            and not route.gateway.is_link_local
            and not any(route.gateway in address.network for address in settings.addresses)
        ):
            yield Problem(
                f"{path}.gateway", f"{route.gateway} is in no subnet of this interface", "name a next hop on it"
            )


def _check_tracked(section: Interfaces, context: Context) -> Iterator[Problem]:
    holders: dict[tuple[str, int], str] = {}
    for name, interface in section.root.items():
        ipv6 = interface.ipv6
        if ipv6.source != "tracked" or ipv6.from_ is None:
            continue
        origin = config_path("interfaces", name, "ipv6")
        yield from _check_uplink(f"{origin}.from", ipv6.from_, section, context)
        subnet = (ipv6.from_, ipv6.id)
        if subnet in holders:
            message = f"subnet {ipv6.id} of {ipv6.from_} belongs to {holders[subnet]!r} already"
            yield Problem(f"{origin}.id", message, "number the subnets one by one")
        holders.setdefault(subnet, name)
        uplink = section.root.get(ipv6.from_)
        hint = uplink.ipv6.prefix_hint if uplink else None
        if hint is not None and ipv6.id >= 2 ** (64 - hint):
            message = f"a /{hint} has the subnets 0 to {2 ** (64 - hint) - 1}"
            yield Problem(f"{origin}.id", message, f"choose one of them, or ask for more at interfaces.{ipv6.from_}")
        if ipv6.host is not None and not 0 < int(ipv6.host) < 2**64:
            yield Problem(f"{origin}.host", f"{ipv6.host} is not a host part", "only the last 64 bits: `::1`")


def _check_uplink(path: str, uplink: str, section: Interfaces, context: Context) -> Iterator[Problem]:
    found = section.root.get(uplink)
    if found is None:
        if context.may_hold("interfaces", uplink):
            return
        yield Problem(path, f"there is no interface {uplink!r}", "name an interface with `ipv6: {method: dhcp}`")
    elif context.doubts("interfaces", uplink, "ipv6"):
        return
    elif found.ipv6.source != "dhcp" or not found.ipv6.delegation:
        hint = f"set interfaces.{uplink}.ipv6 to `{{method: dhcp}}`"
        yield Problem(path, f"{uplink!r} does not ask its provider for a prefix", hint)
