"""Commands that look at the running appliance, and those that end its work."""

from __future__ import annotations

import argparse
from collections.abc import Iterable

from patronus.cli.text import one_line, print_lines, say
from patronus.ops import messages as m
from patronus.ops import observations as o
from patronus.ops import registry, wording
from patronus.ops.client import call
from patronus.values.problem import Problem, Refused


def _print(arguments: argparse.Namespace, result: m.Message, lines: Iterable[str]) -> int:
    print(result.model_dump_json()) if arguments.json else print_lines(lines)
    return 0


def run_links(arguments: argparse.Namespace) -> int:
    """List the interfaces."""
    links = call(registry.LINKS, m.Nothing())
    return _print(arguments, links, wording.tell_links(links))


def run_ping(arguments: argparse.Namespace) -> int:
    """Ping a host; each line appears as it comes."""
    try:
        request = o.PingRequest(host=arguments.host, count=arguments.count, family=arguments.family)
    except ValueError as error:
        message = f"cannot ping {arguments.host!r} {arguments.count} times"
        raise Refused([Problem("", message, f"a name or an address, and 1 to {o.MAX_PINGS} pings")]) from error
    output = call(registry.PING, request, None if arguments.json else lambda line: print(one_line(line), flush=True))
    if arguments.json:
        print(output.model_dump_json())
    return 0 if output.ok else 1


def run_connections(arguments: argparse.Namespace) -> int:
    """List the largest connections."""
    request = o.ConnectionsRequest(limit=_bounded(arguments.limit), sort=arguments.sort)
    found = call(registry.CONNECTIONS, request)
    return _print(arguments, found, wording.tell_connections(found))


def run_firewall_log(arguments: argparse.Namespace) -> int:
    """List logged packets."""
    log = call(registry.FIREWALL_LOG, o.FirewallLogRequest(limit=_bounded(arguments.limit)))
    return _print(arguments, log, wording.tell_firewall_log(log))


def run_counters(arguments: argparse.Namespace) -> int:
    """List what each rule has matched."""
    counters = call(registry.COUNTERS, m.Nothing())
    return _print(arguments, counters, wording.tell_counters(counters, arguments.rule))


def _bounded(limit: int) -> int:
    if not 1 <= limit <= o.MAX_ENTRIES:
        raise Refused([Problem("", f"cannot list {limit} entries", f"1 to {o.MAX_ENTRIES}")])
    return limit


def run_diagnose(arguments: argparse.Namespace) -> int:
    """Show one side of the box."""
    output = call(registry.DIAGNOSE, o.DiagnoseRequest(topic=arguments.topic))
    return _print(arguments, output, output.lines)


def run_reboot(arguments: argparse.Namespace) -> int:
    """Restart the box."""
    result = call(registry.REBOOT, m.Nothing())
    say("the box restarts")
    return _print(arguments, result, ()) if arguments.json else 0


def run_power_off(arguments: argparse.Namespace) -> int:
    """Switch the box off."""
    result = call(registry.POWER_OFF, m.Nothing())
    say("the box switches off")
    return _print(arguments, result, ()) if arguments.json else 0


def run_factory_reset(arguments: argparse.Namespace) -> int:
    """Make the box forget everything."""
    if not arguments.yes:
        hint = "patronus factory-reset --yes, with --keep-trust if the box stays yours"
        raise Refused([Problem("", "configuration, history, keys and logs of this box would be lost", hint)])
    result = call(registry.FACTORY_RESET, m.FactoryResetRequest(keep_trust=arguments.keep_trust))
    say("the box restarts and forgets everything")
    return _print(arguments, result, ()) if arguments.json else 0
