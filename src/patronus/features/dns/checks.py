"""What cannot work, or would answer strangers."""

from __future__ import annotations

from collections.abc import Iterator

from patronus.features.dns.record_checks import check_records
from patronus.features.dns.schema import Dns, Upstream
from patronus.features.missing import miss_interface
from patronus.values.facts import Context, LinkFact, ZoneFact
from patronus.values.problem import WARNING, Problem, config_path


def check(section: Dns, context: Context) -> Iterator[Problem]:
    """Yield every problem of the section."""
    yield from _check_interfaces(section, context)
    yield from _check_forwarders(section)
    for index, upstream in enumerate(section.forwarders):
        yield from _check_servers(config_path("dns", "forwarders", index), upstream, context)
    for name, domain in section.domains.items():
        yield from _check_servers(config_path("dns", "domains", name), domain, context)
        if section.zones.get(name, "transparent") not in ("transparent", "typetransparent"):
            message = f"`{section.zones[name]}` never asks the servers at dns.domains.{name}"
            yield Problem(config_path("dns", "zones", name), message, "use `transparent`, or remove one of the two")
    yield from check_records(section, context)
    if section.min_ttl > section.max_ttl:
        yield Problem("dns.min_ttl", "is longer than max_ttl", "lower it")


def _check_interfaces(section: Dns, context: Context) -> Iterator[Problem]:
    external = {zone.name for zone in context.all(ZoneFact) if zone.external}
    for index, name in enumerate(section.interfaces):
        path = config_path("dns", "interfaces", index)
        link = context.link(name)
        if name in section.interfaces[:index]:
            yield Problem(path, f"{name!r} stands here twice", "remove one")
        if link is None:
            yield from miss_interface(path, name, context)
        elif link.zone in external:
            message = f"{name!r} is in the external zone {link.zone!r}: the internet could ask"
            yield Problem(path, message, "serve inner interfaces only")
        elif link.enabled and not _may_have_address(link, context):
            yield Problem(path, f"{name!r} has no address that hosts could ask", f"give {link.origin} a static address")


def _may_have_address(link: LinkFact, context: Context) -> bool:
    known = link.addresses4 or link.addresses6 or link.link_local
    return bool(known) or context.doubts(link.origin, "ipv4") or context.doubts(link.origin, "ipv6")


def _check_forwarders(section: Dns) -> Iterator[Problem]:
    encrypted = {upstream.tls_name is not None for upstream in section.forwarders}
    if len(encrypted) > 1:
        message = "some are asked over TLS and some are not, so that questions would leak"
        yield Problem("dns.forwarders", message, "give all of them a `tls_name`, or none")
    if section.forwarders and section.forward_to_provider:
        message = "there are forwarders already"
        yield Problem("dns.forward_to_provider", message, "remove it, or `forwarders`")
    if section.forward_first and True in encrypted:
        message = "questions would leave unencrypted when the forwarders do not answer"
        yield Problem("dns.forward_first", message, "remove it, or the `tls_name`", WARNING)


def _check_servers(path: str, upstream: Upstream, context: Context) -> Iterator[Problem]:
    own = {address.ip for link in context.all(LinkFact) for address in link.addresses}
    for index, server in enumerate(upstream.servers):
        if server in own or server.is_loopback:
            where = config_path(f"{path}.servers", index)
            yield Problem(where, f"{server} is this box itself", "the resolver cannot ask itself")
        elif server.is_multicast or server.is_unspecified:
            yield Problem(config_path(f"{path}.servers", index), f"{server} is no server's address", "correct it")
