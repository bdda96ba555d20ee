"""The house most stories are told in: a provider on WAN, one client on LAN, and the box between them."""

import hashlib
import os
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from tests.vm.driver.dhcp import Lease
from tests.vm.driver.document import Document
from tests.vm.driver.lab import Lab
from tests.vm.driver.owner import Owner
from tests.vm.driver.router import Router, mac_of
from tests.vm.driver.waiting import PATIENCE, wait_for

from patronus_builder.developer import make_developer_key
from patronus_builder.disk import assemble

BOX = "192.168.1.1"
CLIENT = "192.168.1.100"
SSH = 22
# Which of the box's cards is cabled to the client, counted from 1.
LAN_CARD = 2
LOAD = "patronus-load.service"
# What fails when no document can be trusted: the step that chooses, and the one that waits for it.
NOTHING_TRUSTED = (LOAD, "patronus-apply.service")
# What a change waits for before it is kept; long enough to look around under emulation.
DEADLINE = 20

ON_DEMAND = ("patronusd.service", "systemd-hostnamed.service", "systemd-timedated.service")


class House:
    """Everything a story needs; `router` runs `base`, signed by `owner`."""

    def __init__(
        self,
        lab: Lab,
        parts: Path,
        owner: Owner,
        *,
        name: str = "house",
        settings: Mapping[str, object] | None = None,
        root: str | None = None,
        **machine: Any,
    ) -> None:
        """`settings` are values by their path in the document, `root` is for the provider, `machine` for the router."""
        self.lab = lab
        self.owner = owner
        self.admin = Owner.make(lab.folder, f"{name}-admin")
        admins = [{"name": "admin", "ssh_keys": [self.admin.public_key]}]
        self.base = self.base_document().put("system.admins", admins)
        for path, value in (settings or {}).items():
            self.base = self.base.put(path, value)
        self.wan = lab.add_provider(root=root)
        self.lan = lab.add_peer("lan")
        self.first_bundle = owner.sign(self.base, lab.folder)
        disk = assemble(parts, lab.folder / f"{name}.raw", [self.first_bundle])
        self.router: Router = lab.add_router(disk, self.wan, self.lan, name=name, **machine)
        self.is_shut = False
        """Whether a story has locked it down, so that it must boot again before it serves anybody."""
        self._lease: Lease | None = None
        serial = self.first_bundle.name.partition("-")[0]
        digest = hashlib.sha256(self.first_bundle.read_bytes()).hexdigest()[:16]
        self._base_generations = {f"{serial}-{digest}"}

    @staticmethod
    def base_document() -> Document:
        """What every house is made from; it has no admin yet."""
        return Document.load("house")

    # --- what the peers see --------------------------------------------------------------------------------------

    @property
    def lease(self) -> Lease:
        """The client's lease; asked for at the first use."""
        if self._lease is None:
            self._lease = self.lan.take_lease()
        return self._lease

    @property
    def wan_address(self) -> str:
        """The IPv4 address the provider gave the box."""
        return wait_for(lambda: self.router.addresses("wan", 4), what="an address on WAN")[0]

    def can_manage(self, *, seconds: float = 1) -> bool:
        """Whether the client reaches the box's SSH port."""
        return self.lan.can_connect(BOX, SSH, seconds=seconds)

    def time_return(self) -> float:
        """Waits until the client reaches the box again; seconds since the deadline of the pending change."""
        pending = self.router.read_json("cat", "/run/patronus/pending.json")
        uptime = float(self.router.read("/proc/uptime").split()[0])
        deadline = time.monotonic() + float(pending["deadline"]) - uptime
        # The client knows the box's MAC as long as it knows the box; asking again takes up to a second, by chance.
        self.lan.run("ip", "neigh", "replace", BOX, "lladdr", mac_of(LAN_CARD), "dev", "eth0", "nud", "permanent")
        wait_for(lambda: self.can_manage(seconds=0.1), what="the box to come back", pause_at_most=0.02)
        return time.monotonic() - deadline

    # --- changes -------------------------------------------------------------------------------------------------

    def apply(self, document: Document, *options: str, check: bool = True) -> "Applied":
        """Signs a document and applies it on the box; options as of `patronus apply`."""
        return self.deliver(self.owner.sign(document, self.lab.folder), *options, check=check)

    def deliver(self, bundle: Path, *options: str, check: bool = True) -> "Applied":
        """Applies a bundle on the box."""
        argv = ("patronus", "apply", *options, "-")
        done = self.router.run(*argv, stdin=bundle.read_bytes(), check=check, timeout=2 * PATIENCE)
        return Applied(done.code, done.out + done.err)

    def status(self) -> Any:
        """What `patronus status` says, as data."""
        return self.router.read_json("patronus", "status", "--json")

    def open_again(self) -> None:
        """Restarts a box that was locked down, as its owner would."""
        if self.is_shut:
            self.router.reboot()
            wait_for(self.can_manage, what="the owner's way in")
            self.is_shut = False

    def settle(self) -> None:
        """Brings the box back to the base document when a story left something else."""
        if self.is_shut:
            return
        if not self.router.is_on:
            self.router.boot()
        if self._is_pending():
            self.router.patronus("rollback", check=False)  # the timer may just be doing it
            wait_for(lambda: not self._is_pending(), what="the box to have gone back")
        if self.generation not in self._base_generations:
            self.apply(self.base, "--confirm-now")
            self._base_generations.add(self.generation)

    def _is_pending(self) -> bool:
        return self.router.run("test", "-e", "/run/patronus/pending.json", check=False).code == 0

    @property
    def generation(self) -> str:
        """The generation that runs, read where the box keeps it: quicker than asking the daemon."""
        return self.router.run("readlink", "/run/patronus/generation").out.strip()

    def daemons(self) -> dict[str, str]:
        """The process of every service that stays up, without those that come when called and leave when idle."""
        return {unit: pid for unit, pid in self.router.main_pids().items() if unit not in ON_DEMAND}

    def state(self) -> "State":
        """What must stay the same when a change is refused."""
        return State(
            running=self.generation,
            confirmed=self.router.run("readlink", "/config/confirmed").out,
            pending=self.router.run("cat", "/run/patronus/pending.json", check=False).out,
            kept=self.router.run("ls", "-A", "/config/generations").out,
            tree=self.router.run("readlink", "/run/patronus/current").out,
            # Stateless: without what counters have counted.
            ruleset=self.router.run("nft", "--stateless", "list", "ruleset").out,
            daemons=self.daemons(),
        )

    def counters(self) -> Counter[str]:
        """Packets by the name of the rule that counted them; those of no rule in the document with their place."""
        found: Counter[str] = Counter()
        for rule in self.router.read_json("patronus", "counters", "--json")["rules"]:
            owners = rule["place"] == "firewall.rules"
            found[rule["name"] if owners else f"{rule['place']}.{rule['name']} {rule['stage']}"] += rule["packets"]
        return found


class State(NamedTuple):
    """What a box runs: generations by name, the rendered tree, the kernel's rules, every daemon's process."""

    running: str
    confirmed: str
    pending: str
    kept: str
    tree: str
    ruleset: str
    daemons: dict[str, str]


class Applied:
    """How `patronus apply` ended and what it said."""

    def __init__(self, code: int, text: str) -> None:
        self.code = code
        self.text = text


def find_owner() -> Owner:
    """The developer whose key the image trusts; PATRONUS_KEY names another private key."""
    chosen = os.environ.get("PATRONUS_KEY")
    return Owner(Path(chosen) if chosen else make_developer_key())
