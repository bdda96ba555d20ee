"""Ping, connections, the firewall's log, diagnostics, status: they change nothing."""

from __future__ import annotations

from pydantic import ValidationError

from patronus.console.action import Action, Choice, Page, Question, Talk
from patronus.ops import observations as o
from patronus.ops import registry, wording


def _check_host(answer: str) -> str:
    try:
        o.PingRequest(host=answer)
    except ValidationError:
        return "A name such as example.org, or an address such as 192.0.2.1 or 2001:db8::1"
    return ""


def _ping(talk: Talk) -> Page:
    output = talk.ask(registry.PING, o.PingRequest(host=talk.answers["host"]))
    return Page(output.lines, output.ok)


def _show_connections(talk: Talk) -> Page:
    return Page(wording.tell_connections(talk.ask(registry.CONNECTIONS, o.ConnectionsRequest(limit=50))))


def _show_log(talk: Talk) -> Page:
    return Page(wording.tell_firewall_log(talk.ask(registry.FIREWALL_LOG, o.FirewallLogRequest(limit=100))))


def _diagnose(talk: Talk) -> Page:
    return Page(talk.ask(registry.DIAGNOSE, o.DiagnoseRequest.model_validate({"topic": talk.answers["topic"]})).lines)


def _show_status(talk: Talk) -> Page:
    status = talk.ask(registry.STATUS)
    findings = wording.tell_findings(status.failure.findings) if status.failure else []
    links = wording.tell_links(talk.ask(registry.LINKS))
    return Page([*wording.tell_status(status), *findings, "", *links], good=status.failure is None)


PING = Action(
    7,
    "ping",
    "Ping a host",
    "Sends four pings and shows each answer. Command line: patronus ping HOST.",
    _ping,
    questions=(Question("host", "Host name or address", check=_check_host),),
)
CONNECTIONS = Action(
    9,
    "connections",
    "Top connections",
    "The connections that carried most bytes, with both directions added up, made anew every five seconds. "
    "Command line: patronus connections.",
    _show_connections,
    refresh=5,
)
FIREWALL_LOG = Action(
    10,
    "firewall-log",
    "Firewall log",
    "Packets that rules with `log: true` matched, and those no rule matched, newest first, made anew every five "
    "seconds. Command line: patronus firewall-log.",
    _show_log,
    refresh=5,
)
DIAGNOSTICS = Action(
    15,
    "diagnostics",
    "Diagnostics",
    "Routes, neighbours, open ports, failed services, warnings, memory, disks. Command line: patronus diagnose.",
    _diagnose,
    questions=(
        Question("topic", "Look at what?", choices=lambda _talk: [Choice(key, text) for key, text in o.TOPICS.items()]),
    ),
)
STATUS = Action(
    16,
    "status",
    "Status",
    "What the box runs, whose signatures it trusts, which services run, and every interface. "
    "Command line: patronus status, patronus links.",
    _show_status,
    refresh=10,
)
