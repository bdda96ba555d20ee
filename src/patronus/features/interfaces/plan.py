"""From interfaces to systemd-networkd files: one `.network` per interface, a `.link` per card, a `.netdev` per VLAN.

networkd never removes a VLAN or gives it another id: whoever applies a tree deletes the link of every `.netdev` that
went or changed before networkd reloads. And networkd knows an unchanged file by its path, inode and time, so the files
must stay where they are while their content does (a folder of its own, not one per generation).
"""

from __future__ import annotations

from collections.abc import Iterator

from patronus.features.interfaces.networkd import write_network
from patronus.features.interfaces.schema import Interfaces, Match
from patronus.features.templating import render_template
from patronus.values.facts import Context, ResolverFact
from patronus.values.fragments import RELOAD, Claim, File, LinkName, Symlink, Unit
from patronus.values.problem import config_path

FOLDER = "etc/systemd/network"


def plan(section: Interfaces, context: Context) -> Iterator[File | LinkName | Unit | Claim | Symlink]:
    """Yield the files of every interface, the names of the cards and the daemon that owns them."""
    vlans: dict[str, list[str]] = {}
    for name, interface in section.root.items():
        if interface.vlan:
            vlans.setdefault(interface.vlan.parent, []).append(name)
    for name, interface in section.root.items():
        origin = config_path("interfaces", name)
        yield File(f"{FOLDER}/10-{name}.network", write_network(name, interface, vlans.get(name, ())), origin)
        yield Claim(f"link/{name}", origin)
        if interface.match:
            yield from _plan_card(name, interface.match, origin)
        if interface.vlan:
            content = render_template("interfaces", "vlan.netdev.j2", link=name, interface=interface)
            yield File(f"{FOLDER}/10-{name}.netdev", content, origin)
    yield Unit("systemd-networkd.service", "interfaces", (f"{FOLDER}/",), RELOAD)
    if not context.all(ResolverFact):
        # Without a resolver of its own the box asks the provider's.
        yield Symlink("etc/resolv.conf", "/run/patronus-provider/resolv.conf", "interfaces")
        yield Unit("patronus-provider-resolv.service", "interfaces")


def _plan_card(name: str, match: Match, origin: str) -> Iterator[File | LinkName]:
    kind, value = identify_card(match)
    content = render_template("interfaces", "card.link.j2", link=name, kind=kind, value=value)
    yield File(f"{FOLDER}/10-{name}.link", content, origin)
    yield LinkName(name, kind, value, f"{origin}.match")


def identify_card(match: Match) -> tuple[str, str]:
    """Return kind and value of the one way a card is matched (`check` made sure that there is exactly one)."""
    if match.mac:
        return "mac", match.mac
    if match.path:
        return "path", match.path
    return "name", match.name or ""
