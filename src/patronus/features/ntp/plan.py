"""Ntp -> what chrony needs. Pure: the same section gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterable

from patronus.features.ntp.schema import Ntp, TimeSource
from patronus.features.templating import render_template
from patronus.values.facts import Context, TimeServerFact, TimeSourceFact
from patronus.values.fragments import Check, Claim, File, Unit
from patronus.values.plan import Opening

ORIGIN = "ntp"
CONFIG = "etc/chrony/chrony.conf"
NTP_PORT = 123


def facts(ntp: Ntp) -> Iterable[object]:
    """Tell the resolver which names must resolve while the clock is wrong, DHCP and RA where the box answers NTP."""
    yield from (TimeSourceFact(source.host) for source in ntp.sources if not _is_address(source.host))
    if ntp.serve:
        yield TimeServerFact(ntp.serve, "ntp.serve")


def plan(ntp: Ntp, _context: Context) -> Iterable[object]:
    """Return chrony's file and unit, and an open port on every link that is served."""
    content = render_template(
        "ntp",
        "chrony.conf.j2",
        sources=[format_source(source) for source in ntp.sources],
        nts=any(source.nts for source in ntp.sources),
        serve=bool(ntp.serve),
        orphan_stratum=ntp.orphan_stratum,
    )
    yield File(CONFIG, content, ORIGIN)
    # chronyd reads its file only when it starts; it steps the clock in its first three updates only.
    yield Unit("chrony.service", ORIGIN, (CONFIG,))
    yield Check(("chronyd", "-p", "-f", f"{{tree}}/{CONFIG}"), ORIGIN)
    if ntp.serve:
        yield Opening(ntp.serve, "udp", NTP_PORT, "ntp.serve")
        yield from (Claim(f"udp/{NTP_PORT}@{link}", "ntp.serve") for link in ntp.serve)


def _is_address(host: str) -> bool:
    """Tell addresses from names: a host that ends in a number is an IPv4 address (see `HostOrAddress`)."""
    return ":" in host or host.rpartition(".")[2].isdigit()


def format_source(source: TimeSource) -> str:
    """Return the line of chrony.conf(5) for one source; options that have chrony's own default are left out."""
    words = ["pool" if source.pool else "server", source.host, "iburst"]
    words += ["nts"] if source.nts else []
    words += ["prefer"] if source.prefer else []
    words += ["port", str(source.port)] if source.port != NTP_PORT else []
    words += ["minpoll", str(source.min_poll)] if source.min_poll != 6 else []
    words += ["maxpoll", str(source.max_poll)] if source.max_poll != 10 else []
    return " ".join(words)
