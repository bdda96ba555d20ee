"""The `journal` section. Terms are those of journald.conf(5)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from patronus.values.types import Count, Duration, Section, Size, Switch

MIB = 2**20


class Journal(Section):
    """What is kept of the logs on the box. Nothing is sent elsewhere."""

    persistent: Switch = Field(
        default=True,
        description="Keep the logs on disk. False keeps them in memory until the next boot. Default: true.",
    )
    max_size: Annotated[Size, Field(ge=16 * MIB)] = Field(
        default=200 * MIB, description="Disk space the logs may take, at least 16M; the oldest go first. Default: 200M."
    )
    max_memory: Annotated[Size, Field(ge=4 * MIB)] = Field(
        default=32 * MIB, description="Memory the logs may take before the disk is there, at least 4M. Default: 32M."
    )
    keep_for: Duration | None = Field(
        default=None, description="Delete what is older, such as `30d`. Default: keep until the space is needed."
    )
    rate_limit: Annotated[Count, Field(ge=0)] = Field(
        default=10000, description="Messages a service may log in `rate_interval`; 0 is no limit. Default: 10000."
    )
    rate_interval: Annotated[Duration, Field(ge=1)] = Field(
        default=30, description="Time in which `rate_limit` counts. Default: 30s."
    )
