"""What a feature asks for: files, units, kernel settings, claims. Features yield these; the plan merges them.

Paths are relative to the generation's tree (`etc/kea/kea-dhcp4.conf`), which appears at `/run/patronus/current`.
`origin` is always the config path that caused the fragment, so that every refusal can name it.
"""

from __future__ import annotations

from typing import NamedTuple

RULESET_PATH = "etc/patronus/ruleset.nft"
RESTART = "restart"
RELOAD = "reload"


class File(NamedTuple):
    """A regular file, whole; owner and group are names known in the image.

    A file only its owner may read (mode 0600) counts as secret: no plan, diff or `show` prints it.
    """

    path: str
    content: bytes
    origin: str
    mode: int = 0o644
    owner: str = "root"
    group: str = "root"


class Symlink(NamedTuple):
    """A symbolic link below the tree; the target is taken as it stands."""

    path: str
    target: str
    origin: str


class Unit(NamedTuple):
    """A systemd unit that runs while this generation is current.

    `files` are tree paths (a trailing `/` means everything below): when one of them changes, the unit is reloaded or
    restarted as `on_change` says. Other units keep their processes.
    """

    name: str
    origin: str
    files: tuple[str, ...] = ()
    on_change: str = RESTART


class Sysctl(NamedTuple):
    """A kernel tunable by its dotted name, `net.ipv4.ip_forward`."""

    key: str
    value: str
    origin: str


class Claim(NamedTuple):
    """A resource only one feature may hold, such as `udp/67@lan` or `tcp/53@*`."""

    resource: str
    origin: str


class Check(NamedTuple):
    """A daemon's own checker; `{tree}` in an argument becomes the candidate tree's folder."""

    argv: tuple[str, ...]
    origin: str


class Profile(NamedTuple):
    """An image profile this generation cannot run without."""

    name: str
    origin: str


class LinkName(NamedTuple):
    """Gives a physical NIC its config name. `kind` is mac, path (udev ID_PATH) or name (kernel name)."""

    name: str
    kind: str
    value: str
    origin: str
