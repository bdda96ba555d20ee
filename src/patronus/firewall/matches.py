"""One rule of the ruleset as lines of nftables."""

from __future__ import annotations

from collections.abc import Iterator

from patronus.firewall.folding import Run
from patronus.firewall.ir import BLOCK, ICMP, ICMPV6, PASS, REJECT, Rule
from patronus.firewall.sets import SetTable
from patronus.firewall.text import PROTOCOL_NAMES, write_numbers
from patronus.values.addresses import ALL4, ALL6, ALL_PORTS, Addresses, Ranges

VERDICTS = {PASS: "accept", BLOCK: "drop", REJECT: "goto refuse"}
FORWARDED = "ct status & dnat == dnat "
LOG_LIMIT = "limit rate 50/second burst 100 packets"
"""A flood must not fill the journal; per rule."""


def match_protocol(protocols: tuple[int, ...], source_ports: Ranges, destination_ports: Ranges, sets: SetTable) -> str:
    """Return the match for protocols and ports; ports need TCP, UDP or both."""
    key = (protocols, source_ports, destination_ports)
    known = sets.transport_matches.get(key)
    if known is None:
        known = sets.transport_matches[key] = _match_protocol(protocols, source_ports, destination_ports, sets)
    return known


def _match_protocol(protocols: tuple[int, ...], source_ports: Ranges, destination_ports: Ranges, sets: SetTable) -> str:
    if source_ports == ALL_PORTS and destination_ports == ALL_PORTS:
        return sets.match_protocols(protocols) if protocols else ""
    if len(protocols) == 1:
        text, header = "", PROTOCOL_NAMES[protocols[0]]
    else:
        text, header = sets.match_protocols(protocols), "th"
    if source_ports != ALL_PORTS:
        text += sets.match_ports(f"{header} sport", source_ports)
    if destination_ports != ALL_PORTS:
        text += sets.match_ports(f"{header} dport", destination_ports)
    return text


def match_families(source: Addresses, destination: Addresses, sets: SetTable) -> Iterator[str]:
    """Yield one match per address family that can match; one for both families when addresses do not matter."""
    is_open4 = source.v4 == ALL4 and destination.v4 == ALL4
    is_open6 = source.v6 == ALL6 and destination.v6 == ALL6
    if is_open4 and is_open6:
        yield ""
        return
    for family, is_open in ((4, is_open4), (6, is_open6)):
        left, right = (source.v4, destination.v4) if family == 4 else (source.v6, destination.v6)
        if is_open:
            yield f"meta nfproto ipv{family} "
        elif left and right:
            match = sets.match_address("saddr", left, family, source.label)
            yield match + sets.match_address("daddr", right, family, destination.label)


def match_details(rule: Rule, sets: SetTable) -> str:
    """Return the match for everything that is neither an address nor a link."""
    if rule.icmp_types:
        if rule.protocols == (ICMP,):
            return f"icmp type {write_numbers(rule.icmp_types, {})} "
        assert rule.protocols == (ICMPV6,)  # noqa: S101 - the feature refuses types of any other protocol
        return f"icmpv6 type {write_numbers(rule.icmp_types, {})} "
    text = match_protocol(rule.protocols, rule.source_ports, rule.destination_ports, sets)
    if rule.tcp_flags:
        text += f"tcp flags & 0x{rule.tcp_flags[0]:02x} == 0x{rule.tcp_flags[1]:02x} "
    if rule.forwarded_port is not None:
        text += FORWARDED
        if rule.forwarded_port != ALL_PORTS:
            text += sets.match_ports("ct original proto-dst", rule.forwarded_port)
    return text


def write_rule(rule: Rule, sets: SetTable) -> Iterator[str]:
    """Yield the lines of a rule, without indentation; every line carries the rule's name as its comment."""
    details = match_details(rule, sets)
    verdict = f'counter {VERDICTS[rule.action]} comment "{rule.name}"'
    for addresses in match_families(rule.source, rule.destination, sets):
        match = addresses + details
        if rule.log:
            yield f'{match}{LOG_LIMIT} log prefix "patronus:{rule.name}: "'
        yield match + verdict


def write_run(run: Run, chain: str, sets: SetTable) -> str:
    """Return the one line of a folded run; its map counts per element, under the name of each rule."""
    kind = " . ".join(kind for _, kind in run.fields)
    elements = [f'{key} counter comment "{rule.name}" : {VERDICTS[rule.action]}' for key, rule in run.elements]
    fields = " . ".join(field for field, _ in run.fields)
    return f"{fields} vmap @{sets.add_map(f'{chain}.map', kind, elements)}"
