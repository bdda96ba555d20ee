"""Protocols, ICMP types and TCP flags by the names people use (IANA registries; nft(8) spells them the same)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from patronus.values.types import Count

Protocol = (
    Literal[
        "any", "tcp", "udp", "tcp+udp", "icmp", "icmpv6", "igmp", "ipip", "gre", "esp", "ah", "ospf", "pim", "vrrp",
        "l2tp", "sctp", "udplite",
    ]
    | Annotated[Count, Field(ge=0, le=255)]
)  # fmt: skip

PROTOCOLS: dict[str, tuple[int, ...]] = {
    "any": (), "tcp": (6,), "udp": (17,), "tcp+udp": (6, 17), "icmp": (1,), "icmpv6": (58,), "igmp": (2,), "ipip": (4,),
    "gre": (47,), "esp": (50,), "ah": (51,), "ospf": (89,), "pim": (103,), "vrrp": (112,), "l2tp": (115,),
    "sctp": (132,), "udplite": (136,),
}  # fmt: skip

IcmpType = Literal[
    "echo-reply", "destination-unreachable", "redirect", "echo-request", "router-advertisement", "router-solicitation",
    "time-exceeded", "parameter-problem", "timestamp-request", "timestamp-reply", "packet-too-big",
    "neighbor-solicitation", "neighbor-advertisement", "mld-listener-query", "mld-listener-report",
    "mld-listener-done", "mld2-listener-report",
]  # fmt: skip

ICMP_TYPES: dict[str, int] = {
    "echo-reply": 0, "destination-unreachable": 3, "redirect": 5, "echo-request": 8, "router-advertisement": 9,
    "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12, "timestamp-request": 13,
    "timestamp-reply": 14,
}  # fmt: skip

ICMPV6_TYPES: dict[str, int] = {
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4, "echo-request": 128,
    "echo-reply": 129, "mld-listener-query": 130, "mld-listener-report": 131, "mld-listener-done": 132,
    "router-solicitation": 133, "router-advertisement": 134, "neighbor-solicitation": 135,
    "neighbor-advertisement": 136, "redirect": 137, "mld2-listener-report": 143,
}  # fmt: skip

TcpFlag = Literal["fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"]
TCP_FLAGS: dict[str, int] = {
    "fin": 1, "syn": 2, "rst": 4, "psh": 8, "ack": 16, "urg": 32, "ecn": 64, "cwr": 128,
}  # fmt: skip


def protocol_numbers(protocol: str | int) -> tuple[int, ...]:
    """Return the IP protocol numbers of a name or number; empty for any."""
    return (protocol,) if isinstance(protocol, int) else PROTOCOLS[protocol]


def join_flags(flags: tuple[TcpFlag, ...]) -> int:
    """Return the bits of TCP flags."""
    return sum(TCP_FLAGS[flag] for flag in set(flags))
