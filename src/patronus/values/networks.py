"""Types of addresses and networks. MAC addresses are IEEE 802 as Linux prints them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict

from patronus.values import addresses
from patronus.values.fields import from_text
from patronus.values.words import suggest_name

T = TypeVar("T")


def _parse_mac(value: str) -> str:
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}", value):
        raise ValueError(value)
    return value.replace("-", ":").lower()


def _suggest_mac(written: str) -> str:
    """Guess at `5254.0012.3456` and `525400123456`."""
    digits = re.sub(r"[.: -]", "", written).lower()
    pairs = ":".join(digits[index : index + 2] for index in range(0, 12, 2))
    return f"`{pairs}`" if re.fullmatch(r"[0-9a-f]{12}", digits) else ""


def _suggest_host_part(written: str) -> str:
    """Guess at an address with a prefix length, or with a port, where none belongs."""
    try:
        if "/" in written:
            return f"`{ipaddress.ip_interface(written).ip}`, without prefix length"
        host = written.rpartition(":")[0]
        return f"`{ipaddress.ip_address(host.strip('[]'))}`, without port" if "." in host or "]" in host else ""
    except ValueError:
        return ""


def _suggest_network(written: str) -> str:
    """Guess at `192.168.1.1/24`, which has host bits."""
    try:
        return f"`{ipaddress.ip_network(written, strict=False)}`"
    except ValueError:
        return ""


def _suggest_length(written: str) -> str:
    """Guess at an address without prefix length."""
    try:
        return f"`{written}/{24 if ipaddress.ip_address(written).version == 4 else 64}`, or the length it has"
    except ValueError:
        return ""


def _with_length(parse: Callable[[str], T]) -> Callable[[str], T]:
    def read(value: str) -> T:
        if "/" not in value:
            raise ValueError(value)
        return parse(value)

    return read


_FOUR = "four numbers 0-255 with dots between"
_SIX = "groups of hexadecimal digits with : between; :: stands for zeros"
_LENGTH = "the network's first address, then / and a prefix length"
MacAddress = Annotated[
    str,
    *from_text(
        _parse_mac,
        "a MAC address such as 52:54:00:12:34:56",
        "six pairs of digits 0-9, a-f with : between",
        _suggest_mac,
    ),
]
Ipv4 = Annotated[
    ipaddress.IPv4Address,
    *from_text(ipaddress.IPv4Address, "an IPv4 address such as 192.0.2.1", _FOUR, _suggest_host_part),
]
Ipv6 = Annotated[
    ipaddress.IPv6Address,
    *from_text(ipaddress.IPv6Address, "an IPv6 address such as 2001:db8::1", _SIX, _suggest_host_part),
]
Ip = Annotated[
    ipaddress.IPv4Address | ipaddress.IPv6Address,
    *from_text(ipaddress.ip_address, "an IPv4 or IPv6 address", "such as 192.0.2.1 or 2001:db8::1", _suggest_host_part),
]
Cidr4 = Annotated[
    ipaddress.IPv4Network,
    *from_text(
        ipaddress.IPv4Network, "an IPv4 network such as 192.0.2.0/24, without host bits", _LENGTH, _suggest_network
    ),
]
Cidr6 = Annotated[
    ipaddress.IPv6Network,
    *from_text(
        ipaddress.IPv6Network, "an IPv6 network such as 2001:db8::/64, without host bits", _LENGTH, _suggest_network
    ),
]
Cidr = Annotated[
    ipaddress.IPv4Network | ipaddress.IPv6Network,
    *from_text(
        ipaddress.ip_network,
        "a network such as 192.0.2.0/24 or 2001:db8::/64, without host bits",
        _LENGTH,
        _suggest_network,
    ),
]
Address4 = Annotated[
    ipaddress.IPv4Interface,
    *from_text(
        _with_length(ipaddress.IPv4Interface),
        "an address with prefix length such as 192.168.1.1/24",
        "the box's address, then / and a prefix length",
        _suggest_length,
    ),
]
Address6 = Annotated[
    ipaddress.IPv6Interface,
    *from_text(
        _with_length(ipaddress.IPv6Interface),
        "an address with prefix length such as 2001:db8::1/64",
        "the box's address, then / and a prefix length",
        _suggest_length,
    ),
]

_TERM = (
    "an alias, an address, a network without host bits, or a range such as 10.0.0.1-10.0.0.9; a leading ! excludes it"
)


def _suggest_term(written: str) -> str:
    return _suggest_network(written) if "/" in written else ""


AddressTerm = Annotated[
    addresses.AddressTerm,
    *from_text(
        addresses.parse_address_term,
        _TERM,
        "write one of these; several stand in a list",
        _suggest_term,
        maxLength=100,
    ),
]
LinkTerm = Annotated[
    addresses.LinkTerm,
    *from_text(
        addresses.parse_link_term,
        "a zone, an interface or self; a leading ! excludes it",
        "a name from the sections `zones` or `interfaces`; several stand in a list",
        suggest_name("!?[a-z][a-z0-9_-]*", 16, "!_-"),
    ),
]


class AddressRange4(BaseModel):
    """An inclusive range of IPv4 addresses; written `192.168.1.100-192.168.1.199`, or as one address."""

    model_config = ConfigDict(frozen=True)
    first: ipaddress.IPv4Address
    last: ipaddress.IPv4Address

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


def _parse_range4(value: str) -> AddressRange4:
    first, dash, last = value.partition("-")
    low = ipaddress.IPv4Address(first.strip())
    high = ipaddress.IPv4Address(last.strip()) if dash else low
    if high < low:
        raise ValueError(value)
    return AddressRange4(first=low, last=high)


def _suggest_range(written: str) -> str:
    """Guess at `192.168.1.100-199`, a backward range, and a network."""
    first, _, last = (part.strip() for part in written.partition("-"))
    if last.isdigit():
        last = f"{first.rpartition('.')[0]}.{last}"
    try:
        low, high = sorted((ipaddress.IPv4Address(first), ipaddress.IPv4Address(last)))
    except ValueError:
        return ""
    return f"`{low}-{high}`"


Range4 = Annotated[
    AddressRange4,
    *from_text(
        _parse_range4,
        "an ascending IPv4 range such as 192.168.1.100-192.168.1.199, or one IPv4 address",
        "two whole addresses with - between, the lower one first",
        _suggest_range,
    ),
]
