"""The `ntp` section. Terms and defaults are those of chrony.conf(5)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from patronus.values.types import Count, HostOrAddress, InterfaceName, Port, Section, Switch

Poll = Annotated[Count, Field(ge=0, le=17)]


class TimeSource(Section):
    """One server, or one name behind which a pool of servers stands."""

    host: HostOrAddress = Field(description="Name or address of the server or pool.")
    pool: Switch = Field(
        default=False,
        description="The name stands for many servers: up to four of them are used, and replaced when they fail.",
    )
    nts: Switch = Field(
        default=False,
        description="Authenticate with Network Time Security (RFC 8915): an answer without proof is not used.",
    )
    prefer: Switch = Field(default=False, description="Take this source when several are equally good.")
    port: Port = Field(default=123, description="UDP port of the server.")
    min_poll: Poll = Field(default=6, description="Shortest interval of questions, a power of two: 6 is 64 s.")
    max_poll: Poll = Field(default=10, description="Longest interval of questions, a power of two: 10 is 1024 s.")


class Ntp(Section):
    """Where the time comes from and who gets it from this box. Left out: the client with its defaults."""

    sources: tuple[TimeSource, ...] = Field(
        default=(TimeSource(host="2.debian.pool.ntp.org", pool=True),),
        description="Servers and pools to take the time from. Default: Debian's pool, which has IPv4 and IPv6.",
    )
    serve: tuple[InterfaceName, ...] = Field(
        default=(),
        description="Interfaces whose networks may ask this box for the time. DHCP then announces it there.",
    )
    orphan_stratum: Annotated[Count, Field(ge=1, le=15)] | None = Field(
        default=None,
        description="Go on serving the time of the box's own clock, under this stratum, while no source answers "
        "(12 is usual). Default: clients are told that there is no time.",
    )
