"""From the resolver's section to Unbound's configuration, and the watcher that teaches it the names in leases."""

from __future__ import annotations

import json
from collections.abc import Iterator
from ipaddress import IPv4Network, IPv6Network
from typing import NamedTuple

from patronus.features.dns.records import list_hosts, write_records
from patronus.features.dns.schema import Dns, Upstream
from patronus.features.templating import render_template
from patronus.values.facts import Context, HostFact, LeaseFileFact, LinkFact, ResolverFact, TimeSourceFact
from patronus.values.fragments import RELOAD, Check, Claim, File, Unit
from patronus.values.plan import Opening

CONFIG = "etc/unbound/unbound.conf"
LEASE_SETTINGS = "etc/patronus/leases.json"
LEASE_NAMES = "/run/patronus-lease[s]/names.conf"
"""Names of leases, written on the box; a pattern, so that the absence of file or folder is no error to Unbound."""
PROVIDER_ZONE = "/run/patronus-provide[r]/forward.conf"
"""Where to forward, written on the box in the same way."""
DNS_PORT = 53
PRIVATE = ("10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "fe80::/10",
           "::ffff:0:0/96")  # fmt: skip
"""What a name of the internet must not resolve to: RFC 1918, 6598, 3927, 4193, 4291 and IPv4-mapped addresses."""
INNER_SUFFIXES = ("arpa", "internal", "lan", "local", "localdomain", "home", "corp", "test", "intranet", "private")
"""Last labels of domains that have no owner in the world: nobody outside is asked for names in them."""


class _Zone(NamedTuple):
    kind: str
    name: str
    addresses: list[str]
    tls: bool
    first: bool = False


def facts(section: Dns) -> Iterator[ResolverFact]:
    """Tell DHCP and router advertisements where the box answers."""
    yield ResolverFact(section.interfaces, "dns.interfaces")


def plan(section: Dns, context: Context) -> Iterator[object]:
    """Yield Unbound's file and unit, the box's own resolv.conf, open ports, and the watcher of leases."""
    links = [link for name in section.interfaces if (link := context.link(name)) and link.enabled]
    watched = _find_leases(section, context)
    yield File(CONFIG, _write_config(section, links, context, watched=watched is not None), "dns")
    yield File("etc/resolv.conf", _write_resolv_conf(context), "dns")
    yield Unit("unbound.service", "dns", (CONFIG,), RELOAD)
    yield Check(("unbound-checkconf", f"{{tree}}/{CONFIG}"), "dns")
    for protocol in ("udp", "tcp"):
        yield Claim(f"{protocol}/{DNS_PORT}@*", "dns")
        if links:
            yield Opening(tuple(link.name for link in links), protocol, DNS_PORT, "dns.interfaces")
    if section.forward_to_provider:
        yield Unit("patronus-provider-forward.service", "dns.forward_to_provider")
    if watched:
        yield File(LEASE_SETTINGS, _write_lease_settings(section, watched, links, context), "dns.register_leases")
        yield Unit("patronus-leases.service", "dns.register_leases", (LEASE_SETTINGS,))


def _find_leases(section: Dns, context: Context) -> LeaseFileFact | None:
    domain = context.one(HostFact, HostFact("", "")).domain
    return next(iter(context.all(LeaseFileFact)), None) if section.register_leases and domain else None


def _write_config(section: Dns, links: list[LinkFact], context: Context, *, watched: bool) -> bytes:
    hosts = list_hosts(links, context, reservations=section.register_reservations)
    return render_template(
        "dns",
        "unbound.conf.j2",
        dns=section,
        networks=list_networks(section, links),
        verified=any(upstream.tls_name for upstream in (*section.forwarders, *section.domains.values())),
        private_addresses=PRIVATE if section.rebind_protection else (),
        private_domains=_private_domains(section, context) if section.rebind_protection else (),
        insecure_domains=_insecure_domains(section, context),
        zones=sorted(choose_zones(section, context).items()),
        records=write_records(section.records, hosts),
        leases=LEASE_NAMES if watched else "",
        upstreams=_list_upstreams(section),
        provider=PROVIDER_ZONE if section.forward_to_provider else "",
    )


def list_networks(section: Dns, links: list[LinkFact]) -> list[str]:
    """Return who is answered. Hosts with a provider's prefix ask the link-local address, from theirs."""
    found: list[IPv4Network | IPv6Network] = []
    for link in links:
        found += [address.network for address in link.addresses]
        found += [IPv6Network("fe80::/10")] if link.link_local else []
    return [str(network) for network in dict.fromkeys((*found, *section.allow))]


def choose_zones(section: Dns, context: Context) -> dict[str, str]:
    """Return the type of every local zone: as written, open where other servers answer, closed for the own domain."""
    domain = context.one(HostFact, HostFact("", "")).domain.lower()
    own = "static" if domain.rpartition(".")[2] in INNER_SUFFIXES else "transparent"
    chosen = {domain: own} if domain else {}
    chosen.update((name.lower(), "transparent") for name in section.domains)
    chosen.update((name.lower(), kind) for name, kind in section.zones.items())
    return chosen


def _private_domains(section: Dns, context: Context) -> list[str]:
    domain = context.one(HostFact, HostFact("", "")).domain
    inner = [name for name, upstream in section.domains.items() if upstream.private]
    return sorted({*([domain] if domain else ()), *inner, *section.private_domains})


def _insecure_domains(section: Dns, context: Context) -> list[str]:
    """Return what is not validated; time servers among it, since no signature is valid for a clock that is wrong."""
    unsigned = [name for name, upstream in section.domains.items() if not upstream.dnssec]
    time_sources = [source.name.lower() for source in context.all(TimeSourceFact)]
    return sorted({*unsigned, *time_sources, *section.insecure_domains}) if section.dnssec else []


def _list_upstreams(section: Dns) -> Iterator[_Zone]:
    if section.forwarders:
        addresses = [address for upstream in section.forwarders for address in _write_addresses(upstream)]
        yield _Zone("forward", ".", addresses, section.forwarders[0].tls_name is not None, section.forward_first)
    for name, upstream in sorted(section.domains.items()):
        kind = "stub" if upstream.authoritative else "forward"
        yield _Zone(kind, f"{name}.", _write_addresses(upstream), upstream.tls_name is not None)


def _write_addresses(upstream: Upstream) -> list[str]:
    """Return `address@port#name` of unbound.conf(5)."""
    port = upstream.port or (853 if upstream.tls_name else DNS_PORT)
    name = f"#{upstream.tls_name}" if upstream.tls_name else ""
    return [f"{server}@{port}{name}" for server in upstream.servers]


def _write_resolv_conf(context: Context) -> bytes:
    domain = context.one(HostFact, HostFact("", "")).domain
    search = [f"search {domain}"] if domain else []
    lines = ["# resolv.conf(5), written by Patronus from the section `dns`.", "nameserver 127.0.0.1", "nameserver ::1"]
    return "\n".join([*lines, *search, "options edns0 trust-ad", ""]).encode()


def _write_lease_settings(section: Dns, leases: LeaseFileFact, links: list[LinkFact], context: Context) -> bytes:
    """Names and addresses of the document are taken: no host gets one by asking for it."""
    host = context.one(HostFact, HostFact("", ""))
    suffix = f".{host.domain.lower()}"
    hosts = list(list_hosts(links, context, reservations=section.register_reservations))
    names = {name.lower() for name in (*(record.name for record in section.records), *(known.name for known in hosts))}
    taken = {name.removesuffix(suffix) for name in names if name.endswith(suffix)}
    addresses = {str(address) for record in section.records for address in record.a}
    addresses |= {str(address) for known in hosts for address in known.addresses}
    settings = {
        "domain": host.domain.lower(),
        "leases": leases.path,
        "taken": sorted({host.hostname.lower(), *taken}),
        "addresses": sorted(addresses),
    }
    return json.dumps(settings, indent=2, sort_keys=True).encode() + b"\n"
