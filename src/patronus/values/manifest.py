"""The index of a rendered tree: enough to compare two generations and to apply one, without the document.

It is JSON beside the tree, so that going back after a bad change needs neither schema nor templates.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, NamedTuple

from patronus.values.fragments import Check, LinkName, Sysctl, Unit


class Entry(NamedTuple):
    """One path of the tree. `digest` is sha256 of the content (hex), or of the target for a symbolic link."""

    digest: str
    mode: int
    owner: str
    group: str
    target: str = ""
    origin: str = ""


class Manifest(NamedTuple):
    """What a tree holds and what must run with it."""

    entries: dict[str, Entry]
    units: tuple[Unit, ...]
    sysctls: tuple[Sysctl, ...]
    links: tuple[LinkName, ...]
    checks: tuple[Check, ...]
    profiles: tuple[str, ...] = ()
    """The image profiles it cannot run without."""

    def to_json(self) -> bytes:
        """Return canonical bytes: the same manifest is always the same file."""
        body = {
            "entries": {path: list(entry) for path, entry in self.entries.items()},
            "units": [list(unit) for unit in self.units],
            "sysctls": [list(sysctl) for sysctl in self.sysctls],
            "links": [list(link) for link in self.links],
            "checks": [list(check) for check in self.checks],
            "profiles": self.profiles,
        }
        return json.dumps(body, sort_keys=True, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        """What identifies the tree, contents included: sha256 of its bytes, in hex."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @property
    def tree_id(self) -> str:
        """Name of the tree's folder."""
        return self.digest[:16]

    @classmethod
    def from_json(cls, raw: bytes) -> Manifest:
        """Read what `to_json` wrote; the caller has made sure that it comes from this box."""
        body: dict[str, Any] = json.loads(raw)
        return cls(
            entries={path: Entry(*entry) for path, entry in body["entries"].items()},
            units=tuple(Unit(name, origin, tuple(files), how) for name, origin, files, how in body["units"]),
            sysctls=tuple(Sysctl(*sysctl) for sysctl in body["sysctls"]),
            links=tuple(LinkName(*link) for link in body["links"]),
            checks=tuple(Check(tuple(argv), origin) for argv, origin in body["checks"]),
            profiles=tuple(body["profiles"]),
        )


EMPTY = Manifest({}, (), (), (), ())
UNKNOWN = EMPTY._replace(sysctls=(Sysctl("unknown", "", ""),), links=(LinkName("unknown", "", "", ""),))
"""Where kernel settings and names of cards may be anything: they differ from those of every tree."""
