"""Schema of `firewall`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from patronus.features.firewall.names import IcmpType, Protocol, TcpFlag
from patronus.values.types import AddressTerm, LinkTerm, Many, Name, PortTerm, Section, Switch, Text


class TcpFlags(Section):
    """TCP flags to match."""

    set: Many[TcpFlag] = Field(description="Flags that must be set; those only in `of` must be clear.")
    of: Many[TcpFlag] = Field(description="Flags that are looked at.")


class Rule(Section):
    """One rule. Every condition that is given must hold; what is left out does not matter."""

    name: Name = Field(description="The rule's stable name: in the log, in counters, in the ruleset.")
    description: Text = Field(default="", description="A line for people.")
    enabled: Switch = Field(default=True, description="A rule that is not enabled is left out. Default: true.")
    action: Literal["pass", "block", "reject"] = Field(
        description="`pass` lets the connection through with all its replies; `block` drops in silence; `reject` "
        "answers with a TCP reset or an ICMP error."
    )
    from_: Many[LinkTerm] = Field(
        default=(),
        alias="from",
        description="Zones or interfaces the packet comes in by; `!guest` excludes, `self` is what the box itself "
        "sends. Default: every zone, but not the box itself.",
    )
    to: Many[LinkTerm] = Field(
        default=(),
        description="Zones or interfaces the packet leaves by; `self` is what is addressed to the box. "
        "Default: every zone, but not the box itself: that is closed but for what services open.",
    )
    family: Literal["inet", "inet6", "both"] = Field(
        default="both", description="IPv4 (`inet`), IPv6 (`inet6`) or `both`. Default: `both`."
    )
    protocol: Protocol = Field(default="any", description="Protocol by name, or by IP protocol number. Default: `any`.")
    icmp_types: Many[IcmpType] = Field(
        default=(), description="With `icmp` or `icmpv6`: the message types. Default: any."
    )
    source: Many[AddressTerm] = Field(
        default=(), description="Source addresses, networks, ranges, aliases; `!` excludes. Default: anywhere."
    )
    destination: Many[AddressTerm] = Field(
        default=(),
        description="Destination addresses, after a port forward rewrote them; networks, ranges, aliases; `!` "
        "excludes. Default: anywhere.",
    )
    source_ports: Many[PortTerm] = Field(default=(), description="Source ports, with TCP or UDP. Default: any.")
    ports: Many[PortTerm] = Field(default=(), description="Destination ports, with TCP or UDP. Default: any.")
    tcp_flags: TcpFlags | None = Field(default=None, description="TCP flags, with protocol `tcp`. Default: any.")
    log: Switch = Field(
        default=False,
        description="Log matching packets to the journal as `patronus:<name>:`, at most 50 a second. Default: false.",
    )


class Firewall(Section):
    """Rules in order; the first that matches a new connection decides. What no rule matches is dropped."""

    rules: tuple[Rule, ...] = Field(default=(), description="The rules, in order.")
    anti_lockout: Switch = Field(
        default=True,
        description="Keep SSH to the box open from every zone that is not external, before all rules. Default: true.",
    )
    log_default: Switch = Field(
        default=True, description="Log packets that no rule matched as `patronus:box.default:`. Default: true."
    )
