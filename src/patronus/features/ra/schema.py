"""The `ra` section: what hosts learn from router advertisements (RFC 4861)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from patronus.values.fields import Misfit
from patronus.values.types import Cidr6, Count, DomainName, Duration, InterfaceName, Ipv6, Section


def _check_router_lifetime(seconds: int) -> int:
    if seconds and not 4 <= seconds <= 9000:
        raise Misfit("0s, or 4s to 9000s (RFC 4861)", "`30m` is usual, `0s` is no default router")
    return seconds


RouterLifetime = Annotated[Duration, AfterValidator(_check_router_lifetime)]
Mode = Literal["router", "slaac", "managed", "assisted", "stateless", "off"]


class AnnouncedRoute(Section):
    """A network hosts reach through this router (RFC 4191), beside the default route."""

    destination: Cidr6 = Field(description="The network.")
    lifetime: Duration = Field(default=3600, description="How long hosts keep the route after the last advertisement.")


class Advertisement(Section):
    """Advertisements on one interface."""

    mode: Mode = Field(
        default="slaac",
        description="What hosts do: `slaac` make their own addresses (pfSense: unmanaged); `stateless` that, and ask "
        "DHCPv6 for other settings; `assisted` both ways of getting addresses; `managed` only DHCPv6 addresses; "
        "`router` only the default route, no addresses; `off` sends nothing.",
    )
    lifetime: RouterLifetime = Field(
        default=1800, description="How long this is a default router; 0s announces prefixes but no default route."
    )
    preference: Literal["low", "medium", "high"] = Field(
        default="medium", description="Preference among several routers (RFC 4191)."
    )
    hop_limit: Annotated[Count, Field(ge=0, le=255)] = Field(
        default=64, description="Hop limit hosts should use; 0 leaves it to them."
    )
    dns: tuple[Ipv6, ...] | None = Field(
        default=None,
        max_length=8,
        description="Name servers to announce (RFC 8106). Default: this box, where it answers DNS on the interface, by "
        "its link-local address, which outlives a change of prefix. An empty list announces none.",
    )
    search: tuple[DomainName, ...] | None = Field(
        default=None, max_length=8, description="Search domains. Default: the domain of the box."
    )
    dns_lifetime: Duration = Field(default=3600, description="How long name servers and search domains stay valid.")
    preferred_lifetime: Duration = Field(
        default=14400,
        description="How long addresses of a static prefix are preferred; delegated ones bring their own.",
    )
    valid_lifetime: Duration = Field(default=86400, description="How long addresses of a static prefix stay valid.")
    routes: tuple[AnnouncedRoute, ...] = Field(default=(), max_length=16, description="Further routes to announce.")
    pref64: tuple[Cidr6, ...] = Field(
        default=(), max_length=4, description="NAT64 prefixes to announce (RFC 8781), such as `64:ff9b::/96`."
    )


class RouterAdvertisements(Section):
    """Router advertisements. Without this section they are sent on inner interfaces that have an IPv6 /64."""

    interfaces: dict[InterfaceName, Advertisement] = Field(
        default={},
        description="Settings by interface. One not named here advertises with the defaults when it has a tracked "
        "or static /64 and belongs to a zone that is not external; `{mode: off}` stops that.",
    )
