"""Whose signatures this box accepts, and how that changes.

/usr/lib/patronus/trust/                      baked into the verified image: it counts whenever it is there
/config/trust/allowed_signers, policy.json    enrolled at the console, written once
/config/trust/rotations/<root>/<NN>.bundle    the bundles that exchanged the store, in order; <root> is the store before
                                              the first of them, so that each slot's image has a chain of its own
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from patronus.host import identity
from patronus.host.files import read_plain, sync_folder, write_atomically
from patronus.host.generations import Generations, Record
from patronus.host.layout import Layout
from patronus.host.sshkeygen import SshKeygen
from patronus.trust.chain import MAX_ROTATIONS, Chain, follow
from patronus.trust.format import MAX_BUNDLE
from patronus.trust.store import MAX_STORE, TrustStore, parse_store, render_store
from patronus.values.problem import Problem, Refused

BAKED, ENROLLED = "baked", "enrolled"
_SIGNERS, _POLICY = "allowed_signers", "policy.json"
_STAGED = "next"


class TrustsNobody(Refused):
    """This box has no trust store: it is to be enrolled at its console."""

    def __init__(self) -> None:
        hint = "enrol a public key at its console, or bake a store into the image (make image TRUST=folder)"
        super().__init__([Problem("", "this box trusts nobody: it has no trust store", hint)])


class Root(NamedTuple):
    """The store a box began with, and where it has it from."""

    store: TrustStore
    origin: str


class Trust(NamedTuple):
    """What this box trusts."""

    origin: str
    chain: Chain

    @property
    def store(self) -> TrustStore:
        """The store in force."""
        return self.chain.store


def read_root(layout: Layout) -> Root | None:
    """Return the baked store, else the enrolled one; None on a box that trusts nobody. Raises Refused."""
    for origin, folder in ((BAKED, layout.vendor / "trust"), (ENROLLED, layout.config / "trust")):
        if (folder / _SIGNERS).exists():
            allowed, policy = (_read(folder / name, MAX_STORE) for name in (_SIGNERS, _POLICY))
            return Root(parse_store(allowed, policy), origin)
    return None


def read_trust(layout: Layout) -> Trust:
    """Walk to the store in force. Raises Refused, TrustsNobody on a box without any."""
    root = read_root(layout)
    if root is None:
        raise TrustsNobody
    bundles = [_read(path, MAX_BUNDLE) for path in _links(layout, root.store)] if root.store.rotation else []
    return Trust(root.origin, follow(root.store, bundles, identity.read_device(layout).id, SshKeygen()))


def enrol(layout: Layout, store: TrustStore) -> None:
    """Write the first store of a box that has none. Raises Refused when it has one."""
    folder = layout.config / "trust"
    for place, message, hint in (
        (layout.vendor / "trust", "the image has a trust store baked in", "bake another one into the next image"),
        (folder, "this box has a trust store already", "exchange it by a signed bundle: patronus sign --trust FOLDER"),
    ):
        if (place / _SIGNERS).exists():
            raise Refused([Problem("", f"nothing was enrolled: {message}", hint)])
    allowed, policy = render_store(store)
    write_atomically(folder / _POLICY, policy, durable=True)
    write_atomically(folder / _SIGNERS, allowed, durable=True)  # last: with it the store exists


def confirm(layout: Layout, record: Record, *, rotates: bool) -> None:
    """Make a kept generation the one that boots and, when it `rotates`, the store it carries the one in force.

    The confirmation decides: a power cut before it loses both, one after it is made good by `settle_rotation`.
    """
    if rotates:
        _stage(layout, record.generation)
    Generations(layout.config).confirm(record)
    if rotates:
        settle_rotation(layout)


def settle_rotation(layout: Layout) -> None:
    """Finish or forget an exchange of the store that was interrupted. The caller holds the lock, or is the boot."""
    if not any(_rotations(layout).glob(f"*/{_STAGED}")):
        return  # as at nearly every boot: the store is not even parsed
    root = read_root(layout)
    staged = _folder(layout, root.store) / _STAGED if root else None
    if root is None or staged is None or not staged.exists():
        return
    bundle = _read(staged, MAX_BUNDLE)
    confirmed = Generations(layout.config).confirmed()
    if confirmed and Generations.is_name_of(confirmed, bundle):
        staged.rename(staged.with_name(f"{len(_links(layout, root.store)) + 1:02}.bundle"))
    else:
        staged.unlink()
    sync_folder(staged.parent)


def _stage(layout: Layout, generation: str) -> None:
    """Lay the bundle ready. A hard link: it stays when the generation is forgotten, and takes no room twice."""
    root = read_root(layout)
    if root is None:
        return
    folder = _folder(layout, root.store)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _STAGED).unlink(missing_ok=True)
    os.link(Generations(layout.config).folder / generation / "bundle", folder / _STAGED)
    for place in (folder, folder.parent, folder.parent.parent):
        sync_folder(place)


def _rotations(layout: Layout) -> Path:
    return layout.config / "trust/rotations"


def _folder(layout: Layout, root: TrustStore) -> Path:
    return _rotations(layout) / root.fingerprint.removeprefix("SHA256:")[:16]


def _links(layout: Layout, root: TrustStore) -> list[Path]:
    return sorted(_folder(layout, root).glob("*.bundle"))[: MAX_ROTATIONS + 1]


def _read(path: Path, limit: int) -> bytes:
    try:
        return read_plain(path, limit)
    except OSError as error:
        hint = "see recovery in the user guide"
        raise Refused([Problem("", f"{path} cannot be read: {error.strerror}", hint)]) from error
