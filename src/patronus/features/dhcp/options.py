"""DHCP options as Kea reads them: numbers and bytes, so that no text of the document needs quoting (RFC 2132)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network
from typing import Any, NamedTuple

from patronus.features.dhcp.schema import HostSettings, Option

ROUTERS, DNS, DOMAIN, NTP, SEARCH, ROUTES = 3, 6, 15, 42, 119, 121
OWN_SETTING = {ROUTERS: "routers", DNS: "dns", DOMAIN: "domain", NTP: "ntp", SEARCH: "search", ROUTES: "routes",
               66: "boot", 67: "boot"}  # fmt: skip
"""Options that have a setting of their own in the document."""
PROTOCOL = {50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 61, 81, 82, 90, 118}
"""Options the server itself writes or the client sends; setting one by hand breaks the protocol."""
SUBNET_MASK = 1
KINDS = ("addresses", "text", "domains", "uint8", "uint16", "uint32", "flag", "hex")


class Defaults(NamedTuple):
    """What hosts of a subnet are told when the document says nothing: the box itself, where it serves."""

    router: IPv4Address | None
    dns: IPv4Address | None
    ntp: IPv4Address | None
    domain: str


NO_DEFAULTS = Defaults(None, None, None, "")


def write_options(settings: HostSettings, defaults: Defaults) -> list[dict[str, Any]]:
    """Return `option-data` of a subnet or, with NO_DEFAULTS, of a reservation."""
    found = dict(_list_options(settings, defaults))
    found.update((option.code, encode_option(option)) for option in settings.options)
    return [{"code": code, "csv-format": False, "data": found[code].hex()} for code in sorted(found)]


def _list_options(settings: HostSettings, defaults: Defaults) -> Iterator[tuple[int, bytes]]:
    routers = _addresses(settings.routers, defaults.router)
    for code, addresses in (
        (ROUTERS, routers),
        (DNS, _addresses(settings.dns, defaults.dns)),
        (NTP, _addresses(settings.ntp, defaults.ntp)),
    ):
        if addresses:
            yield code, b"".join(address.packed for address in addresses)
    domain = settings.domain or defaults.domain
    if domain:
        yield DOMAIN, domain.encode()
    if settings.search:
        yield SEARCH, b"".join(map(_wire_name, settings.search))
    if settings.routes:
        routes = [(route.destination, route.gateway) for route in settings.routes]
        routes += [(IPv4Network("0.0.0.0/0"), router) for router in routers[:1]]
        yield ROUTES, b"".join(_wire_route(network, gateway) for network, gateway in routes)


def _addresses(given: Iterable[IPv4Address] | None, default: IPv4Address | None) -> list[IPv4Address]:
    if given is not None:
        return list(given)
    return [default] if default else []


def encode_option(option: Option) -> bytes:
    """Return the bytes of an option; `check` made sure that it has exactly one kind of value."""
    if option.addresses is not None:
        return b"".join(address.packed for address in option.addresses)
    if option.text is not None:
        return option.text.encode()
    if option.domains is not None:
        return b"".join(map(_wire_name, option.domains))
    for numbers, size in ((option.uint8, 1), (option.uint16, 2), (option.uint32, 4)):
        if numbers is not None:
            return b"".join(number.to_bytes(size, "big") for number in numbers)
    if option.flag is not None:
        return bytes([option.flag])
    return bytes.fromhex(option.hex or "")


def _wire_name(name: str) -> bytes:
    """RFC 1035 3.1, uncompressed: every client understands that."""
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _wire_route(network: IPv4Network, gateway: IPv4Address) -> bytes:
    """RFC 3442: prefix length, the significant bytes of the network, the next hop."""
    significant = (network.prefixlen + 7) // 8
    return bytes([network.prefixlen]) + network.network_address.packed[:significant] + gateway.packed
