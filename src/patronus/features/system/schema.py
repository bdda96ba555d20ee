"""The `system` section."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from patronus.values.accounts import (
    FullName,
    KeyFingerprint,
    PasswordHash,
    SshPublicKey,
    SysctlKey,
    SysctlValue,
    Timezone,
)
from patronus.values.types import Count, DomainName, Hostname, Name, Section, Switch


class Role(StrEnum):
    """What an admin may do."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


class Admin(Section):
    """A person (or a program) who may log in on the console and by SSH."""

    name: Name = Field(description="Login name.")
    full_name: FullName = Field(default="", description="Name of the person, for people. Default: empty.")
    role: Role = Field(
        default=Role.ADMIN,
        description="`admin` changes the box, `operator` restarts and looks after it, `viewer` only looks. "
        "Default: admin.",
    )
    password_hash: PasswordHash | None = Field(
        default=None,
        repr=False,
        description="Salted hash of the password, as `mkpasswd -m yescrypt` prints it. Default: no login by password.",
    )
    ssh_keys: tuple[SshPublicKey, ...] = Field(
        default=(), description="Public keys that log in by SSH, each one line of an `id_*.pub` file. Default: none."
    )
    uid: Annotated[Count, Field(ge=1000, le=59999)] | None = Field(
        default=None,
        description="Number of the user in the file system, 1000-59999. Default: computed from the name, so that it "
        "stays the same whatever else changes.",
    )
    locked: Switch = Field(
        default=False, description="Keep the account and its files, but let nobody log in with it. Default: false."
    )


class Console(Section):
    """Who may use the screen and the serial lines of the box."""

    access: Literal["open", "password", "disabled"] = Field(
        default="password",
        description="`password` asks for an admin's name and password; `open` shows the menu to everybody in "
        "front of the box, as an admin; `disabled` shows nothing. Default: password.",
    )
    shell: Switch = Field(
        default=True,
        description="Whether the menu on the console offers a shell, with no more rights than the admin has by SSH. "
        "Default: true.",
    )


class LocalEdits(Section):
    """Changes that the box signs itself, with its own key, without its owners."""

    allowed: Switch = Field(
        default=False,
        description="Whether admins may change the document on the box (`patronus edit`). Whose signatures the box "
        "accepts, and this section, stay the owners'. Default: false.",
    )
    keys: Annotated[tuple[KeyFingerprint, ...], Field(max_length=64)] = Field(
        default=(),
        description="Only by boxes whose own key has one of these fingerprints; `patronus trust show` prints it. "
        "Default: by every box that runs the document.",
    )


class System(Section):
    """Name, time zone, kernel settings and admins of the box."""

    hostname: Hostname = Field(default="patronus", description="Name of the box, without domain. Default: patronus.")
    domain: DomainName = Field(
        default="home.arpa",
        description="Domain of the box and of the networks it serves. Default: home.arpa, which RFC 8375 sets aside.",
    )
    timezone: Timezone = Field(
        default="UTC",
        description="Time zone in which times are shown, such as `Europe/Berlin`. Default: UTC.",
    )
    admins: tuple[Admin, ...] = Field(default=(), description="Who may log in. root is always locked. Default: nobody.")
    console: Console = Field(default=Console(), description="Screen and serial lines. Default: admins with a password.")
    local_edits: LocalEdits = Field(
        default=LocalEdits(), description="Changes made on the box without its owners. Default: not allowed."
    )
    tunables: dict[SysctlKey, SysctlValue] = Field(
        default_factory=dict,
        description="Kernel settings by name, for example `net.netfilter.nf_conntrack_max: 262144`. Settings that "
        "Patronus itself decides, and those that weaken its protection, are refused. Default: none.",
    )
