"""What cannot work about the options hosts are sent."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network

from patronus.features.dhcp.options import KINDS, OWN_SETTING, PROTOCOL, SUBNET_MASK, encode_option
from patronus.features.dhcp.schema import HostSettings, Option
from patronus.values.problem import WARNING, Problem, config_path

MAX_OPTION = 255
"""Bytes of one option (RFC 2132); Kea splits longer ones, clients often cannot read those."""


def check_settings(path: str, settings: HostSettings, network: IPv4Network) -> Iterator[Problem]:
    """Yield every problem of what the hosts of a subnet, or one host, are told."""
    for index, router in enumerate(settings.routers or ()):
        if router not in network:
            message = f"{router} is not in {network}, hosts cannot reach it"
            yield Problem(config_path(f"{path}.routers", index), message, "a router is in the hosts' own subnet")
    for index, route in enumerate(settings.routes):
        if route.gateway not in network:
            where = config_path(f"{path}.routes", index) + ".gateway"
            yield Problem(where, f"{route.gateway} is not in {network}", "a next hop is in the hosts' own subnet")
    seen: dict[int, int] = {}
    for index, option in enumerate(settings.options):
        where = config_path(f"{path}.options", index)
        yield from _check_option(where, option)
        first = seen.setdefault(option.code, index)
        if first != index:
            yield Problem(where, f"option {option.code} is also at {path}.options[{first}]", "keep one of the two")


def _check_option(path: str, option: Option) -> Iterator[Problem]:
    if option.code in OWN_SETTING:
        hint = f"write it as `{OWN_SETTING[option.code]}`"
        yield Problem(f"{path}.code", f"option {option.code} has a setting of its own", hint)
    elif option.code in PROTOCOL or option.code == SUBNET_MASK:
        yield Problem(f"{path}.code", f"option {option.code} is written by the server itself", "remove it")
    given = [kind for kind in KINDS if getattr(option, kind) is not None]
    if len(given) != 1:
        found = " and ".join(given) or "none"
        yield Problem(path, f"needs exactly one kind of value, found {found}", f"one of {', '.join(KINDS)}")
        return
    length = len(encode_option(option))
    if not 0 < length <= MAX_OPTION:
        yield Problem(
            path, f"the value has {length} bytes", f"an option holds 1 to {MAX_OPTION}", WARNING if length else "error"
        )
