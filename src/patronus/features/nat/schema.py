"""Schema of `nat`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from patronus.values.types import AddressTerm, Ip, Ipv4, LinkTerm, Many, Name, Port, PortTerm, Section, Switch, Text


class OutboundRule(Section):
    """One rule of source translation (IPv4)."""

    name: Name = Field(description="The rule's stable name.")
    description: Text = Field(default="", description="A line for people.")
    enabled: Switch = Field(default=True, description="A rule that is not enabled is left out. Default: true.")
    to: Many[LinkTerm] = Field(
        default=(), description="Zones or interfaces the packet leaves by. Default: external zones."
    )
    source: Many[AddressTerm] = Field(default=(), description="Source addresses before translation. Default: anywhere.")
    destination: Many[AddressTerm] = Field(default=(), description="Destination addresses. Default: anywhere.")
    protocol: Literal["any", "tcp", "udp", "tcp+udp"] = Field(default="any", description="Protocol. Default: `any`.")
    ports: Many[PortTerm] = Field(default=(), description="Destination ports, with TCP or UDP. Default: any.")
    translate: Literal["masquerade", "none"] | Ipv4 = Field(
        default="masquerade",
        description="The new source: an address, `masquerade` (the address of the interface at that moment), or `none` "
        "(leave it as it is and try no further rule). Default: `masquerade`.",
    )


class Outbound(Section):
    """Source translation of what leaves."""

    mode: Literal["automatic", "hybrid", "manual", "off"] = Field(
        default="automatic",
        description="`automatic`: the IPv4 networks of the other zones take the address of the external interface they "
        "leave by. `hybrid`: `rules` first, then automatic. `manual`: only `rules`. `off`: nothing. "
        "Default: `automatic`.",
    )
    rules: tuple[OutboundRule, ...] = Field(
        default=(), description="With `hybrid` or `manual`; the first match decides."
    )


class PortForward(Section):
    """Connections from outside that are passed on to a host inside."""

    name: Name = Field(description="The forward's stable name.")
    description: Text = Field(default="", description="A line for people.")
    enabled: Switch = Field(default=True, description="A forward that is not enabled is left out. Default: true.")
    from_: Many[LinkTerm] = Field(
        default=(), alias="from", description="Zones or interfaces it listens on. Default: external zones."
    )
    protocol: Literal["tcp", "udp", "tcp+udp"] = Field(default="tcp", description="Protocol. Default: `tcp`.")
    source: Many[AddressTerm] = Field(default=(), description="Who may use it. Default: anyone.")
    destination: Many[AddressTerm] = Field(
        default=(), description="Original destination addresses. Default: every address the box has on `from`."
    )
    ports: Many[PortTerm] = Field(min_length=1, description="The ports people connect to.")
    target: Ip = Field(
        description="The host inside. An IPv6 host is reached by its own address: then this is a rule that passes, and "
        "nothing is translated."
    )
    target_port: Port | None = Field(
        default=None,
        description="The (first) port at the target; with a range of `ports` the others follow in order. Default: "
        "the same ports.",
    )
    reflection: Switch = Field(
        default=False,
        description="Let hosts inside use the outside address too; where the target is in their own network its "
        "replies go through the box, and it sees the box as their source. Default: false.",
    )
    rule: Literal["pass", "none"] = Field(
        default="pass",
        description="`pass` lets the forwarded connections through the firewall, after the owner's rules, so that a "
        "`block` there wins; `none` leaves that to a rule of yours. Default: `pass`.",
    )
    log: Switch = Field(default=False, description="Log new connections. Default: false.")


class Nat(Section):
    """Address translation."""

    outbound: Outbound = Field(default=Outbound(), description="Source translation of what leaves.")
    port_forwards: tuple[PortForward, ...] = Field(default=(), description="Port forwards, the first match decides.")
