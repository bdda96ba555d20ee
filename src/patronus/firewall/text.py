"""How numbers, ranges and names are spelled in nftables (nft(8))."""

from __future__ import annotations

from ipaddress import IPv6Address

PROTOCOL_NAMES = {
    1: "icmp",
    2: "igmp",
    6: "tcp",
    17: "udp",
    47: "gre",
    50: "esp",
    51: "ah",
    58: "ipv6-icmp",
    132: "sctp",
}


def write_address(number: int, family: int) -> str:
    """Write an address; family is 4 or 6."""
    if family == 4:
        return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
    return str(IPv6Address(number))


def write_span(first: int, last: int, family: int) -> str:
    """Write a range of addresses: as one address, as a prefix where it is one, else as `first-last`."""
    if first == last:
        return write_address(first, family)
    size = last - first + 1
    if size & (size - 1) == 0 and first % size == 0:
        return f"{write_address(first, family)}/{(32 if family == 4 else 128) - size.bit_length() + 1}"
    return f"{write_address(first, family)}-{write_address(last, family)}"


def write_ports(first: int, last: int) -> str:
    """Write a port or a range of ports."""
    return str(first) if first == last else f"{first}-{last}"


def write_numbers(numbers: tuple[int, ...], names: dict[int, str]) -> str:
    """Write one number or a set of them, by name where there is one."""
    words = [names.get(number, str(number)) for number in numbers]
    return words[0] if len(words) == 1 else "{ " + ", ".join(words) + " }"


def write_links(links: list[str]) -> str:
    """Write interface names as the right-hand side of a match, sorted: their order in the document means nothing."""
    quoted = [f'"{link}"' for link in sorted(links)]
    return quoted[0] if len(quoted) == 1 else "{ " + ", ".join(quoted) + " }"
