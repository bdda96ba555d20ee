"""The lease file of Kea's memfile backend: lines of CSV, the last one of an address counts (Kea ARM 2.6, 8.2.2.1).

Kea puts nothing in quotes: a comma in a value is written as `&#x2c`, and a quote is a character like others.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address
from typing import NamedTuple

ASSIGNED = "0"
FOREVER = 2**32 - 1
"""A lifetime without end (RFC 2131 3.3)."""
_READ = ("hwaddr", "valid_lifetime", "expire", "hostname", "state")


class Lease(NamedTuple):
    """One lease: IPv4 address, host name as the client gave it, lifetime in seconds, end in seconds since 1970.

    `hardware` is the client's MAC address, empty where it has none.
    """

    address: str
    hostname: str
    lifetime: int
    expire: int
    hardware: str = ""

    @property
    def start(self) -> int:
        """When the lease was given or renewed."""
        return self.expire - self.lifetime

    def is_active(self, now: float) -> bool:
        """Tell whether the host may still use the address."""
        return self.lifetime == FOREVER or self.expire > now


class LeaseTable:
    """Leases by address, fed with lines of one file or of several in the order they were written."""

    def __init__(self) -> None:
        self.leases: dict[str, Lease] = {}
        self._columns: dict[str, int] = {}

    def feed(self, lines: Iterable[str]) -> None:
        """Take whole lines in. A line that is none of a lease is passed over: Kea does the same."""
        for line in lines:
            fields = line.split(",")
            if fields[0] == "address":
                self._columns = {name: index for index, name in enumerate(fields)}
            else:
                self._take(fields)

    def _take(self, fields: list[str]) -> None:
        try:
            get = {name: fields[self._columns[name]] for name in _READ}
            address = str(IPv4Address(fields[0]))
            lease = Lease(address, get["hostname"], int(get["valid_lifetime"]), int(get["expire"]), get["hwaddr"])
        except (KeyError, IndexError, ValueError):
            return
        if lease.lifetime == 0 or get["state"] != ASSIGNED:
            self.leases.pop(lease.address, None)
        else:
            self.leases[lease.address] = lease
