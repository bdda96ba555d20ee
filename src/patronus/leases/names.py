"""Which name stands for which lease, and the DNS records of it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from ipaddress import IPv4Address
from typing import NamedTuple

from patronus.leases.table import Lease

TTL = 60
"""Seconds others may keep the answer: a lease can move to another host at any time."""
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


class Settings(NamedTuple):
    """What the document says: the domain of the names, names and addresses that are not for leases."""

    domain: str
    taken: frozenset[str]
    addresses: frozenset[str]


def choose_names(
    leases: Iterable[Lease], settings: Settings, now: float, held: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return label -> address; no lease gets a taken name. `held` is what this returned the last time.

    Of several hosts with one name the one that holds it keeps it, so that no guest takes the name of a host of the
    house; when nobody does, the oldest lease has it. A host that was given another address takes its name along.
    """
    wanted: dict[str, list[Lease]] = {}
    for lease in sorted(leases, key=lambda lease: (lease.start, lease.address)):
        label = _read_label(lease.hostname, settings.domain)
        if lease.is_active(now) and label and label not in settings.taken and lease.address not in settings.addresses:
            wanted.setdefault(label, []).append(lease)
    return {label: _choose_address(candidates, (held or {}).get(label)) for label, candidates in wanted.items()}


def _choose_address(candidates: Sequence[Lease], held: str | None) -> str:
    """Return the address of one of these leases, oldest first, that want one name; `held` is where it points now."""
    owner = next((lease for lease in candidates if lease.address == held), candidates[0])
    own = [lease for lease in candidates if lease == owner or (lease.hardware and lease.hardware == owner.hardware)]
    return own[-1].address


def next_end(leases: Iterable[Lease], now: float) -> float:
    """Return when the next lease ends; infinity when none does."""
    return min((lease.expire for lease in leases if lease.expire > now), default=float("inf"))


def _read_label(hostname: str, domain: str) -> str:
    """Return the host's label, empty for what is no host name: clients send anything."""
    name = hostname.lower().rstrip(".").removesuffix(f".{domain}")
    return name if _LABEL.fullmatch(name) else ""


def write_records(names: dict[str, str], domain: str) -> list[str]:
    """Return A and PTR records in zone-file form."""
    lines = []
    for label, address in sorted(names.items()):
        lines.append(f"{label}.{domain}. {TTL} IN A {address}")
        lines.append(f"{_reverse(address)} {TTL} IN PTR {label}.{domain}.")
    return lines


def list_owners(names: dict[str, str], labels: Collection[str], domain: str) -> list[str]:
    """Return the names whose records go away with these labels."""
    return [owner for label in sorted(labels) for owner in (f"{label}.{domain}.", _reverse(names[label]))]


def _reverse(address: str) -> str:
    return f"{IPv4Address(address).reverse_pointer}."
