"""One lab: peers, routers and the folder where they leave their traces; closing it leaves nothing behind."""

import shutil
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.vm.driver.peer import Peer
from tests.vm.driver.provider import INTERNET4, Provider
from tests.vm.driver.rootzone import FORGED_NAME, write_root
from tests.vm.driver.router import Router, mac_of

from patronus_builder.vm.machine import make_short_folder

# Labs that exist now; a failing test asks all of them for evidence.
OPEN_LABS: list["Lab"] = []


class Lab:
    """Makes hosts and cables, and takes them down again in the right order."""

    def __init__(self, *, record: bool = True) -> None:
        """`record` keeps what passes the peers' cables; stories that send at full rate switch it off."""
        self.folder = make_short_folder()
        self.peers: dict[str, Peer] = {}
        self.routers: dict[str, Router] = {}
        self._record = record
        OPEN_LABS.append(self)

    def add_peer(self, name: str) -> Peer:
        """A plain host; the router that gets its cable decides what it is."""
        return self._keep(Peer(name, self._make_folder(name)))

    def add_provider(self, name: str = "wan", *, root: str | None = None) -> Provider:
        """An internet provider with all its services running; the delegated prefix leads to the first card's MAC.

        `root` is what the root servers answer; without it they lie.
        """
        provider = Provider(name, self._make_folder(name))
        self._keep(provider)
        provider.start(root or write_root({FORGED_NAME: INTERNET4}))
        provider.route_delegated_prefix(mac_of(1))
        return provider

    def add_router(self, image: Path, *cables: Peer, name: str = "router", **machine: Any) -> Router:
        """A box whose cards 1, 2, ... are cabled to these peers; it is still switched off. `machine` is for Router."""
        folder = self._make_folder(name)
        router = Router(name, folder, image, [peer.cable_fd for peer in cables], **machine)
        self.routers[name] = router
        return router

    def save_evidence(self, folder: Path) -> None:
        """Collects logs, journals, screens and captures of everything in this lab."""
        folder.mkdir(parents=True, exist_ok=True)
        for router in self.routers.values():
            router.save_evidence(folder)
        for peer in self.peers.values():
            for file in peer.folder.iterdir():
                if file.suffix in (".log", ".pcap", ".csv", ".json"):
                    shutil.copyfile(file, folder / f"{peer.name}-{file.name}")

    def close(self) -> None:
        """Switches everything off and removes the folder."""
        OPEN_LABS.remove(self)
        for router in self.routers.values():
            router.close()
        for peer in self.peers.values():
            peer.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _make_folder(self, name: str) -> Path:
        folder = self.folder / name
        folder.mkdir()
        return folder

    def _keep(self, peer: "Peer") -> "Peer":
        self.peers[peer.name] = peer
        if self._record:
            peer.record()
        return peer
