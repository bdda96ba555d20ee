"""What cannot work about local records."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from patronus.features.dns.plan import choose_zones
from patronus.features.dns.schema import Dns, Record
from patronus.values.facts import Context, HostFact, LeaseFact
from patronus.values.problem import WARNING, Problem, config_path

_DATA = ("a", "aaaa", "cname", "mx", "txt", "srv", "ptr")


def check_records(section: Dns, context: Context) -> Iterator[Problem]:
    """Yield every problem of the records."""
    reserved = {} if context.doubts("system", "domain") else _reserved_names(context)
    first_at: dict[str, int] = {}
    aliases = {record.name.lower() for record in section.records if record.cname}
    redirected = [f".{zone}".lower() for zone, kind in choose_zones(section, context).items() if kind == "redirect"]
    for index, record in enumerate(section.records):
        path = config_path("dns", "records", index)
        name = record.name.lower()
        yield from _check_data(path, record)
        first = first_at.setdefault(name, index)
        if first != index and name in aliases:
            message = f"{record.name} is an alias (cname) and something else at dns.records[{first}]"
            yield Problem(path, message, "an alias has no other data (RFC 1034 3.6.2)")
        if any(name.endswith(zone) for zone in redirected):
            yield Problem(
                f"{path}.name", f"{record.name} is below a redirected zone", "put the data at the zone's name"
            )
        if name in reserved and {str(address) for address in record.a} != {reserved[name].address}:
            message = f"{record.name} is also the name of the reservation at {reserved[name].origin}"
            yield Problem(f"{path}.name", message, "both addresses will be answered", WARNING)


def _check_data(path: str, record: Record) -> Iterator[Problem]:
    given = [kind for kind in _DATA if getattr(record, kind)]
    if not given:
        yield Problem(path, f"{record.name} has no data", f"add one of {', '.join(_DATA)}")
    if record.cname and len(given) > 1:
        yield Problem(f"{path}.cname", "an alias has no other data (RFC 1034 3.6.2)", "remove the rest, or the alias")
    if record.cname and record.cname.lower() == record.name.lower():
        yield Problem(f"{path}.cname", "is an alias of itself", "name the other host")
    if record.ptr and not record.name.lower().endswith(".arpa"):
        hint = "write `name:` as 10.1.168.192.in-addr.arpa, or use `a:`, which adds the reverse record itself"
        yield Problem(f"{path}.ptr", f"{record.name} is not the name of an address", hint)


def _reserved_names(context: Context) -> dict[str, LeaseFact]:
    domain = context.one(HostFact, HostFact("", "")).domain
    leases = {f"{lease.hostname}.{domain}".lower(): lease for lease in context.all(LeaseFact)}
    return {name: lease for name, lease in leases.items() if ip_address(lease.address)}
