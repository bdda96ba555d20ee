"""The `ssh` section. Terms and defaults are those of sshd_config(5), narrowed where a router needs less."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from patronus.values.types import Count, Duration, InterfaceName, Port, Section, Switch


class Ssh(Section):
    """The SSH server. root never logs in; keys and passwords belong to `system.admins`."""

    enabled: Switch = Field(default=True, description="Whether the box can be reached by SSH. Default: true.")
    interfaces: tuple[InterfaceName, ...] | None = Field(
        default=None,
        description="Interfaces on which SSH is reachable. Default: every interface whose zone is not external.",
    )
    port: Port = Field(default=22, description="TCP port. Default: 22.")
    password_authentication: Switch = Field(
        default=False, description="Let admins log in with their password too, not only with a key. Default: false."
    )
    max_auth_tries: Annotated[Count, Field(ge=1, le=20)] = Field(
        default=4, description="Failed attempts after which a connection is closed. Default: 4."
    )
    login_grace_time: Annotated[Duration, Field(ge=10, le=3600)] = Field(
        default=60, description="Time a client has to log in, 10s to 1h. Default: 1m."
    )
    idle_timeout: Annotated[Duration, Field(ge=60, le=604800)] | None = Field(
        default=None, description="Close a session in which nothing happened for so long, 1m to 7d. Default: never."
    )
    tcp_forwarding: Switch = Field(
        default=False,
        description="Let admins tunnel other connections through the box. They then reach whatever the box reaches, "
        "past the firewall's rules. Default: false.",
    )
