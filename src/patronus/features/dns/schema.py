"""The `dns` section: a validating resolver for the inner networks. Terms are those of unbound.conf(5)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from patronus.values.types import (
    Cidr,
    Count,
    DomainName,
    Duration,
    InterfaceName,
    Ip,
    Ipv4,
    Ipv6,
    Port,
    RecordName,
    Section,
    Size,
    Switch,
    Text,
)

Word16 = Annotated[Count, Field(ge=0, le=65535)]
ZoneType = Literal[
    "static", "transparent", "typetransparent", "redirect", "deny", "refuse", "always_nxdomain", "always_null"
]


class Upstream(Section):
    """Servers of one operator."""

    servers: tuple[Ip, ...] = Field(min_length=1, max_length=16, description="Their addresses.")
    tls_name: DomainName | None = Field(
        default=None, description="Ask over TLS, and only when the certificate is valid for this name (RFC 8310)."
    )
    port: Port | None = Field(default=None, description="Default: 53, or 853 with `tls_name`.")


class DomainUpstream(Upstream):
    """Who answers for one domain."""

    authoritative: Switch = Field(
        default=False, description="The servers are the domain's own (stub zone); false: they are resolvers."
    )
    dnssec: Switch = Field(
        default=True, description="false for an inner domain that is not signed but has a signed parent."
    )
    private: Switch = Field(default=True, description="Answers may hold private addresses.")


class Mx(Section):
    """A mail server."""

    preference: Word16 = Field(default=10, description="Lower is tried first.")
    host: DomainName = Field(description="The server's name.")


class Srv(Section):
    """A service (RFC 2782)."""

    priority: Word16 = Field(default=0, description="Lower is tried first.")
    weight: Word16 = Field(default=0, description="Share among servers of one priority.")
    port: Word16 = Field(description="The service's port.")
    host: DomainName = Field(description="The server's name.")


class Record(Section):
    """What the resolver answers for one name itself."""

    name: RecordName = Field(description="The whole name: `nas.home.arpa`.")
    a: tuple[Ipv4, ...] = Field(default=(), max_length=32, description="IPv4 addresses.")
    aaaa: tuple[Ipv6, ...] = Field(default=(), max_length=32, description="IPv6 addresses.")
    cname: DomainName | None = Field(
        default=None, description="The name is another name for this one, and nothing else."
    )
    mx: tuple[Mx, ...] = Field(default=(), max_length=16, description="Mail servers.")
    txt: tuple[Text, ...] = Field(default=(), max_length=16, description="Texts.")
    srv: tuple[Srv, ...] = Field(default=(), max_length=16, description="Services.")
    ptr: DomainName | None = Field(
        default=None, description="For a name in in-addr.arpa or ip6.arpa: what it points to."
    )
    reverse: Switch = Field(default=True, description="Answer questions for the addresses with this name, too.")
    ttl: Duration = Field(default=3600, description="How long others may keep the answer.")


class Dns(Section):
    """The resolver of the box."""

    interfaces: tuple[InterfaceName, ...] = Field(
        default=(), max_length=256, description="Interfaces whose networks may ask. The box itself always may."
    )
    allow: tuple[Cidr, ...] = Field(
        default=(), max_length=256, description="Further networks that may ask, such as networks behind another router."
    )
    dnssec: Switch = Field(default=True, description="Validate answers; a forged one becomes SERVFAIL.")
    forwarders: tuple[Upstream, ...] = Field(
        default=(),
        max_length=16,
        description="Resolvers to ask instead of the root servers; all with `tls_name`, or none.",
    )
    forward_to_provider: Switch = Field(
        default=False,
        description="Ask the name servers the provider gives and those at `interfaces.<name>.dns`, not the root "
        "servers. They have to pass DNSSEC on, or `dnssec` has to be off.",
    )
    forward_first: Switch = Field(default=False, description="Ask the root servers when no forwarder answers.")
    domains: dict[DomainName, DomainUpstream] = Field(
        default={}, max_length=1024, description="Other servers for single domains."
    )
    records: tuple[Record, ...] = Field(default=(), max_length=10000, description="Names the resolver answers itself.")
    zones: dict[DomainName, ZoneType] = Field(
        default={},
        max_length=10000,
        description="What to answer in a domain beside `records` (local-zone): `static` that nothing else "
        "exists; `transparent` what the world says; `always_nxdomain` blocks it.",
    )
    register_leases: Switch = Field(default=True, description="Know hosts by the name they gave to the DHCP server.")
    register_reservations: Switch = Field(default=True, description="Know hosts by the name of their reservation.")
    rebind_protection: Switch = Field(
        default=True, description="Refuse answers from outside that hold private addresses (DNS rebinding)."
    )
    private_domains: tuple[DomainName, ...] = Field(
        default=(), max_length=256, description="Domains whose answers may hold private addresses all the same."
    )
    insecure_domains: tuple[DomainName, ...] = Field(
        default=(), max_length=256, description="Domains that are not validated."
    )
    prefetch: Switch = Field(default=True, description="Refresh answers that are asked often before they run out.")
    serve_expired: Switch = Field(
        default=True, description="Answer from what is known when the servers outside do not (RFC 8767)."
    )
    min_ttl: Annotated[Duration, Field(le=3600)] = Field(default=0, description="Keep answers at least this long.")
    max_ttl: Duration = Field(default=86400, description="Keep answers at most this long.")
    cache_size: Annotated[Size, Field(ge=2**20, le=2**34)] = Field(
        default=2**25, description="Memory for records; messages and keys take half as much again."
    )
    threads: Annotated[Count, Field(ge=1, le=64)] = Field(
        default=2, description="Threads that answer; more help only with many thousand questions a second."
    )
    log_queries: Switch = Field(default=False, description="Write every question to the journal.")
