"""A box in a temporary folder: real bundles, real files, real trust; only programs and the kernel are played."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.documents import HOUSE, write

from patronus.boot import failsecure
from patronus.host import devicekey, files, inspection, kernel, links, linkstate, networkd, nft, packetlog, stick, units
from patronus.host.layout import Layout
from patronus.host.links import Nic
from patronus.host.run import CommandFailed, Done
from patronus.host.sshkeygen import SshKeygen
from patronus.pipeline import confirm, preflight
from patronus.trust import NAMESPACE, Manifest, Target, make_bundle, pack, read_signer, render_store
from patronus.trust.store import TrustStore
from patronus.values.fragments import Sysctl

NICS = [Nic(f"eth{n}", f"52:54:00:00:00:0{n + 1}", f"pci-0000:00:0{n + 3}.0", (f"eth{n}",)) for n in range(2)]
DEVICE = "0123456789abcdef"


def make_key(folder: Path, name: str) -> Path:
    """Return the path of a new private key without a passphrase."""
    path = folder / name
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(path)], check=True)
    return path


def sign(key: Path, serial: int, document: dict[str, Any] = HOUSE, **changes: Any) -> bytes:
    """Return a bundle with a document; `changes` are fields of its manifest."""
    return sign_members(key, serial, {"config.yaml": write(document)}, **changes)


def sign_members(key: Path, serial: int, members: dict[str, bytes], **changes: Any) -> bytes:
    """Return a bundle with any members."""
    usual = Manifest(serial, 1, "0.1", Target(devices=("*",)), "Alice", datetime(2026, 11, 22, tzinfo=UTC))
    return make_bundle(pack(usual._replace(**changes), members), [str(key)], SshKeygen())


class System:
    """Plays systemd, nft and the kernel: remembers what was asked, in order, and can be told to refuse."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.active: set[str] = set()
        self.nics = list(NICS)
        self.rulesets: list[bytes] = []
        self.sysctls: dict[str, str] = {}
        self.hostname = ""
        self.refuses: Callable[[str], bool] = lambda _call: False
        self.prints: dict[str, bytes] = {}
        self.dies: set[str] = set()
        self.tpm: Tpm | None = None

    def run(self, *argv: str, check: bool = True, stdin: bytes = b"", **_options: object) -> Done:
        call = " ".join([*argv, *stdin.decode().splitlines()] if "-batch" in argv else argv)
        self.calls.append(call)
        if self.refuses(call):
            if check:
                raise CommandFailed(list(argv), 1, f"refused: {call}")
            return Done(1, b"", b"refused")
        for words, output in self.prints.items():
            if call.startswith(words):
                return Done(0, output, b"")
        if argv[0] == "lsblk":
            return Done(0, b'{"blockdevices": []}', b"")
        if argv[0] == "systemd-creds" or argv[-1] == devicekey.SIGN_UNIT:
            return self.tpm.run(*argv) if self.tpm else Done(1, b"", b"no TPM")
        if argv[:2] == ("systemctl", "is-active"):
            states = ["active" if name in self.active else "inactive" for name in argv[3:]]
            return Done(0, "\n".join(states).encode(), b"")
        if argv[0] == "systemctl" and "--" in argv:
            names = set(argv[argv.index("--") + 1 :])
            self.active = self.active - names if "stop" in argv else (self.active | names) - self.dies
        return Done(0, b"", b"")

    def load_ruleset(self, path: Path) -> None:
        self.calls.append("nft")
        if self.refuses("nft"):
            raise CommandFailed(["nft"], 1, "refused: nft")
        self.rulesets.append(path.read_bytes())

    def set_sysctls(self, sysctls: tuple[Sysctl, ...], _originals: Path) -> None:
        self.calls.append("sysctl")
        self.sysctls = {item.key: item.value for item in sysctls}

    def set_hostname(self, name: str) -> None:
        self.hostname = name

    def list_nics(self, **_options: bool) -> list[Nic]:
        return list(self.nics)

    def position(self, words: str) -> int:
        """Return when something was first asked."""
        return next(index for index, call in enumerate(self.calls) if words in call)


class Tpm:
    """Plays systemd-creds and the unit that signs with what it unseals; the signatures are real."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.broken = False
        self._sealed: dict[bytes, bytes] = {}

    def run(self, *argv: str) -> Done:
        if argv[-1] == devicekey.SIGN_UNIT:
            self._sign()
        elif argv[1] == "encrypt":
            token = f"sealed {len(self._sealed)}".encode()
            self._sealed[token] = Path(argv[-2]).read_bytes()
            return Done(0, token, b"")
        return Done(0, b"", b"")

    def _sign(self) -> None:
        if self.broken:
            raise CommandFailed(["systemctl"], 1, "no such key")
        folder = self.layout.run / "device-sign"
        key = folder / "unsealed"
        key.touch(0o600)
        key.write_bytes(self._sealed[(self.layout.device_key / "key.cred").read_bytes()])
        signature = SshKeygen().sign((folder / "payload").read_bytes(), str(key), NAMESPACE)
        (folder / "signature").write_bytes(signature)
        key.unlink()


class Box:
    """One box that trusts Alice."""

    def __init__(self, root: Path, key: Path, system: System) -> None:
        self.layout = Layout(root)
        self.key = key
        self.system = system
        self._place("usr/lib/os-release", b'IMAGE_VERSION=1.2\nPATRONUS_PROFILES="dhcp dns"\n')
        self._place("usr/lib/patronus/lockdown.nft", b"# locked down\n")
        self._place("config/device.json", json.dumps({"id": DEVICE}).encode())
        signer = read_signer("alice", key.with_suffix(".pub").read_bytes())
        allowed, policy = render_store(TrustStore((signer,), 1, ("homes",)))
        self._place("usr/lib/patronus/trust/allowed_signers", allowed)
        self._place("usr/lib/patronus/trust/policy.json", policy)

    def _place(self, name: str, content: bytes) -> None:
        path = self.layout.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def deliver(self, name: str, content: bytes) -> None:
        """Put a file where bundles are delivered."""
        self._place(f"config/incoming/{name}", content)

    def current(self, path: str) -> str:
        """Return a rendered file as the daemons see it."""
        return (self.layout.current / path).read_text()


@pytest.fixture(scope="session")
def alice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("alice"), "alice")


@pytest.fixture(scope="session")
def mallory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_key(tmp_path_factory.mktemp("mallory"), "mallory")


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> System:
    played = System()
    for module in (
        devicekey,
        units,
        links,
        linkstate,
        inspection,
        packetlog,
        networkd,
        confirm,
        preflight,
        stick,
        failsecure,
    ):
        monkeypatch.setattr(module, "run", played.run)
    monkeypatch.setattr(links, "list_nics", played.list_nics)
    monkeypatch.setattr(nft, "load_ruleset", played.load_ruleset)
    monkeypatch.setattr(nft, "warm_up", lambda: None)
    monkeypatch.setattr(kernel, "set_sysctls", played.set_sysctls)
    monkeypatch.setattr(kernel, "set_hostname", played.set_hostname)
    monkeypatch.setattr(networkd, "wait_for_links", lambda _names: None)
    monkeypatch.setattr(files, "_user_id", lambda _name: -1)
    monkeypatch.setattr(files, "_group_id", lambda _name: -1)
    return played


@pytest.fixture
def plugged(box: Box) -> Path:
    """A stick with the label PATRONUS in the box: the folder systemd would mount."""
    box.system.active.add(stick.DEVICE)
    folder = box.layout.root / "run/stick"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def box(tmp_path: Path, alice: Path, system: System) -> Box:
    return Box(tmp_path / "root", alice, system)
