"""Reads logged packets from the journal, where nftables' log statement puts them as messages of the kernel."""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

from patronus.host.run import run

_PREFIX = re.compile(r"patronus:(\S+): (.*)", re.S)


class Packet(NamedTuple):
    """A logged packet; `time` is seconds since 1970."""

    time: int
    rule: str
    incoming: str
    outgoing: str
    protocol: str
    source: str
    destination: str
    detail: str


def newest(count: int) -> list[Packet]:
    """Return the newest packets of this boot, newest first."""
    argv = ("journalctl", "--no-pager", "-b", "-o", "json", "--output-fields=MESSAGE", "--reverse", f"--lines={count}")
    done = run(*argv, "--grep=^patronus:", "_TRANSPORT=kernel", check=False, timeout=60)
    found = (parse(json.loads(line)) for line in done.stdout.splitlines() if line.startswith(b"{"))
    return [packet for packet in found if packet]


def parse(entry: dict[str, Any]) -> Packet | None:
    """Read one entry of the journal, fields as nf_log_syslog writes them; None for what is no logged packet."""
    # The journal gives text that is not UTF-8 as a list of numbers.
    message = entry.get("MESSAGE")
    match = _PREFIX.fullmatch(message) if isinstance(message, str) else None
    if not match:
        return None
    pairs = [word.partition("=") for word in match[2].split()]
    fields: dict[str, str] = {}
    for key, _, value in pairs:  # an ICMP error quotes the packet it is about: the first of each counts
        fields.setdefault(key, value)
    return Packet(
        time=int(entry.get("__REALTIME_TIMESTAMP", 0)) // 1_000_000,
        rule=match[1],
        incoming=fields.get("IN", ""),
        outgoing=fields.get("OUT", ""),
        protocol=fields.get("PROTO", ""),
        source=_write_end(fields, "SRC", "SPT"),
        destination=_write_end(fields, "DST", "DPT"),
        detail=_write_detail(fields),
    )


def _write_end(fields: dict[str, str], address: str, port: str) -> str:
    host = fields.get(address, "")
    if port not in fields:
        return host
    return f"[{host}]:{fields[port]}" if ":" in host else f"{host}:{fields[port]}"


def _write_detail(fields: dict[str, str]) -> str:
    flags = [name for name in ("SYN", "ACK", "FIN", "RST") if name in fields]
    kind = [f"type {fields['TYPE']}"] if "TYPE" in fields else []
    return " ".join([*kind, *flags])
