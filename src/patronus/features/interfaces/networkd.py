"""The `.network` file of one interface (systemd.network(5)), as sections and lines.

networkd compares files, not meanings: the order of lines is fixed, so that an unchanged interface is an unchanged file
and its leases are left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv6Address

from patronus.features.interfaces.schema import SERVICE_ADDRESS, Interface, Ipv4Settings, Ipv6Settings, Route
from patronus.features.sections import Block, Line, write_sections


def write_network(name: str, interface: Interface, vlans: Iterable[str]) -> bytes:
    """Return the whole file; `vlans` are the interfaces on top of this one."""
    blocks: list[Block] = [("Match", [("Name", name)]), ("Link", list(_link_lines(interface)))]
    if interface.enabled:
        blocks += _address_blocks(interface, list(vlans))
    else:
        blocks.append(
            ("Network", [*_quiet_lines(), ("LinkLocalAddressing", "no"), *(("VLAN", vlan) for vlan in vlans)])
        )
    return write_sections(blocks)


def _link_lines(interface: Interface) -> Iterator[Line]:
    """Only links that lead to the internet take part in network-online.target; a LAN without cable never delays it."""
    if interface.mac:
        yield "MACAddress", interface.mac
    if interface.mtu:
        yield "MTUBytes", interface.mtu
    if interface.promiscuous:
        yield "Promiscuous", True
    if not interface.enabled:
        yield "ActivationPolicy", "always-down"
    yield "RequiredForOnline", interface.enabled and interface.is_uplink


def _quiet_lines() -> Iterator[Line]:
    yield "LLDP", False
    yield "EmitLLDP", False
    yield "LLMNR", False
    yield "MulticastDNS", False
    yield "IPv6PrivacyExtensions", False


def _address_blocks(interface: Interface, vlans: list[str]) -> Iterator[Block]:
    ipv4, ipv6 = interface.ipv4, interface.ipv6
    yield "Network", list(_network_lines(interface, vlans))
    yield from _static_routes(interface)
    if ipv4.source == "dhcp":
        yield "DHCPv4", list(_dhcp4_lines(ipv4))
    if ipv6.source in ("slaac", "dhcp"):
        yield "IPv6AcceptRA", list(_accept_ra_lines(ipv6))
    if ipv6.source == "dhcp":
        yield "DHCPv6", list(_dhcp6_lines(ipv6))
    if ipv6.source == "tracked":
        yield "DHCPPrefixDelegation", list(_tracked_lines(ipv6))


def _network_lines(interface: Interface, vlans: list[str]) -> Iterator[Line]:
    ipv4, ipv6 = interface.ipv4, interface.ipv6
    yield from _quiet_lines()
    yield "DHCP", _dhcp_families(ipv4, ipv6)
    yield "LinkLocalAddressing", "no" if ipv6.source == "none" else "ipv6"
    yield "IPv6AcceptRA", ipv6.source in ("slaac", "dhcp")
    if ipv6.source == "tracked":
        yield "DHCPPrefixDelegation", True
    for address in (*_static(ipv4), *_static(ipv6)):
        yield "Address", address
    if interface.offers_link_local:
        yield "Address", SERVICE_ADDRESS
    if interface.is_uplink or ipv6.source == "tracked":
        yield "KeepConfiguration", "dynamic-on-stop"
    if not interface.is_uplink:
        # Services can bind before the cable is in, and keep their addresses when it is pulled.
        yield "ConfigureWithoutCarrier", True
    for server in interface.dns:
        yield "DNS", server
    for vlan in vlans:
        yield "VLAN", vlan


def _static(settings: Ipv4Settings | Ipv6Settings) -> tuple[object, ...]:
    return settings.addresses if settings.source == "static" else ()


def _dhcp_families(ipv4: Ipv4Settings, ipv6: Ipv6Settings) -> str:
    wanted = (ipv4.source == "dhcp", ipv6.source == "dhcp")
    return {(True, True): "yes", (True, False): "ipv4", (False, True): "ipv6", (False, False): "no"}[wanted]


def _static_routes(interface: Interface) -> Iterator[Block]:
    for settings in (interface.ipv4, interface.ipv6):
        if settings.source == "static" and settings.gateway:
            lines: list[Line] = [("Gateway", settings.gateway)]
            if isinstance(settings.gateway, IPv6Address):
                lines.append(("GatewayOnLink", True))
            yield "Route", [*lines, *_metric(settings.metric)]
    for route in interface.routes:
        yield "Route", list(_route_lines(route))


def _route_lines(route: Route) -> Iterator[Line]:
    yield "Destination", route.destination
    if route.gateway:
        yield "Gateway", route.gateway
    else:
        yield "Scope", "link" if route.destination.version == 4 else "global"
    yield from _metric(route.metric)


def _metric(metric: int | None) -> Iterator[Line]:
    if metric is not None:
        yield "Metric", metric


def _dhcp4_lines(ipv4: Ipv4Settings) -> Iterator[Line]:
    """The provider gives an address, routes and name servers; it does not get to set name, domain, time or MTU."""
    yield "ClientIdentifier", ipv4.client_id
    yield "SendHostname", ipv4.hostname is not None
    if ipv4.hostname:
        yield "Hostname", ipv4.hostname
    yield "UseDNS", True
    yield "UseDomains", False
    yield "UseHostname", False
    yield "UseMTU", ipv4.use_mtu
    yield "UseNTP", False
    yield "UseSIP", False
    yield "UseTimezone", False
    if ipv4.metric is not None:
        yield "RouteMetric", ipv4.metric
    if ipv4.reject_from:
        yield "DenyList", " ".join(map(str, ipv4.reject_from))


def _accept_ra_lines(ipv6: Ipv6Settings) -> Iterator[Line]:
    yield "DHCPv6Client", ipv6.source == "dhcp"
    yield "UseDNS", True
    yield "UseDomains", False
    if ipv6.metric is not None:
        yield "RouteMetric", ipv6.metric


def _dhcp6_lines(ipv6: Ipv6Settings) -> Iterator[Line]:
    """The client asks at once: providers exist whose advertisements come late or without the managed flag."""
    yield "DUIDType", "link-layer"
    yield "WithoutRA", "solicit"
    yield "RapidCommit", ipv6.rapid_commit
    yield "SendHostname", False
    yield "UseDNS", True
    yield "UseDomains", False
    yield "UseHostname", False
    yield "UseNTP", False
    yield "UseDelegatedPrefix", ipv6.delegation
    if ipv6.delegation and ipv6.prefix_hint is not None:
        yield "PrefixDelegationHint", f"::/{ipv6.prefix_hint}"


def _tracked_lines(ipv6: Ipv6Settings) -> Iterator[Line]:
    """SubnetId= is hexadecimal."""
    yield "UplinkInterface", ipv6.from_
    yield "SubnetId", f"0x{ipv6.id:x}"
    yield "Assign", True
    yield "Token", f"static:{ipv6.host or IPv6Address('::1')}"
