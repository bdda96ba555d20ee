"""From subnets to Kea's configuration (Kea Administrator Reference Manual 2.6, chapter 8)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any

from patronus.features.dhcp.facts import LEASES
from patronus.features.dhcp.options import NO_DEFAULTS, Defaults, write_options
from patronus.features.dhcp.pools import subtract_ranges
from patronus.features.dhcp.schema import DhcpServer, HostSettings, Reservation, Subnet
from patronus.values.facts import Context, HostFact, LinkFact, ResolverFact, TimeServerFact
from patronus.values.fragments import RELOAD, Check, Claim, File, Unit
from patronus.values.plan import Opening
from patronus.values.problem import config_path

PATH = "etc/kea/kea-dhcp4.conf"
CHECKED = "etc/kea/kea-dhcp4.check.conf"
"""The same without the names of links, for Kea's own checker: it refuses links that the box has not made yet."""
UNIT = "kea-dhcp4-server.service"
CONTROL_SOCKET = "/run/kea/kea4-ctrl-socket"
HOSTILE_CHARACTERS = "[^A-Za-z0-9.-]"
"""What Kea takes out of the names that clients send: its default, written down (Kea ARM 2.6, chapter 8)."""


def plan(section: DhcpServer, context: Context) -> Iterator[File | Unit | Claim | Check | Opening]:
    """Yield Kea's configuration and what it needs; nothing when no subnet is served."""
    served = [
        (config_path("dhcp", "subnets", index), subnet, link)
        for index, subnet in enumerate(section.subnets)
        if (link := context.link(subnet.interface)) and subnet.enabled and link.enabled and served_network(subnet, link)
    ]
    if not served:
        return
    config = _write_config(section, [(subnet, link) for _, subnet, link in served], context)
    yield File(PATH, _write_json(config), "dhcp", 0o640, "root", "_kea")
    yield File(CHECKED, _write_json(_without_links(config)), "dhcp", 0o640, "root", "_kea")
    yield Unit(UNIT, "dhcp", (PATH,), RELOAD)
    yield Check(("kea-dhcp4", "-t", f"{{tree}}/{CHECKED}"), "dhcp")
    for origin, _, link in served:
        yield Claim(f"udp/67@{link.name}", origin)
        yield Opening((link.name,), "udp", 67, origin, "inet")


def _write_json(config: dict[str, Any]) -> bytes:
    return json.dumps(config, indent=2, sort_keys=True).encode() + b"\n"


def _without_links(config: dict[str, Any]) -> dict[str, Any]:
    settings = config["Dhcp4"]
    subnets = [{key: subnet[key] for key in subnet if key != "interface"} for subnet in settings["subnet4"]]
    unbound = {**settings["interfaces-config"], "interfaces": []}
    return {"Dhcp4": {**settings, "interfaces-config": unbound, "subnet4": subnets}}


def _name_socket(subnet: Subnet, link: LinkFact) -> str:
    """Return where Kea listens: a link, or one address of a link that has several (one socket per link is enough)."""
    network = served_network(subnet, link)
    own = next((address.ip for address in link.addresses4 if network and address.ip in network), None)
    return f"{link.name}/{own}" if own and len(link.addresses4) > 1 else link.name


def _write_config(section: DhcpServer, served: list[tuple[Subnet, LinkFact]], context: Context) -> dict[str, Any]:
    return {
        "Dhcp4": {
            "interfaces-config": {
                "interfaces": [_name_socket(subnet, link) for subnet, link in served],
                "dhcp-socket-type": "raw",
                # A link without carrier cannot be served yet: Kea looks again every three seconds, for years.
                "service-sockets-max-retries": 2**31 - 1,
                "service-sockets-retry-wait-time": 3000,
            },
            "control-socket": {"socket-type": "unix", "socket-name": CONTROL_SOCKET},
            "lease-database": {"type": "memfile", "persist": True, "name": LEASES, "lfc-interval": 3600},
            "authoritative": section.authoritative,
            "calculate-tee-times": True,
            "host-reservation-identifiers": ["hw-address", "client-id"],
            "reservations-in-subnet": True,
            "reservations-out-of-pool": False,
            "ddns-send-updates": False,
            # What a client calls itself goes into the lease file, whose lines it must not be able to break.
            "hostname-char-set": HOSTILE_CHARACTERS,
            "hostname-char-replacement": "",
            "loggers": [
                {
                    "name": "kea-dhcp4",
                    "severity": "INFO",
                    "output-options": [{"output": "stdout", "pattern": "%-5p %m\n"}],
                },
                # Six lines for each question would bury what matters; leases have a line of their own.
                {"name": "kea-dhcp4.packets", "severity": "WARN"},
                {"name": "kea-dhcp4.dhcp4", "severity": "WARN"},
                # The same for a link without carrier, every three seconds.
                {"name": "kea-dhcp4.dhcpsrv", "severity": "ERROR"},
            ],
            "subnet4": [_write_subnet(section, subnet, link, context) for subnet, link in served],
        }
    }


def served_network(subnet: Subnet, link: LinkFact) -> IPv4Network | None:
    """Return the network of a subnet; None when the interface has no address to take it from."""
    if subnet.network is not None:
        return subnet.network
    return link.addresses4[0].network if link.addresses4 else None


def subnet_id(network: IPv4Network) -> int:
    """Return Kea's number of a subnet. Leases on disk refer to it, so it depends on nothing but the network."""
    return zlib.crc32(str(network).encode()) % (2**32 - 2) + 1


def _write_subnet(section: DhcpServer, subnet: Subnet, link: LinkFact, context: Context) -> dict[str, Any]:
    network = served_network(subnet, link)
    assert network is not None, "not served"  # noqa: S101
    lease_time = subnet.lease_time or section.lease_time
    known_only = {"client-class": "KNOWN"} if subnet.deny_unknown else {}
    return {
        "id": subnet_id(network),
        "subnet": str(network),
        # Kea finds the subnet by the link's address. With several it has to be told, and then minds links that are new.
        **({"interface": link.name} if len(link.addresses4) > 1 else {}),
        # Kea has to open its sockets anew when a VLAN becomes another one under the same name.
        "user-context": {"vlan": f"{link.vlan} on {link.parent}" if link.vlan else "no"},
        "valid-lifetime": lease_time,
        "max-valid-lifetime": max(subnet.max_lease_time or section.max_lease_time, lease_time),
        "min-valid-lifetime": min(lease_time, 60),
        "pools": [
            {"pool": f"{part.first} - {part.last}", **known_only}
            for part in subtract_ranges(subnet.pools, subnet.exclude)
        ],
        "option-data": write_options(subnet, _find_defaults(network, link, context)),
        "reservations": [_write_reservation(host, link) for host in subnet.reservations],
        **_write_boot(subnet, link),
    }


def _find_defaults(network: IPv4Network, link: LinkFact, context: Context) -> Defaults:
    own = next((address.ip for address in link.addresses4 if address.ip in network), None)
    resolves = any(link.name in fact.links for fact in context.all(ResolverFact))
    tells_time = any(link.name in fact.links for fact in context.all(TimeServerFact))
    domain = context.one(HostFact, HostFact("", "")).domain
    return Defaults(own, own if resolves else None, own if tells_time else None, domain)


def _write_reservation(host: Reservation, link: LinkFact) -> dict[str, Any]:
    wanted: dict[str, Any] = {"hw-address": host.mac} if host.mac else {"client-id": host.client_id}
    if host.address:
        wanted["ip-address"] = str(host.address)
    if host.hostname:
        wanted["hostname"] = host.hostname
    options = write_options(host, NO_DEFAULTS)
    return {**wanted, **({"option-data": options} if options else {}), **_write_boot(host, link)}


def _write_boot(settings: HostSettings, link: LinkFact) -> dict[str, Any]:
    if settings.boot is None:
        return {}
    server = settings.boot.server or (link.addresses4[0].ip if link.addresses4 else None)
    return {"next-server": str(server), "boot-file-name": settings.boot.file}
