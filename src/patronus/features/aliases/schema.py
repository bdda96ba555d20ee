"""Schema of `aliases`."""

from __future__ import annotations

from pydantic import Field

from patronus.values.types import AddressTerm, Many, Name, PortTerm, Section, SectionMap, Text


class Alias(Section):
    """One name: either for addresses or for ports."""

    description: Text = Field(default="", description="A line for people.")
    addresses: Many[AddressTerm] = Field(
        default=(),
        description="Addresses, networks (`10.0.0.0/8`, `2001:db8::/32`), ranges (`10.0.0.1-10.0.0.9`) and other "
        "aliases. A leading `!` takes away, wherever it stands in the list; only `!` entries mean everything else.",
    )
    ports: Many[PortTerm] = Field(
        default=(), description="Ports (443), ranges (`8000-8010`) and other aliases of ports; `!` takes away."
    )


class Aliases(SectionMap[dict[Name, Alias]]):
    """Aliases by name."""

    root: dict[Name, Alias] = Field(default_factory=dict, description="Aliases by name.")
