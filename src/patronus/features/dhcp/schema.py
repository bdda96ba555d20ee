"""The `dhcp` section: addresses and options for IPv4 hosts (RFC 2131)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from patronus.values.types import (
    BootFile,
    Cidr4,
    Count,
    DomainName,
    Duration,
    HexBytes,
    Hostname,
    InterfaceName,
    Ipv4,
    MacAddress,
    Range4,
    Section,
    Switch,
    Text,
)


class Option(Section):
    """A DHCP option by its number (RFC 2132 and the IANA registry) and exactly one kind of value."""

    code: Annotated[Count, Field(ge=1, le=254)] = Field(description="The option's number.")
    addresses: tuple[Ipv4, ...] | None = Field(default=None, max_length=32, description="IPv4 addresses.")
    text: Annotated[Text, Field(min_length=1)] | None = Field(default=None, description="A line of text, as UTF-8.")
    domains: tuple[DomainName, ...] | None = Field(
        default=None, max_length=16, description="Domain names in DNS wire format (RFC 1035)."
    )
    uint8: tuple[Annotated[Count, Field(ge=0, le=0xFF)], ...] | None = Field(
        default=None, max_length=64, description="Numbers of one byte."
    )
    uint16: tuple[Annotated[Count, Field(ge=0, le=0xFFFF)], ...] | None = Field(
        default=None, max_length=64, description="Numbers of two bytes."
    )
    uint32: tuple[Annotated[Count, Field(ge=0, le=0xFFFFFFFF)], ...] | None = Field(
        default=None, max_length=32, description="Numbers of four bytes."
    )
    flag: Switch | None = Field(default=None, description="One byte, 1 for true.")
    hex: HexBytes | None = Field(default=None, description="Bytes in hexadecimal: `01:04:c0a8`.")


class ClasslessRoute(Section):
    """A route hosts install (option 121, RFC 3442)."""

    destination: Cidr4 = Field(description="The network.")
    gateway: Ipv4 = Field(description="The next hop, in the hosts' subnet.")


class Boot(Section):
    """Network boot (PXE)."""

    server: Ipv4 | None = Field(default=None, description="The TFTP server (next-server). Default: this box.")
    file: BootFile = Field(description="The file to load.")


class HostSettings(Section):
    """What hosts are told; a reservation may say it for one host."""

    routers: tuple[Ipv4, ...] | None = Field(
        default=None, max_length=8, description="Default gateways. Default: this box. An empty list sends none."
    )
    dns: tuple[Ipv4, ...] | None = Field(
        default=None,
        max_length=8,
        description="Name servers. Default: this box, where it answers DNS on the interface. An empty list sends none.",
    )
    domain: DomainName | None = Field(default=None, description="The hosts' domain. Default: the domain of the box.")
    search: tuple[DomainName, ...] = Field(
        default=(), max_length=16, description="Domains to search for short names. Default: only `domain`."
    )
    ntp: tuple[Ipv4, ...] | None = Field(
        default=None,
        max_length=8,
        description="Time servers. Default: this box, where it answers NTP on the interface. An empty list sends none.",
    )
    routes: tuple[ClasslessRoute, ...] = Field(
        default=(),
        max_length=32,
        description="Further routes. Hosts that take these ignore `routers`, so the default route is added to them.",
    )
    boot: Boot | None = Field(default=None, description="Network boot.")
    options: tuple[Option, ...] = Field(default=(), max_length=64, description="Any other option, by number.")


class Reservation(HostSettings):
    """A host that always gets the same address, or settings of its own."""

    mac: MacAddress | None = Field(default=None, description="The host by its MAC address; either this or `client_id`.")
    client_id: HexBytes | None = Field(
        default=None, description="The host by the identifier it sends (option 61), in hexadecimal, type byte included."
    )
    address: Ipv4 | None = Field(default=None, description="Its address, in the subnet, in a pool or outside.")
    hostname: Hostname | None = Field(default=None, description="Its name, which the resolver then knows.")
    description: Text = Field(default="", description="For people.")


class Subnet(HostSettings):
    """A network served on one interface."""

    interface: InterfaceName = Field(description="The interface the hosts are on; it needs a static IPv4 address.")
    network: Cidr4 | None = Field(
        default=None, description="The network. Default: that of the interface's first address."
    )
    enabled: Switch = Field(default=True, description="false serves nobody here; the settings stay.")
    pools: tuple[Range4, ...] = Field(
        default=(), max_length=64, description="Ranges of addresses for hosts without reservation."
    )
    exclude: tuple[Range4, ...] = Field(
        default=(), max_length=256, description="Addresses inside the pools that are never given away."
    )
    deny_unknown: Switch = Field(default=False, description="Serve only hosts that have a reservation.")
    lease_time: Duration | None = Field(default=None, description="Default: `dhcp.lease_time`.")
    max_lease_time: Duration | None = Field(default=None, description="Default: `dhcp.max_lease_time`.")
    reservations: tuple[Reservation, ...] = Field(default=(), max_length=4096, description="Hosts known by name.")


class DhcpServer(Section):
    """DHCP for IPv4."""

    lease_time: Duration = Field(
        default=7200, description="How long an address is lent unless the host asks otherwise."
    )
    max_lease_time: Duration = Field(default=86400, description="The longest a host can ask for.")
    authoritative: Switch = Field(
        default=True, description="Tell hosts with an address of another network that it is not valid here."
    )
    subnets: tuple[Subnet, ...] = Field(default=(), max_length=1024, description="The networks served.")
