"""IP packets as bytes (RFC 791, 8200, 9293, 768, 792, 4443), as small as they may be."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58


_CHECKSUM_AT = {TCP: 16, UDP: 6, ICMP: 2, ICMPV6: 2}


def _checksum(data: bytes) -> int:
    """Return the internet checksum (RFC 1071)."""
    padded = data + bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def wrap(source: str, destination: str, protocol: int, payload: bytes, *, tos: int = 0, ttl: int = 64) -> bytes:
    """Return an IPv4 or IPv6 packet with all its checksums."""
    left, right = ip_address(source), ip_address(destination)
    pseudo = left.packed + right.packed + struct.pack("!II", len(payload), protocol) if protocol != ICMP else b""
    at = _CHECKSUM_AT[protocol]
    payload = payload[:at] + struct.pack("!H", _checksum(pseudo + payload)) + payload[at + 2 :]
    if isinstance(left, IPv6Address):
        start = (6 << 28) | (tos << 20)
        return struct.pack("!IHBB", start, len(payload), protocol, ttl) + left.packed + right.packed + payload
    fields = (0x45, tos, 20 + len(payload), 0, 0x4000, ttl, protocol)
    header = struct.pack("!BBHHHBBH4s4s", *fields, 0, left.packed, right.packed)
    return header[:10] + struct.pack("!H", _checksum(header)) + header[12:] + payload


def tcp(source_port: int, destination_port: int, flags: int = 2, sequence: int = 1, acknowledge: int = 0) -> bytes:
    """Return a TCP header; flags 2 is SYN."""
    return struct.pack("!HHIIBBHHH", source_port, destination_port, sequence, acknowledge, 0x50, flags, 1024, 0, 0)


def udp(source_port: int, destination_port: int, data: bytes = b"") -> bytes:
    """Return a UDP datagram."""
    return struct.pack("!HHHH", source_port, destination_port, 8 + len(data), 0) + data


def icmp(kind: int, identifier: int = 1, data: bytes = b"") -> bytes:
    """Return an ICMP or ICMPv6 message of a type with an identifier."""
    return struct.pack("!BBHHH", kind, 0, 0, identifier, 1) + data


class Seen(NamedTuple):
    """What a test wants to know of a packet that left."""

    source: str
    destination: str
    protocol: int
    source_port: int
    destination_port: int
    flags: int = 0


def read(packet: bytes) -> Seen | None:
    """Read a packet; None when it is neither IPv4 nor IPv6, as ARP."""
    if packet[0] >> 4 == 6:
        protocol, payload = packet[6], packet[40:]
        source, destination = str(IPv6Address(packet[8:24])), str(IPv6Address(packet[24:40]))
    elif packet[0] == 0x45:
        protocol, payload = packet[9], packet[20:]
        source, destination = str(IPv4Address(packet[12:16])), str(IPv4Address(packet[16:20]))
    else:
        return None
    left, right = struct.unpack("!HH", payload[:4]) if protocol in (TCP, UDP) else (payload[0], 0)
    return Seen(source, destination, protocol, left, right, payload[13] if protocol == TCP else 0)
