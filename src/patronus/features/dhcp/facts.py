"""What other features learn: the names of hosts with a reservation, and where the leases are."""

from __future__ import annotations

from collections.abc import Iterator

from patronus.features.dhcp.schema import DhcpServer
from patronus.values.facts import LeaseFact, LeaseFileFact
from patronus.values.problem import config_path

LEASES = "/var/lib/kea/kea-leases4.csv"


def facts(section: DhcpServer) -> Iterator[LeaseFact | LeaseFileFact]:
    """Publish every reservation that has a name and an address."""
    if any(subnet.enabled for subnet in section.subnets):
        yield LeaseFileFact(LEASES, "dhcp")
    for index, subnet in enumerate(section.subnets):
        for number, host in enumerate(subnet.reservations if subnet.enabled else ()):
            if host.hostname and host.address:
                origin = config_path("dhcp", "subnets", index, "reservations", number)
                yield LeaseFact(host.hostname, str(host.address), origin)
