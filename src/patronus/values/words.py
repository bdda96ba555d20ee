"""Types of names and texts. What they refuse never reaches a template.

Sources: host names RFC 1123, domain names RFC 1035, interface names `dev_valid_name()` and IFNAMSIZ of the Linux kernel
(narrowed to plain words).
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from patronus.values.fields import Misfit, Suggest, from_text, match_whole

_RESERVED_LINKS = {"lo", "all", "default", "any", "self"}
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = rf"{_LABEL}(?:\.{_LABEL})*"
_RECORD_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"


def suggest_name(pattern: str, max_length: int, signs: str = "_-") -> Suggest:
    """Return a guess at a name: small letters, and - for whatever has no place in it."""

    def suggest(written: str) -> str:
        name = re.sub(rf"[^a-z0-9{signs}]+", "-", written.lower()[:200]).strip("-_")[:max_length]
        return f"`{name}`" if re.fullmatch(pattern, name) else ""

    return suggest


def _name(expected: str, max_length: int) -> tuple[Any, ...]:
    pattern = r"[a-z][a-z0-9_-]*"
    hint = f"use small letters, digits, - and _, begin with a letter, at most {max_length}"
    return match_whole(pattern, expected, hint, suggest_name(pattern, max_length), max_length=max_length)


def _suggest_hostname(written: str) -> str:
    """Guess at `gw.home.arpa`, and at signs that have no place in a host name."""
    if re.fullmatch(rf"{_DOMAIN}\.?", written[:254]):
        return f"`{written.partition('.')[0]}`; the domain stands in a setting of its own"
    return suggest_name(_LABEL, 63, "-")(written)


def _not_reserved(value: str) -> str:
    if value in _RESERVED_LINKS:
        raise Misfit(f"another name: {value!r} is a reserved word", "choose another name, such as lan or dmz")
    return value


def plain_text(value: Any) -> str:
    """Accept printable single-line text: no control, bidi or format characters (Unicode categories C*, Zl, Zp)."""
    if not isinstance(value, str):
        raise Misfit("text", "write it in quotes")
    bad = {char for char in value if unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}}
    if bad:
        raise Misfit(f"one printable line, found the character U+{ord(min(bad)):04X}", "take it out")
    return unicodedata.normalize("NFC", value)


Name = Annotated[str, *_name("a name of lower-case letters, digits, - and _ that begins with a letter", 31)]
"""A name the owner gives to a rule, alias, zone or other object."""
InterfaceName = Annotated[
    str,
    *_name("an interface name of at most 15 lower-case letters, digits, - and _", 15),
    AfterValidator(_not_reserved),
]
ZoneName = Annotated[
    str, *_name("a zone name of at most 15 lower-case letters, digits, - and _", 15), AfterValidator(_not_reserved)
]
Hostname = Annotated[
    str,
    *match_whole(
        _LABEL,
        "a host name: letters, digits and -, at most 63",
        "the name alone, without domain, dots, spaces and _",
        _suggest_hostname,
        max_length=63,
    ),
]
DomainName = Annotated[
    str,
    *match_whole(_DOMAIN, "a domain name such as home.arpa", "labels of letters, digits and - with dots between"),
]
RecordName = Annotated[
    str,
    *match_whole(
        rf"{_RECORD_LABEL}(?:\.{_RECORD_LABEL})*",
        "a name such as nas.home.arpa or _sip._tcp.example.org",
        "labels of letters, digits, - and _ with dots between",
    ),
]
"""The owner of a DNS record: a domain name in which labels may begin with an underscore (RFC 8552)."""
Text = Annotated[str, AfterValidator(plain_text), Field(max_length=200)]
"""A description for people: one printable line."""

KernelName = Annotated[
    str,
    *match_whole(
        r"[A-Za-z0-9_-][A-Za-z0-9_.-]*",
        "a kernel interface name such as enp3s0",
        "copy it from `ip link`, at most 15 characters",
        max_length=15,
    ),
]
"""What the kernel or udev called a network card before it got its config name."""
NicPath = Annotated[
    str,
    *match_whole(
        r"[A-Za-z0-9][A-Za-z0-9_.:@+-]*",
        "a udev ID_PATH such as pci-0000:00:03.0",
        "copy it from `udevadm info /sys/class/net/NAME`, without `ID_PATH=`",
        max_length=128,
    ),
]
BootFile = Annotated[
    str,
    *match_whole(
        r"[A-Za-z0-9_./:@%+=,-]+",
        "a path or URL in plain characters such as pxe/boot.efi",
        "leave out spaces, quotes and backslashes, at most 127 characters",
        max_length=127,
    ),
]
"""What a network boot loads: a path or URL without spaces, quotes or backslashes."""


def _parse_host(value: str) -> str:
    """Return an address in its canonical form, or a domain name; what looks like an IPv4 address must be one."""
    if ":" in value or value.rpartition(".")[2].isdigit():
        return str(ipaddress.ip_address(value))
    if len(value) > 253 or not re.fullmatch(_DOMAIN, value):
        raise ValueError(value)
    return value


HostOrAddress = Annotated[
    str,
    *from_text(
        _parse_host,
        "a host name or an IP address, such as time.example.net",
        "only the name or the address, without port and `https://`",
    ),
]
