"""Named sets of addresses: written once, shared by every rule that means the same addresses."""

from __future__ import annotations

from patronus.firewall.text import write_span
from patronus.values.addresses import ALL4, ALL6, MAX4, MAX6, Addresses, Ranges, complement_ranges

_INLINE = 4
"""Up to this many ranges without a name stay in the rule."""


class SetTable:
    """Collects sets while rules are written; `declarations` has them in the order of their first use."""

    def __init__(self) -> None:
        self._names: dict[tuple[int, Ranges], str] = {}
        self._taken: set[str] = set()
        self.declarations: list[str] = []

    def match(self, field: str, addresses: Addresses, family: int) -> str:
        """Return the match for `field` (saddr or daddr), empty when every address of the family matches."""
        ranges, everything = (addresses.v4, ALL4) if family == 4 else (addresses.v6, ALL6)
        if ranges == everything:
            return ""
        keyword = f"{'ip' if family == 4 else 'ip6'} {field}"
        if len(ranges) == 1:
            return f"{keyword} {write_span(*ranges[0], family)} "
        if self._is_shorter_outside(ranges, family, addresses.label):
            outside = complement_ranges(ranges, MAX4 if family == 4 else MAX6)
            return f"{keyword} != {self._value(outside, family, addresses.label.lstrip('!'))} "
        return f"{keyword} {self._value(ranges, family, addresses.label)} "

    def _is_shorter_outside(self, ranges: Ranges, family: int, label: str) -> bool:
        """A label belongs to one side; without one, `!= set` is used where that set is the smaller."""
        if label:
            return label.startswith("!")
        return len(complement_ranges(ranges, MAX4 if family == 4 else MAX6)) < len(ranges)

    def _value(self, ranges: Ranges, family: int, label: str) -> str:
        if len(ranges) == 1:
            return write_span(*ranges[0], family)
        if len(ranges) <= _INLINE and not label:
            return "{ " + ", ".join(write_span(first, last, family) for first, last in ranges) + " }"
        return "@" + self._name(ranges, family, label)

    def _name(self, ranges: Ranges, family: int, label: str) -> str:
        key = (family, ranges)
        name = self._names.get(key)
        if name is None:
            name = self._free_name(f"{label or 'addresses'}.v{family}")
            self._names[key] = name
            self._declare(name, ranges, family)
        return name

    def _free_name(self, wanted: str) -> str:
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}.{number}", number + 1
        self._taken.add(name)
        return name

    def _declare(self, name: str, ranges: Ranges, family: int) -> None:
        elements = ",\n\t\t\t".join(write_span(first, last, family) for first, last in ranges)
        single = all(first == last for first, last in ranges)
        flags = "" if single else "\t\tflags interval\n"
        kind = "ipv4_addr" if family == 4 else "ipv6_addr"
        self.declarations.append(
            f"\tset {name} {{\n\t\ttype {kind}\n{flags}\t\telements = {{\n\t\t\t{elements}\n\t\t}}\n\t}}\n"
        )
