"""Named sets of addresses, ports and protocols: written once, shared by every rule that means the same.

Rules never hold anonymous sets: the kernel finds each new anonymous set by walking the whole transaction, which makes
thousands of them quadratic (nft_set_lookup_byid).
"""

from __future__ import annotations

from patronus.firewall.text import PROTOCOL_NAMES, write_ports, write_span
from patronus.values.addresses import ALL4, ALL6, MAX4, MAX6, Ranges, complement_ranges

_LONGEST_LIST = 4
"""A set of ports of up to this many ranges is named by its content."""


class SetTable:
    """Collects sets while rules are written; `declarations` has them in the order of their first use."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, Ranges | tuple[int, ...]], str] = {}
        self._taken: set[str] = set()
        self.transport_matches: dict[tuple[object, ...], str] = {}
        """Matches for protocols and ports already written."""
        self.declarations: list[str] = []

    def match_address(self, field: str, ranges: Ranges, family: int, label: str) -> str:
        """Return the match for `field` (saddr or daddr), empty when every address of the family matches."""
        if len(ranges) == 1:
            if ranges == (ALL4 if family == 4 else ALL6):
                return ""
            return f"{'ip' if family == 4 else 'ip6'} {field} {write_span(*ranges[0], family)} "
        keyword = f"{'ip' if family == 4 else 'ip6'} {field}"
        outside = complement_ranges(ranges, MAX4 if family == 4 else MAX6)
        if label.startswith("!") if label else len(outside) < len(ranges):
            return f"{keyword} != {self._address_set(outside, family, label.lstrip('!'))} "
        return f"{keyword} {self._address_set(ranges, family, label)} "

    def _address_set(self, ranges: Ranges, family: int, label: str) -> str:
        if len(ranges) == 1:
            return write_span(*ranges[0], family)
        kind = "ipv4_addr" if family == 4 else "ipv6_addr"
        elements = [write_span(first, last, family) for first, last in ranges]
        return "@" + self._name(kind, ranges, f"{label or 'addresses'}.v{family}", elements)

    def match_ports(self, keyword: str, ranges: Ranges) -> str:
        """Return the match for ports; `keyword` is such as `tcp dport`."""
        if len(ranges) == 1:
            return f"{keyword} {write_ports(*ranges[0])} "
        elements = [write_ports(first, last) for first, last in ranges]
        words = ["ports", *elements] if len(elements) <= _LONGEST_LIST else ["ports"]
        return f"{keyword} @{self._name('inet_service', ranges, '.'.join(words), elements)} "

    def match_protocols(self, numbers: tuple[int, ...]) -> str:
        """Return the match for IP protocols."""
        names = [PROTOCOL_NAMES.get(number, str(number)) for number in numbers]
        if len(names) == 1:
            return f"meta l4proto {names[0]} "
        return f"meta l4proto @{self._name('inet_proto', numbers, '.'.join(['protocols', *names]), names)} "

    def _name(self, kind: str, content: Ranges | tuple[int, ...], wanted: str, elements: list[str]) -> str:
        name = self._names.get((kind, content))
        if name is None:
            name = self._names[kind, content] = self._take(wanted)
            # An address with a dash or a slash is a range, and so is a port with a dash; protocol names are not.
            interval = kind != "inet_proto" and any("-" in element or "/" in element for element in elements)
            self.declarations.append(_declare(name, kind, interval, elements))
        return name

    def add_map(self, wanted: str, kind: str, elements: list[str]) -> str:
        """Declare a verdict map with a counter per element; return its name. Keys of one address may be ranges."""
        name = self._take(wanted)
        flags = "" if "." in kind or not kind.endswith("_addr") else "\t\tflags interval\n"
        body = ",\n\t\t\t".join(elements)
        self.declarations.append(
            f"\tmap {name} {{\n\t\ttype {kind} : verdict\n{flags}\t\tcounter\n"
            f"\t\telements = {{\n\t\t\t{body}\n\t\t}}\n\t}}\n"
        )
        return name

    def _take(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}.{number}", number + 1
        self._taken.add(name)
        return name


def _declare(name: str, kind: str, interval: bool, elements: list[str]) -> str:
    flags = "\t\tflags interval\n" if interval else ""
    body = ",\n\t\t\t".join(elements)
    return f"\tset {name} {{\n\t\ttype {kind}\n{flags}\t\telements = {{\n\t\t\t{body}\n\t\t}}\n\t}}\n"
