"""Where things are on the box. `root` is `/`; tests give another folder."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

KEPT_TREES = "rendered"
"""Name of a folder of the configuration partition."""


class Layout(NamedTuple):
    """Paths of one box."""

    root: Path = Path("/")

    @property
    def run(self) -> Path:
        """Everything of this boot; gone after a power cut, which is what makes a power cut a rollback."""
        return self.root / "run/patronus"

    @property
    def trees(self) -> Path:
        """Rendered generations by tree id."""
        return self.run / "trees"

    @property
    def current(self) -> Path:
        """The symbolic link all of `/etc` resolves through."""
        return self.run / "current"

    @property
    def pending(self) -> Path:
        """The change that waits for its confirmation."""
        return self.run / "pending.json"

    @property
    def chosen(self) -> Path:
        """Folder with the verified bundle this boot (or the last apply) runs, and which generation it is."""
        return self.run / "chosen"

    @property
    def ruleset_loaded(self) -> Path:
        """The uptime (seconds) at which the ruleset was loaded: its counters began at 0."""
        return self.run / "ruleset-loaded"

    @property
    def failure(self) -> Path:
        """Why this boot fails secure."""
        return self.run / "failure.json"

    @property
    def medium(self) -> Path:
        """The installation medium, where the box was started from one: its consoles are the installer's then."""
        return self.root / "run/patronus-medium"

    @property
    def shown(self) -> Path:
        """What the consoles have shown of it."""
        return self.run / "failure-shown"

    @property
    def no_trust(self) -> Path:
        """Exists while the box trusts nobody: its consoles offer enrolment, patronus-enrol@.service."""
        return self.run / "no-trust"

    @property
    def lock(self) -> Path:
        """Held while the box is changed."""
        return self.run / "lock"

    @property
    def networkd(self) -> Path:
        """Where systemd-networkd reads the interfaces; the same folder for every generation."""
        return self.root / "run/systemd/network"

    @property
    def kept_trees(self) -> Path:
        """Rendered trees kept over a reboot."""
        return self.config / KEPT_TREES

    @property
    def config(self) -> Path:
        """The config partition."""
        return self.root / "config"

    @property
    def device_key(self) -> Path:
        """The box's own key, on the state partition."""
        return self.root / "var/lib/patronus/device-key"

    @property
    def factory_reset(self) -> Path:
        """The mark that makes the next boot forget everything, patronus-reset.service."""
        return self.config / "factory-reset"

    @property
    def state(self) -> Path:
        """The state partition: leases, logs, host keys, home folders."""
        return self.root / "var"

    @property
    def vendor(self) -> Path:
        """Read-only files of the image."""
        return self.root / "usr/lib/patronus"
