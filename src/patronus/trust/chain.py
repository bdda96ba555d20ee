"""How the trust store in force is proven: by a chain of bundles, each accepted by the store before.

The chain begins with the store in the verified image, or with the enrolled one, and is walked anew at every boot, so
that nobody has to believe a file that says which keys count now.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from patronus.trust.manifest import ANY_DEVICE
from patronus.trust.payload import Payload, check_hashes, unpack
from patronus.trust.refusal import Refused, refuse
from patronus.trust.rotation import carried_store, succeed
from patronus.trust.store import TrustStore
from patronus.trust.verify import Verified, Verifier, authenticate, verify

MAX_ROTATIONS = 32  # every boot walks all of them


class Era(NamedTuple):
    """A store, and the serial of the bundle that replaced it; None for the store in force."""

    store: TrustStore
    until: int | None


class Chain(NamedTuple):
    """All stores of a box, the one in force last."""

    eras: tuple[Era, ...]

    @property
    def store(self) -> TrustStore:
        """The store in force."""
        return self.eras[-1].store

    @property
    def last_serial(self) -> int:
        """The serial of the bundle that brought the store in force; 0 for the store the box began with."""
        return self.eras[-2].until or 0 if len(self.eras) > 1 else 0


def follow(root: TrustStore, bundles: Sequence[bytes], device: str, keygen: Verifier) -> Chain:
    """Walk from the first store over the bundles that exchanged it. Raises Refused at the first that proves nothing."""
    eras = [Era(root, None)]
    for number, bundle in enumerate(bundles, 1):
        before = eras[-1].store
        payload = unpack(authenticate(bundle, before, keygen).payload)
        store = _check_link(number, payload, Chain(tuple(eras)), device)
        eras[-1] = Era(before, payload.manifest.serial)
        eras.append(Era(succeed(before, store), None))
    return Chain(tuple(eras))


def verify_kept(
    bundle: bytes,
    chain: Chain,
    *,
    device: str,
    image_version: str,
    schema_version: int,
    now: datetime,
    keygen: Verifier,
) -> Verified:
    """Check a generation this box has kept, by the store in force or by the one of its time. Raises Refused.

    A store that was replaced vouches for nothing newer than the bundle that replaced it.
    """
    refusal: Refused | None = None
    for era in reversed(chain.eras):
        try:
            verified = verify(
                bundle,
                era.store,
                device=device,
                highest_serial=None,
                image_version=image_version,
                schema_version=schema_version,
                parent=None,
                now=now,
                keygen=keygen,
            )
        except Refused as refused:
            refusal = refusal or refused
            continue
        if era.until is None or verified.manifest.serial <= era.until:
            return verified
    # The store in force is the last era and has no end: it either accepted the bundle or refused it.
    raise refusal or AssertionError


def exchanges(verified: Verified, chain: Chain) -> bool:
    """Whether this bundle, once confirmed, exchanges the store: never back to one that was replaced since."""
    return (
        verified.store is not None
        and verified.trusted_by == chain.store
        and verified.manifest.serial > chain.last_serial
        and len(chain.eras) <= MAX_ROTATIONS
    )


def _check_link(number: int, payload: Payload, chain: Chain, device: str) -> TrustStore:
    target, serial = payload.manifest.target, payload.manifest.serial
    if reasons := check_hashes(payload):
        raise Refused(reasons)
    store = carried_store(payload.members)
    if payload.manifest.edit is not None or store is None or not chain.store.rotation or serial <= chain.last_serial:
        raise _broken(number, "it does not bring the next trust store")
    # Groups are not looked at: the box may have left them since it took the bundle.
    if not (target.groups or device in target.devices or ANY_DEVICE in target.devices):
        raise _broken(number, "it is for another device")
    return store


def _broken(number: int, what: str) -> Refused:
    return refuse(
        "broken_chain",
        f"The trust store in force cannot be proven: exchange number {number}: {what}.",
        "Somebody changed the config partition: see recovery in the user guide.",
    )
