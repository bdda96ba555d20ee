"""What other features learn about the links."""

from __future__ import annotations

from collections.abc import Iterator

from patronus.features.interfaces.schema import SERVICE_ADDRESS, Interface, Interfaces
from patronus.values.facts import LinkFact
from patronus.values.problem import config_path


def facts(section: Interfaces) -> Iterator[LinkFact]:
    """Publish every interface, in document order."""
    for name, interface in section.root.items():
        yield _describe_link(name, interface)


def _describe_link(name: str, interface: Interface) -> LinkFact:
    ipv4, ipv6 = interface.ipv4, interface.ipv6
    return LinkFact(
        name=name,
        origin=config_path("interfaces", name),
        zone=interface.zone,
        addresses4=ipv4.addresses if ipv4.source == "static" else (),
        addresses6=ipv6.addresses if ipv6.source == "static" else (),
        dynamic4=ipv4.source == "dhcp",
        dynamic6=ipv6.source in ("slaac", "dhcp"),
        delegated_from=ipv6.from_ if ipv6.source == "tracked" else None,
        parent=interface.vlan.parent if interface.vlan else None,
        vlan=interface.vlan.id if interface.vlan else None,
        enabled=interface.enabled,
        mtu=interface.mtu,
        uplink=interface.is_uplink,
        link_local=SERVICE_ADDRESS.ip if interface.offers_link_local else None,
    )
