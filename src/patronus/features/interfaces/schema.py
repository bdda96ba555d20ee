"""The `interfaces` section: network cards and VLANs, and the addresses they carry."""

from __future__ import annotations

from ipaddress import IPv6Interface
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from patronus.values.types import (
    Address4,
    Address6,
    Cidr,
    Count,
    Hostname,
    InterfaceName,
    Ip,
    Ipv4,
    Ipv6,
    KernelName,
    MacAddress,
    Mtu,
    NicPath,
    Section,
    SectionMap,
    Switch,
    Text,
    VlanId,
    ZoneName,
)

SERVICE_ADDRESS = IPv6Interface("fe80::1:1/64")
"""The box on every inner link, beside the address made from the MAC: services keep it when a prefix changes."""
Metric = Annotated[Count, Field(ge=0, le=4294967295)]


class Match(Section):
    """Which network card this is; exactly one of the three."""

    mac: MacAddress | None = Field(default=None, description="The card with this permanent MAC address.")
    path: NicPath | None = Field(
        default=None,
        description="The card in this slot, as `ID_PATH` of udev: `pci-0000:00:03.0`. It survives a replaced card.",
    )
    name: KernelName | None = Field(default=None, description="The card the kernel calls this: `enp3s0`, `eth0`.")


class Vlan(Section):
    """An 802.1Q VLAN on a physical interface."""

    parent: InterfaceName = Field(description="The interface beneath, by its name in this document; not a VLAN itself.")
    id: VlanId = Field(description="The VLAN id, 1-4094.")


class Ipv4Settings(Section):
    """IPv4 of one interface."""

    method: Literal["static", "dhcp", "none"] | None = Field(
        default=None,
        description="Where addresses come from. Default: `static` when `addresses` are given, else `none`.",
    )
    addresses: tuple[Address4, ...] = Field(
        default=(),
        max_length=64,
        description="Addresses with prefix length; the first one is the one services announce.",
    )
    gateway: Ipv4 | None = Field(default=None, description="The default gateway, with `static`; in one of the subnets.")
    metric: Metric | None = Field(
        default=None, description="Metric of the default route, lower wins. Default: 1024 with `dhcp`, 0 with `static`."
    )
    hostname: Hostname | None = Field(
        default=None, description="Host name sent to the provider's DHCP server. Default: none is sent."
    )
    client_id: Literal["mac", "duid"] = Field(
        default="mac", description="How the DHCP client names itself: by MAC address, or by DUID (RFC 4361)."
    )
    reject_from: tuple[Ipv4, ...] = Field(
        default=(), max_length=16, description="DHCP servers whose offers are ignored, such as a modem's own."
    )
    use_mtu: Switch = Field(default=False, description="Take the MTU the DHCP server announces.")

    @property
    def source(self) -> str:
        """The method, with the default filled in."""
        return self.method or ("static" if self.addresses else "none")


class Ipv6Settings(Section):
    """IPv6 of one interface."""

    model_config = ConfigDict(populate_by_name=True)

    method: Literal["static", "slaac", "dhcp", "tracked", "link-local", "none"] | None = Field(
        default=None,
        description="Where addresses come from: `static`; `slaac` (router advertisements); `dhcp` (advertisements and "
        "DHCPv6 with a delegated prefix); `tracked` (a subnet of another interface's delegated prefix); `link-local`; "
        "`none` (no IPv6). Default: `static` when `addresses` are given, `tracked` when `from` is, else `none`.",
    )
    addresses: tuple[Address6, ...] = Field(default=(), max_length=64, description="Addresses with prefix length.")
    gateway: Ipv6 | None = Field(
        default=None, description="The default gateway, with `static`; in one of the subnets or link-local (`fe80::1`)."
    )
    metric: Metric | None = Field(default=None, description="Metric of the default route, lower wins.")
    prefix_hint: Annotated[Count, Field(ge=32, le=64)] | None = Field(
        default=None, description="With `dhcp`: the length of the prefix to ask the provider for, such as 56."
    )
    delegation: Switch = Field(
        default=True, description="With `dhcp`: ask for a prefix to delegate to other interfaces."
    )
    rapid_commit: Switch = Field(default=True, description="With `dhcp`: two messages instead of four where offered.")
    from_: InterfaceName | None = Field(
        default=None, alias="from", description="With `tracked`: the interface whose provider delegates the prefix."
    )
    id: Annotated[Count, Field(ge=0, le=65535)] = Field(
        default=0, description="With `tracked`: which /64 of the delegated prefix, counted from 0."
    )
    host: Ipv6 | None = Field(
        default=None, description="With `tracked`: the host part of this box's address. Default: `::1`."
    )

    @property
    def source(self) -> str:
        """The method, with the default filled in."""
        return self.method or ("static" if self.addresses else "tracked" if self.from_ else "none")


class Route(Section):
    """A static route through this interface."""

    destination: Cidr = Field(description="The network to reach.")
    gateway: Ip | None = Field(default=None, description="The next hop. Default: the network is directly on the link.")
    metric: Metric | None = Field(default=None, description="Lower wins. Default: 0 for IPv4, 1024 for IPv6.")


class Interface(Section):
    """One network interface: a card (`match`) or a VLAN (`vlan`)."""

    description: Text = Field(default="", description="For people.")
    enabled: Switch = Field(default=True, description="false keeps the link down; its settings stay.")
    zone: ZoneName | None = Field(default=None, description="The zone whose firewall rules apply. Default: no zone.")
    match: Match | None = Field(default=None, description="Which network card this is.")
    vlan: Vlan | None = Field(default=None, description="This interface is a VLAN on another one.")
    mac: MacAddress | None = Field(default=None, description="Use this MAC address instead of the card's own.")
    mtu: Mtu | None = Field(default=None, description="Bytes per packet, 576-9216. Default: the driver's, mostly 1500.")
    promiscuous: Switch = Field(default=False, description="Receive packets addressed to others too.")
    ipv4: Ipv4Settings = Field(default=Ipv4Settings(), description="IPv4 addresses. Default: none.")
    ipv6: Ipv6Settings = Field(default=Ipv6Settings(), description="IPv6 addresses. Default: none.")
    dns: tuple[Ip, ...] = Field(
        default=(),
        max_length=8,
        description="Name servers reached here, beside those the provider gives; for a box without `dns`, or with "
        "`dns.forward_to_provider`.",
    )
    routes: tuple[Route, ...] = Field(default=(), max_length=1024, description="Static routes through this interface.")

    @property
    def is_uplink(self) -> bool:
        """True where the default route is, or may come from."""
        dynamic = self.ipv4.source == "dhcp" or self.ipv6.source in ("slaac", "dhcp")
        return dynamic or self.ipv4.gateway is not None or self.ipv6.gateway is not None

    @property
    def offers_link_local(self) -> bool:
        """True where services of the box are reachable under `SERVICE_ADDRESS`."""
        return self.enabled and self.ipv6.source != "none" and not self.is_uplink


class Interfaces(SectionMap[dict[InterfaceName, Interface]]):
    """Every interface of the box under the name that rules, services and the kernel use."""
