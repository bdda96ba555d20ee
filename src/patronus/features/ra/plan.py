"""From advertisements to drop-ins of the interfaces' `.network` files."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv6Network

from patronus.features.ra.schema import Advertisement, RouterAdvertisements
from patronus.features.sections import Block, Line, write_sections
from patronus.values.facts import Context, HostFact, LinkFact, ResolverFact, ZoneFact
from patronus.values.fragments import Claim, File
from patronus.values.problem import config_path

AUTONOMOUS = ("slaac", "assisted", "stateless")
MANAGED = ("managed", "assisted")
OTHER = ("managed", "assisted", "stateless")


def plan(section: RouterAdvertisements, context: Context) -> Iterator[File | Claim]:
    """Yield a drop-in for every link that advertises."""
    for link in context.all(LinkFact):
        settings = choose_settings(section, link, context)
        if settings is None or settings.mode == "off":
            continue
        origin = config_path("ra", "interfaces", link.name) if link.name in section.interfaces else link.origin
        path = f"etc/systemd/network/10-{link.name}.network.d/ra.conf"
        yield File(path, write_sections(_write_blocks(link, settings, context)), origin)
        yield Claim(f"router-advertisements@{link.name}", origin)


def choose_settings(section: RouterAdvertisements, link: LinkFact, context: Context) -> Advertisement | None:
    """Return what the document says of a link, the defaults where it says nothing and the link is an inner one."""
    if not link.enabled:
        return None
    if link.name in section.interfaces:
        return section.interfaces[link.name]
    inner = {zone.name for zone in context.all(ZoneFact) if not zone.external}
    has_prefix = link.delegated_from is not None or any(net.prefixlen == 64 for net in list_prefixes(link))
    return Advertisement() if link.zone in inner and has_prefix and not link.uplink else None


def list_prefixes(link: LinkFact) -> list[IPv6Network]:
    """Return the static prefixes of a link, each once."""
    return list(dict.fromkeys(address.network for address in link.addresses6))


def _write_blocks(link: LinkFact, settings: Advertisement, context: Context) -> Iterator[Block]:
    yield "Network", [("IPv6SendRA", True)]
    yield "IPv6SendRA", list(_router_lines(link, settings, context))
    for prefix in list_prefixes(link):
        yield "IPv6Prefix", list(_prefix_lines(prefix, settings))
    for route in settings.routes:
        yield "IPv6RoutePrefix", [("Route", route.destination), ("LifetimeSec", route.lifetime)]
    for prefix in settings.pref64:
        yield "IPv6PREF64Prefix", [("Prefix", prefix), ("LifetimeSec", max(settings.lifetime, 1800))]


def _router_lines(link: LinkFact, settings: Advertisement, context: Context) -> Iterator[Line]:
    yield "Managed", settings.mode in MANAGED
    yield "OtherInformation", settings.mode in OTHER
    yield "RouterLifetimeSec", settings.lifetime
    yield "RouterPreference", settings.preference
    yield "HopLimit", settings.hop_limit
    # What is announced is decided here; networkd would pass on the provider's servers.
    yield "UplinkInterface", ":none"
    servers, domains = _name_servers(link, settings, context), _search_domains(settings, context)
    yield "EmitDNS", bool(servers)
    if servers:
        yield "DNS", " ".join(servers)
    yield "EmitDomains", bool(domains)
    if domains:
        yield "Domains", " ".join(domains)
    yield "DNSLifetimeSec", settings.dns_lifetime


def _name_servers(link: LinkFact, settings: Advertisement, context: Context) -> list[str]:
    if settings.dns is not None:
        return [str(address) for address in settings.dns]
    served = any(link.name in resolver.links for resolver in context.all(ResolverFact))
    return [str(link.link_local)] if served and link.link_local else []


def _search_domains(settings: Advertisement, context: Context) -> list[str]:
    if settings.search is not None:
        return list(settings.search)
    host = context.one(HostFact, HostFact("", ""))
    return [host.domain] if host.domain else []


def _prefix_lines(prefix: IPv6Network, settings: Advertisement) -> Iterator[Line]:
    yield "Prefix", prefix
    yield "OnLink", True
    yield "AddressAutoconfiguration", settings.mode in AUTONOMOUS and prefix.prefixlen == 64
    yield "PreferredLifetimeSec", settings.preferred_lifetime
    yield "ValidLifetimeSec", settings.valid_lifetime
