"""Types of numbers: counts, ports, times, sizes, bytes."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, Strict
from pydantic.functional_serializers import PlainSerializer

from patronus.values import addresses
from patronus.values.fields import Misfit, from_text, match_whole
from patronus.values.schema_text import WithJsonSchema

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZES = {"K": 2**10, "M": 2**20, "G": 2**30}
DURATION = "a duration such as 30s, 10m, 12h or 7d"
SIZE = "a size such as 512K, 200M or 1G"


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


def _suggest_duration(written: str) -> str:
    """Guess at `1.5h`, `90 min` and `7 days`."""
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?) ?([smhdw])[a-z]{0,7}", written.strip().lower())
    seconds = float(match[1]) * _UNITS[match[2]] if match else 0.0
    return f"`{write_duration(int(seconds))}`" if seconds and seconds.is_integer() else ""


def _parse_size(value: str) -> int:
    match = re.fullmatch(r"(\d{1,9})([KMG])", value)
    if not match:
        raise ValueError(value)
    return int(match[1]) * _SIZES[match[2]]


def write_size(size: int) -> str:
    """Write bytes the way the document does, in the largest unit that divides them: 1048576 is `1M`."""
    for unit in ("G", "M"):
        if size and size % _SIZES[unit] == 0:
            return f"{size // _SIZES[unit]}{unit}"
    return f"{size // _SIZES['K']}K"


def _suggest_size(written: str) -> str:
    """Guess at `100MB`, `100 MiB` and `100m`."""
    match = re.fullmatch(r"(\d{1,9}) ?([KMG])(?:I?B)?", written.strip().upper())
    return f"`{match[1]}{match[2]}`" if match else ""


Count = Annotated[int, Strict()]
"""A whole number; true and "1" are not numbers."""
Port = Annotated[int, Strict(), Field(ge=1, le=65535)]
VlanId = Annotated[int, Strict(), Field(ge=1, le=4094)]
Mtu = Annotated[int, Strict(), Field(ge=576, le=9216)]
Duration = Annotated[
    int,
    *from_text(
        _parse_duration,
        DURATION,
        "a whole number and its unit: s, m, h, d or w",
        _suggest_duration,
        write_duration,
        pattern="^[0-9]+[smhdw]$",
    ),
]
"""Seconds; written `12h`."""
Size = Annotated[
    int,
    *from_text(
        _parse_size, SIZE, "a whole number and its unit: K, M or G", _suggest_size, write_size, pattern="^[0-9]+[KMG]$"
    ),
]
"""Bytes; written `200M`."""
HexBytes = Annotated[
    str,
    *match_whole(
        r"[0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2})*",
        "bytes in hexadecimal such as 01:52:54:00:aa",
        "two digits for each byte, with or without colons",
        max_length=764,
    ),
    AfterValidator(lambda value: value.replace(":", "").lower()),
]
"""Bytes written in hexadecimal with or without colons; kept as lower-case digits."""

_PORTS_HINT = "a number, or the first and the last one with - between, the lower one first"
_PORT_TERM = "a port 1-65535, a range such as 8000-8010, or an alias; a leading ! excludes it"


def _read_port_term(value: Any) -> addresses.PortTerm:
    try:
        if isinstance(value, str) or type(value) is int:
            return addresses.parse_port_term(value)
    except ValueError:
        pass
    raise Misfit(_PORT_TERM, _PORTS_HINT)


PortTerm = Annotated[
    addresses.PortTerm,
    BeforeValidator(_read_port_term),
    PlainSerializer(str),
    WithJsonSchema(
        {"x-value": _PORT_TERM, "anyOf": [{"type": "integer", "minimum": 1, "maximum": 65535}, {"type": "string"}]}
    ),
]
