"""Types of config fields. Every string of the schema is one of these: what they refuse never reaches a template.

Sources: host names RFC 1123, domain names RFC 1035, MAC addresses IEEE 802 as Linux prints them, interface names
`dev_valid_name()` and IFNAMSIZ of the Linux kernel (narrowed to plain words).
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from typing import Annotated, Any, TypeVar, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    Strict,
)
from pydantic.functional_serializers import PlainSerializer
from pydantic_core.core_schema import CoreSchema, no_info_before_validator_function

from patronus.values import addresses
from patronus.values.schema_text import WithJsonSchema

T = TypeVar("T")


class Section(BaseModel):
    """Base of every model of the document: frozen, and an unknown key is an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=False, defer_build=True
    )


def _from_text(parse: Callable[[str], Any], expected: str, **schema: Any) -> tuple[Any, ...]:
    """Return the validators of a type written as a string and kept as what `parse` returns."""

    def read(value: Any) -> Any:
        # ipaddress takes any text behind `%` as an IPv6 scope; no value of the document has one.
        if not isinstance(value, str) or "%" in value:
            raise ValueError(f"expected {expected}")
        try:
            return parse(value)
        except ValueError as error:
            raise ValueError(f"expected {expected}") from error

    described = WithJsonSchema({"type": "string", "x-value": expected, **schema})
    return (BeforeValidator(read), PlainSerializer(str), described)


def match_whole(pattern: str, expected: str, *, max_length: int = 253) -> Any:
    """Return the annotation of a string that matches `pattern` whole."""

    def read(value: Any) -> str:
        # re keeps what it compiled; compiling every pattern of the schema beforehand would cost each boot.
        if not isinstance(value, str) or len(value) > max_length or not re.fullmatch(pattern, value):
            raise ValueError(f"expected {expected}")
        return value

    schema = {"type": "string", "x-value": expected, "pattern": f"^{pattern}$", "maxLength": max_length}
    return (BeforeValidator(read), WithJsonSchema(schema))


def _plain_text(value: Any) -> str:
    """Accept printable single-line text: no control, bidi or format characters (Unicode categories C*, Zl, Zp)."""
    if not isinstance(value, str):
        raise ValueError("expected text")  # noqa: TRY004
    bad = {char for char in value if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}}
    if bad:
        raise ValueError(f"contains the character U+{ord(min(bad)):04X}, which is not printable")
    return unicodedata.normalize("NFC", value)


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_RESERVED_LINKS = {"lo", "all", "default", "any", "self"}


def _not_reserved(value: str) -> str:
    if value in _RESERVED_LINKS:
        raise ValueError(f"{value!r} is a reserved word")
    return value


def _parse_mac(value: str) -> str:
    if not re.fullmatch(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}", value):
        raise ValueError(value)
    return value.replace("-", ":").lower()


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def _parse_duration(value: str) -> int:
    match = re.fullmatch(r"(\d{1,9})([smhdw])", value)
    if not match:
        raise ValueError(value)
    return int(match[1]) * _UNITS[match[2]]


def write_duration(seconds: int) -> str:
    """Write seconds the way the document does, in the largest unit that divides them: 43200 is `12h`."""
    for unit in ("w", "d", "h", "m"):
        if seconds and seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]}{unit}"
    return f"{seconds}s"


_SIZES = {"K": 2**10, "M": 2**20, "G": 2**30}


def write_size(size: int) -> str:
    """Write bytes the way the document does, in the largest unit that divides them: 1048576 is `1M`."""
    for unit in ("G", "M"):
        if size and size % _SIZES[unit] == 0:
            return f"{size // _SIZES[unit]}{unit}"
    return f"{size // _SIZES['K']}K"


def _parse_size(value: str) -> int:
    match = re.fullmatch(r"(\d{1,9})([KMG])", value)
    if not match:
        raise ValueError(value)
    return int(match[1]) * _SIZES[match[2]]


_PORTS = "a port 1-65535 or a range such as 8000-8010"


def _describe_ports(expected: str) -> dict[str, Any]:
    number = {"type": "integer", "minimum": 1, "maximum": 65535}
    return {"x-value": expected, "anyOf": [number, {"type": "string"}]}


def _parse_ports(value: Any) -> Any:
    if isinstance(value, bool):
        raise ValueError(f"expected {_PORTS}")  # noqa: TRY004
    if isinstance(value, int):
        return PortRange(first=value, last=value)
    match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?", value) if isinstance(value, str) else None
    if match:
        return PortRange(first=int(match[1]), last=int(match[2] or match[1]))
    if isinstance(value, PortRange):
        return value
    raise ValueError(f"expected {_PORTS}")


class PortRange(BaseModel):
    """One port or an inclusive range of ports; written `443` or `8000-8010`."""

    model_config = ConfigDict(frozen=True)
    first: Annotated[int, Field(ge=1, le=65535)]
    last: Annotated[int, Field(ge=1, le=65535)]

    def model_post_init(self, _context: Any) -> None:
        """Refuse a range that runs backwards."""
        if self.first > self.last:
            raise ValueError(f"the range {self.first}-{self.last} runs backwards")

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first}-{self.last}"


Count = Annotated[int, Strict()]
"""A whole number; true and "1" are not numbers."""
Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
Ports = Annotated[
    PortRange,
    BeforeValidator(_parse_ports),
    PlainSerializer(str),
    WithJsonSchema(_describe_ports(_PORTS)),
]
VlanId = Annotated[int, Strict(), Field(ge=1, le=4094)]
Mtu = Annotated[int, Strict(), Field(ge=576, le=9216)]

_name = match_whole(
    r"[a-z][a-z0-9_-]*", "a name of lower-case letters, digits, - and _ that begins with a letter", max_length=31
)
Name = Annotated[str, *_name]
"""A name the owner gives to a rule, alias, zone or other object."""
_link = match_whole(
    r"[a-z][a-z0-9_-]*", "an interface name of at most 15 lower-case letters, digits, - and _", max_length=15
)
InterfaceName = Annotated[str, *_link, AfterValidator(_not_reserved)]
_zone = match_whole(r"[a-z][a-z0-9_-]*", "a zone name of at most 15 lower-case letters, digits, - and _", max_length=15)
ZoneName = Annotated[str, *_zone, AfterValidator(_not_reserved)]
_host = match_whole(_LABEL, "a host name: letters, digits and -, at most 63", max_length=63)
Hostname = Annotated[str, *_host]
_domain = match_whole(rf"{_LABEL}(?:\.{_LABEL})*", "a domain name such as home.arpa")
DomainName = Annotated[str, *_domain]
Text = Annotated[str, AfterValidator(_plain_text), Field(max_length=200)]
"""A description for people: one printable line."""

DURATION = "a duration such as 30s, 10m, 12h or 7d"
SIZE = "a size such as 512K, 200M or 1G"
MacAddress = Annotated[str, *_from_text(_parse_mac, "a MAC address such as 52:54:00:12:34:56")]
Duration = Annotated[
    int,
    *_from_text(_parse_duration, DURATION)[:1],
    PlainSerializer(write_duration),
    WithJsonSchema({"type": "string", "x-value": DURATION, "pattern": "^[0-9]+[smhdw]$"}),
]
"""Seconds; written `12h`."""
Size = Annotated[
    int,
    *_from_text(_parse_size, SIZE)[:1],
    PlainSerializer(write_size),
    WithJsonSchema({"type": "string", "x-value": SIZE, "pattern": "^[0-9]+[KMG]$"}),
]
"""Bytes; written `200M`."""

Ipv4 = Annotated[ipaddress.IPv4Address, *_from_text(ipaddress.IPv4Address, "an IPv4 address such as 192.0.2.1")]
Ipv6 = Annotated[ipaddress.IPv6Address, *_from_text(ipaddress.IPv6Address, "an IPv6 address such as 2001:db8::1")]
Ip = Annotated[
    ipaddress.IPv4Address | ipaddress.IPv6Address, *_from_text(ipaddress.ip_address, "an IPv4 or IPv6 address")
]
Cidr4 = Annotated[
    ipaddress.IPv4Network, *_from_text(ipaddress.IPv4Network, "an IPv4 network such as 192.0.2.0/24, without host bits")
]
Cidr6 = Annotated[
    ipaddress.IPv6Network,
    *_from_text(ipaddress.IPv6Network, "an IPv6 network such as 2001:db8::/64, without host bits"),
]
Cidr = Annotated[
    ipaddress.IPv4Network | ipaddress.IPv6Network,
    *_from_text(ipaddress.ip_network, "a network such as 192.0.2.0/24 or 2001:db8::/64, without host bits"),
]


def _with_length(parse: Callable[[str], T]) -> Callable[[str], T]:
    def read(value: str) -> T:
        if "/" not in value:
            raise ValueError(value)
        return parse(value)

    return read


Address4 = Annotated[
    ipaddress.IPv4Interface,
    *_from_text(_with_length(ipaddress.IPv4Interface), "an address with prefix length such as 192.168.1.1/24"),
]
Address6 = Annotated[
    ipaddress.IPv6Interface,
    *_from_text(_with_length(ipaddress.IPv6Interface), "an address with prefix length such as 2001:db8::1/64"),
]

_kernel_name = match_whole(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", "a kernel interface name such as enp3s0", max_length=15)
KernelName = Annotated[str, *_kernel_name]
"""What the kernel or udev called a network card before it got its config name."""
_nic_path = match_whole(r"[A-Za-z0-9][A-Za-z0-9_.:@+-]*", "a udev ID_PATH such as pci-0000:00:03.0", max_length=128)
NicPath = Annotated[str, *_nic_path]


def _parse_host(value: str) -> str:
    """Return an address in its canonical form, or a domain name; what looks like an IPv4 address must be one."""
    if ":" in value or value.rpartition(".")[2].isdigit():
        return str(ipaddress.ip_address(value))
    if len(value) > 253 or not re.fullmatch(rf"{_LABEL}(?:\.{_LABEL})*", value):
        raise ValueError(value)
    return value


HostOrAddress = Annotated[str, *_from_text(_parse_host, "a host name or an IP address, such as time.example.net")]


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class _OrSingle:
    """Lets a list of one be written without brackets, in the validator and in the JSON Schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(_as_list, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        array = handler(cast(CoreSchema, cast(dict[str, Any], schema)["schema"]))
        return {"anyOf": [array["items"], array]}


_Item = TypeVar("_Item")
Many = Annotated[tuple[_Item, ...], _OrSingle()]
"""A list; a single value may stand without brackets."""

_TERM = (
    "an alias, an address, a network without host bits, or a range such as 10.0.0.1-10.0.0.9; a leading ! excludes it"
)
AddressTerm = Annotated[addresses.AddressTerm, *_from_text(addresses.parse_address_term, _TERM, maxLength=100)]
LinkTerm = Annotated[
    addresses.LinkTerm, *_from_text(addresses.parse_link_term, "a zone, an interface or self; a leading ! excludes it")
]


_PORT_TERM = "a port 1-65535, a range such as 8000-8010, or an alias; a leading ! excludes it"


def _read_port_term(value: Any) -> addresses.PortTerm:
    try:
        if isinstance(value, str) or type(value) is int:
            return addresses.parse_port_term(value)
    except ValueError:
        pass
    raise ValueError(f"expected {_PORT_TERM}")


PortTerm = Annotated[
    addresses.PortTerm,
    BeforeValidator(_read_port_term),
    PlainSerializer(str),
    WithJsonSchema(_describe_ports(_PORT_TERM)),
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


Range4 = Annotated[
    AddressRange4,
    *_from_text(_parse_range4, "an ascending IPv4 range such as 192.168.1.100-192.168.1.199, or one IPv4 address"),
]
_hex_bytes = match_whole(
    r"[0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2})*", "bytes in hexadecimal such as 01:52:54:00:aa", max_length=764
)
HexBytes = Annotated[str, *_hex_bytes, AfterValidator(lambda value: value.replace(":", "").lower())]
"""Bytes written in hexadecimal with or without colons; kept as lower-case digits."""
BootFile = Annotated[
    str,
    *match_whole(r"[A-Za-z0-9_./:@%+=,-]+", "a path or URL in plain characters such as pxe/boot.efi", max_length=127),
]
"""What a network boot loads: a path or URL without spaces, quotes or backslashes."""
_RECORD_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
RecordName = Annotated[
    str,
    *match_whole(rf"{_RECORD_LABEL}(?:\.{_RECORD_LABEL})*", "a name such as nas.home.arpa or _sip._tcp.example.org"),
]
"""The owner of a DNS record: a domain name in which labels may begin with an underscore (RFC 8552)."""
