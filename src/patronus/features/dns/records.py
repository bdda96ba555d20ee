"""DNS records in zone-file form (RFC 1035 5.1). Text is written as `\\DDD` wherever a character could mean anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from patronus.features.dns.schema import Record
from patronus.values.facts import Context, HostFact, LeaseFact, LinkFact

TTL = 3600
MAX_TEXT = 255
"""Bytes of one character-string; a longer text is several of them."""
_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:=/+,@")


class Name(NamedTuple):
    """A host and its addresses; the first name of an address is also the answer to the reverse question."""

    name: str
    addresses: tuple[IPv4Address | IPv6Address, ...]
    ttl: int = TTL
    reverse: bool = True


def write_records(records: Iterable[Record], hosts: Iterable[Name]) -> list[str]:
    """Return every record of the document and of the hosts known otherwise, one line each."""
    records = list(records)
    names = [Name(record.name, (*record.a, *record.aaaa), record.ttl, record.reverse) for record in records]
    names = [*names, *hosts]
    lines = [line for name in names for line in _address_lines(name)]
    lines += [line for record in records for line in _other_lines(record)]
    lines += _reverse_lines(names)
    return list(dict.fromkeys(lines))


def list_hosts(links: Iterable[LinkFact], context: Context, *, reservations: bool) -> Iterator[Name]:
    """Return the box itself, as its networks see it, and the hosts with a reservation."""
    host = context.one(HostFact, HostFact("", ""))
    if not host.domain:
        return
    own = [address.ip for link in links for address in link.addresses]
    if host.hostname and own:
        yield Name(f"{host.hostname}.{host.domain}", tuple(own))
    for lease in context.all(LeaseFact) if reservations else ():
        yield Name(f"{lease.hostname}.{host.domain}", (ip_address(lease.address),))


def _address_lines(name: Name) -> Iterator[str]:
    for address in name.addresses:
        yield f"{name.name}. {name.ttl} IN {'A' if address.version == 4 else 'AAAA'} {address}"


def _other_lines(record: Record) -> Iterator[str]:
    start = f"{record.name}. {record.ttl} IN"
    if record.cname:
        yield f"{start} CNAME {record.cname}."
    if record.ptr:
        yield f"{start} PTR {record.ptr}."
    for mx in record.mx:
        yield f"{start} MX {mx.preference} {mx.host}."
    for srv in record.srv:
        yield f"{start} SRV {srv.priority} {srv.weight} {srv.port} {srv.host}."
    for text in record.txt:
        yield f"{start} TXT {_write_text(text)}"


def _reverse_lines(names: Iterable[Name]) -> Iterator[str]:
    seen: set[IPv4Address | IPv6Address] = set()
    for name in names:
        for address in name.addresses if name.reverse else ():
            if address not in seen:
                seen.add(address)
                yield f"{address.reverse_pointer}. {name.ttl} IN PTR {name.name}."


def _write_text(text: str) -> str:
    raw = text.encode()
    parts = [raw[start : start + MAX_TEXT] for start in range(0, len(raw), MAX_TEXT)] or [b""]
    return " ".join('"' + "".join(map(_write_byte, part)) + '"' for part in parts)


def _write_byte(byte: int) -> str:
    return chr(byte) if byte in _PLAIN else f"\\{byte:03d}"
