"""What cannot work about router advertisements."""

from __future__ import annotations

from collections.abc import Iterator

from patronus.features.missing import miss_interface
from patronus.features.ra.plan import AUTONOMOUS, list_prefixes
from patronus.features.ra.schema import Advertisement, RouterAdvertisements
from patronus.values.facts import Context, LinkFact
from patronus.values.problem import Problem, config_path

PREF64_LENGTHS = (32, 40, 48, 56, 64, 96)


def check(section: RouterAdvertisements, context: Context) -> Iterator[Problem]:
    """Yield every problem of the section."""
    for name, settings in section.interfaces.items():
        origin = config_path("ra", "interfaces", name)
        link = context.link(name)
        if link is None:
            yield from miss_interface(origin, name, context)
        elif settings.mode != "off" and not context.doubts(link.origin, "ipv6"):
            yield from _check_link(origin, link, settings)
        yield from _check_lifetimes(origin, settings)
        for index, prefix in enumerate(settings.pref64):
            if prefix.prefixlen not in PREF64_LENGTHS:
                message = f"a NAT64 prefix is {', '.join(f'/{length}' for length in PREF64_LENGTHS)} long (RFC 6052)"
                yield Problem(config_path(f"{origin}.pref64", index), message, "mostly /96")


def _check_link(origin: str, link: LinkFact, settings: Advertisement) -> Iterator[Problem]:
    if link.dynamic6:
        message = "the interface listens to advertisements of a provider, it cannot send its own"
        yield Problem(origin, message, f"set `mode: off`, or another method at {link.origin}.ipv6")
        return
    prefixes = list_prefixes(link)
    if not prefixes and link.delegated_from is None:
        message = "the interface has no IPv6 prefix to announce"
        yield Problem(origin, message, f"give {link.origin}.ipv6 an address, or `from:` an uplink")
    if link.delegated_from is not None and settings.mode not in AUTONOMOUS:
        message = f"with a tracked prefix hosts always make their own addresses, so `{settings.mode}` is not possible"
        yield Problem(f"{origin}.mode", message, "use `assisted`, or a static prefix")
    for prefix in prefixes:
        if settings.mode in AUTONOMOUS and prefix.prefixlen != 64:
            message = f"hosts make addresses only in a /64 (RFC 4862), not in {prefix}"
            yield Problem(f"{origin}.mode", message, "use a /64, or mode `router` or `managed`")


def _check_lifetimes(origin: str, settings: Advertisement) -> Iterator[Problem]:
    if settings.preferred_lifetime > settings.valid_lifetime:
        message = "is longer than valid_lifetime"
        yield Problem(f"{origin}.preferred_lifetime", message, "an address is preferred only while it is valid")
