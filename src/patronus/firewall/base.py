"""What the box does before and after the owner's rules: stateful core, anti-spoofing, the ICMP and DHCP a router needs.

Sources: RFC 4890 (ICMPv6 filtering), RFC 4861 (ND, hop limit 255), RFC 2710 and 3810 (MLD), RFC 8415 (DHCPv6),
RFC 1918 and 4193 (private), IANA special-purpose address registries (bogons).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from patronus.firewall.ir import Link, Ruleset
from patronus.firewall.matches import LOG_LIMIT
from patronus.firewall.sets import SetTable
from patronus.firewall.text import write_links
from patronus.values.addresses import Addresses

PRIVATE = Addresses.of("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")._replace(
    label="box.private"
)
BOGONS = Addresses.of(
    "0.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15",
    "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0-255.255.255.255",
    "::-1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:2::/48", "2001:db8::/32", "3fff::/20",
    "4000::-fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "fec0::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
)._replace(label="box.bogons")  # fmt: skip
"""Sources nobody may use on the internet; link-local stays, neighbours use it. Private ones have their own switch, and
fc00::/7 is in both because it is neither global unicast (2000::/3) nor useful from outside."""

STATE = ("ct state established,related accept", "ct state invalid drop")
"""Bit tests and no map: elements of a verdict map that is being replaced stop matching at the switch of generations,
also for a packet that met the old rules just before. No packet of a known connection may be lost to that."""


def _names(links: Iterable[Link], wanted: Callable[[Link], bool]) -> list[str]:
    return [link.name for link in links if wanted(link)]


def write_spoofing(ruleset: Ruleset) -> dict[str, list[str]]:
    """Drop what cannot come from where it says, for every packet and before any translation."""
    guarded = _names(ruleset.links, lambda link: link.anti_spoofing)
    check = f"iifname {write_links(guarded)} fib saddr . iif oif missing jump spoofed"
    return {
        "spoofed": [
            "ip6 saddr :: return",
            "ip saddr 0.0.0.0 udp dport 67 return",
            f'{LOG_LIMIT} log prefix "patronus:box.spoofed: "',
            'counter drop comment "box.spoofed"',
        ],
        "anti-spoofing": [
            "type filter hook prerouting priority raw; policy accept;",
            *([check] if guarded else []),
        ],
    }


def write_essentials(ruleset: Ruleset) -> list[str]:
    """Return the rules of the chain for packets to the box that a router cannot do without."""
    lines = [
        "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } ip6 hoplimit 255 accept",
        "icmpv6 type { mld-listener-query, mld-listener-report, mld-listener-done, mld2-listener-report } "
        "ip6 saddr { ::, fe80::/10 } accept",
        "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } accept",
        "icmp type { destination-unreachable, time-exceeded, parameter-problem } accept",
    ]
    hosts6 = _names(ruleset.links, lambda link: link.dynamic6)
    routers6 = _names(ruleset.links, lambda link: not link.dynamic6)
    clients4 = _names(ruleset.links, lambda link: link.dynamic4)
    pinged = _names(ruleset.links, lambda link: link.ping)
    if routers6:
        lines.append(f"iifname {write_links(routers6)} icmpv6 type nd-router-solicit ip6 hoplimit 255 accept")
    if hosts6:
        names = write_links(hosts6)
        lines.append(f"iifname {names} icmpv6 type nd-router-advert ip6 hoplimit 255 ip6 saddr fe80::/10 accept")
        lines.append(f"iifname {names} ip6 saddr fe80::/10 ip6 daddr fe80::/10 udp dport 546 accept")
    if clients4:
        lines.append(f"iifname {write_links(clients4)} udp sport 67 udp dport 68 accept")
    if pinged:
        names = write_links(pinged)
        lines += [
            f'iifname {names} {kind} type echo-request counter accept comment "box.ping"' for kind in ("icmp", "icmpv6")
        ]
    return lines


def write_source_guards(ruleset: Ruleset, sets: SetTable) -> list[str]:
    """Return the rules that drop new connections from private and bogon sources where the zone says so."""
    lines = []
    for name, addresses, links in (
        ("block-private", PRIVATE, _names(ruleset.links, lambda link: link.block_private)),
        ("block-bogons", BOGONS, _names(ruleset.links, lambda link: link.block_bogons)),
    ):
        for family in (4, 6) if links else ():
            ranges = addresses.v4 if family == 4 else addresses.v6
            match = sets.match_address("saddr", ranges, family, addresses.label)
            lines.append(f'iifname {write_links(links)} {match}counter drop comment "box.{name}"')
    return lines


def write_reject() -> list[str]:
    """Return the chain that refuses politely: a reset for TCP, an ICMP error for the rest."""
    return ["meta l4proto tcp reject with tcp reset", "reject with icmpx port-unreachable"]


def write_default(ruleset: Ruleset) -> list[str]:
    """Return the end of a base chain: what nothing matched."""
    log = [f'{LOG_LIMIT} log prefix "patronus:box.default: "'] if ruleset.log_default else []
    return [*log, 'counter drop comment "box.default"']
