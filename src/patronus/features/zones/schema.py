"""Schema of `zones`. Defaults for an external zone are those of a WAN in pfSense and OPNsense."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from patronus.values.types import Section, SectionMap, Switch, Text, ZoneName


class Zone(Section):
    """One level of trust."""

    description: Text = Field(default="", description="A line for people.")
    external: Switch = Field(
        default=False,
        description="The internet side. Turns on the protections below, hides the other networks behind its address "
        "(see `nat.outbound`), and keeps management closed there.",
    )
    block_private: Switch | None = Field(
        default=None,
        description="Drop new connections from private sources: RFC 1918, loopback, IPv6 unique local. Default: on "
        "when `external`. Turn it off behind another router that uses such addresses.",
    )
    block_bogons: Switch | None = Field(
        default=None,
        description="Drop new connections from sources nobody may use on the internet: documentation, benchmark, "
        "multicast, reserved and unallocated ranges. Default: on when `external`.",
    )
    anti_spoofing: Switch | None = Field(
        default=None,
        description="Drop packets whose source is not reached back through the interface they came by. Default: on, "
        "but off when `external`. Turn it off for asymmetric routing.",
    )
    ping: Switch | None = Field(
        default=None, description="Answer echo requests (ping), IPv4 and IPv6. Default: on, but off when `external`."
    )
    intra_zone: Literal["pass", "block"] = Field(
        default="block",
        description="Traffic between interfaces of this zone that no rule decides. Default: `block`.",
    )


class Zones(SectionMap[dict[ZoneName, Zone]]):
    """Zones by name. Nothing passes between two zones, or to the box, without a rule or a service that opens it."""

    root: dict[ZoneName, Zone] = Field(default_factory=dict, description="Zones by name.")
