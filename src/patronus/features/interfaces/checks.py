"""What cannot work about links themselves; `address_checks` looks at what they carry."""

from __future__ import annotations

from collections.abc import Iterator

from patronus.features.interfaces.address_checks import check_addresses
from patronus.features.interfaces.plan import identify_card
from patronus.features.interfaces.schema import Interface, Interfaces, Match
from patronus.values.facts import Context, ZoneFact
from patronus.values.problem import WARNING, Problem, config_path, name_some

DEFAULT_MTU = 1500
_MOST_RIVALS = 10


def check(section: Interfaces, context: Context) -> Iterator[Problem]:
    """Yield every problem of the section."""
    for name, interface in section.root.items():
        origin = config_path("interfaces", name)
        yield from _check_zone(origin, interface, context)
        yield from _check_kind(origin, interface)
        yield from _check_mac(origin, interface)
    yield from _check_cards(section)
    yield from _check_vlans(section, context)
    yield from check_addresses(section, context)


def _check_zone(origin: str, interface: Interface, context: Context) -> Iterator[Problem]:
    if interface.zone is None:
        if interface.enabled and (interface.ipv4.source != "none" or interface.ipv6.source != "none"):
            message = "has addresses but no zone: no firewall rule lets anything through it"
            yield Problem(origin, message, "add `zone:`", WARNING)
    elif interface.zone not in {zone.name for zone in context.all(ZoneFact)}:
        if context.may_hold("zones", interface.zone):
            return
        yield Problem(f"{origin}.zone", f"there is no zone {interface.zone!r}", "define it under `zones`")


def _check_kind(origin: str, interface: Interface) -> Iterator[Problem]:
    if interface.match is None and interface.vlan is None:
        hint = "add `match: {mac: ...}`, or `vlan: {parent: ..., id: ...}`"
        yield Problem(origin, "does not say which network card or VLAN it is", hint)
    elif interface.match is not None and interface.vlan is not None:
        yield Problem(origin, "is a network card (`match`) and a VLAN (`vlan`) at once", "keep one of the two")
    if interface.match is not None:
        given = [key for key in ("mac", "path", "name") if getattr(interface.match, key) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "none"
            yield Problem(
                f"{origin}.match", f"needs exactly one of mac, path, name, found {found}", "a MAC is the safest"
            )


def _check_mac(origin: str, interface: Interface) -> Iterator[Problem]:
    for where, mac in (("mac", interface.mac), ("match.mac", interface.match.mac if interface.match else None)):
        if mac and (int(mac[:2], 16) & 1 or mac == "00:00:00:00:00:00"):
            yield Problem(
                f"{origin}.{where}", f"{mac} is a group address, no card has it", "its first byte must be even"
            )


def _check_cards(section: Interfaces) -> Iterator[Problem]:
    """Two names for one card are refused; a card matched in two different ways is found on the box, where cards are."""
    holders: dict[tuple[str, str], list[str]] = {}
    for name, interface in section.root.items():
        if interface.match and interface.match != Match():
            holders.setdefault(identify_card(interface.match), []).append(name)
    for (kind, value), names in holders.items():
        for name in names if len(names) > 1 else ():
            others = ", ".join(other for other in names[:_MOST_RIVALS] if other != name)
            message = f"matches the same card as {others} ({kind} {value})"
            yield Problem(config_path("interfaces", name, "match"), message, "give each interface its own card")


def _check_vlans(section: Interfaces, context: Context) -> Iterator[Problem]:
    holders: dict[tuple[str, int], str] = {}
    for name, interface in section.root.items():
        if interface.vlan is None:
            continue
        origin = config_path("interfaces", name, "vlan")
        parent = section.root.get(interface.vlan.parent)
        if parent is None and context.may_hold("interfaces", interface.vlan.parent):
            pass  # told where it is
        elif parent is None:
            known = name_some(other for other, its in section.root.items() if its.match)
            yield Problem(f"{origin}.parent", f"there is no interface {interface.vlan.parent!r}", f"cards: {known}")
        elif parent.vlan is not None:
            yield Problem(f"{origin}.parent", f"{interface.vlan.parent!r} is a VLAN itself", "name the card beneath")
        elif not context.doubts("interfaces", interface.vlan.parent, "mtu"):
            yield from _check_vlan_mtu(name, interface, parent)
        tag = (interface.vlan.parent, interface.vlan.id)
        if tag in holders:
            message = f"VLAN {tag[1]} on {tag[0]} is {holders[tag]!r} already"
            yield Problem(f"{origin}.id", message, "give it another id, or remove one of the two")
        holders.setdefault(tag, name)


def _check_vlan_mtu(name: str, interface: Interface, parent: Interface) -> Iterator[Problem]:
    above, beneath = interface.mtu or DEFAULT_MTU, parent.mtu or DEFAULT_MTU
    if above > beneath:
        message = f"{above} bytes do not fit through the interface beneath, which has {beneath}"
        where = "mtu" if interface.mtu else "vlan.parent"
        yield Problem(config_path("interfaces", name, where), message, "lower it, or raise `mtu` of the parent")
