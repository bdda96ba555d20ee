"""Local edits: configs a box signs itself, with its own key, as far as its owners have allowed that.

An edit names the owners' config it was made on, by its digest. Whether that config allows edits is read from its signed
manifest, so that nobody parses a document to find out, and it is asked again at every boot.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from patronus.trust.manifest import Manifest, Target
from patronus.trust.refusal import Reason, Refused, refuse
from patronus.trust.sshsig import ANY_KEY, PublicKey
from patronus.trust.store import Signer, TrustStore
from patronus.trust.verify import Verified, Verifier, verify

EDITOR = "device"
"""The name of a box's own key among signers."""
_GO_BACK = "Go back to a generation of the owners ('patronus history', 'patronus rollback'), or bring a newer one."


def editors(manifest: Manifest, keys: Iterable[PublicKey]) -> tuple[PublicKey, ...]:
    """Those of these device keys that may sign edits on top of a config of the owners."""
    allowed = manifest.local_edits
    return tuple(key for key in keys if ANY_KEY in allowed or key.fingerprint in allowed)


def forbid(keys: Sequence[PublicKey], manifest: Manifest) -> Refused:
    """Why no key of this box may sign edits on top of this config of the owners."""
    owners = f"the owners' config with serial {manifest.serial}"
    if manifest.local_edits:
        own = ", ".join(key.fingerprint for key in keys) or "none"
        message = f"{owners.capitalize()} allows local edits, but not by the key of this box ({own})."
    else:
        message = f"{owners.capitalize()} does not allow local edits."
    return refuse("edits_forbidden", message, "Let an owner sign the change: 'patronus sign', 'patronus push'.")


def verify_edit(
    bundle: bytes,
    base: Verified,
    keys: Sequence[PublicKey],
    *,
    device: str,
    image_version: str,
    schema_version: int,
    now: datetime,
    keygen: Verifier,
) -> Verified:
    """Check a local edit made on `base`, an accepted config of the owners, by these keys of the box. Raises Refused."""
    allowed = editors(base.manifest, keys)
    if not allowed:
        raise forbid(keys, base.manifest)
    # No bundle that this store accepts may exchange a trust store, and it is never the one in force.
    store = TrustStore(tuple(Signer((EDITOR,), key) for key in allowed), 1, (), rotation=False)
    try:
        verified = verify(
            bundle,
            store,
            device=device,
            highest_serial=None,
            image_version=image_version,
            schema_version=schema_version,
            parent=base.digest,
            now=now,
            keygen=keygen,
            edit=True,
        )
    except Refused as refused:
        raise Refused(map(_reword, refused.reasons)) from refused
    reasons = [*_check_ground(verified.manifest, base.manifest, device)]
    if verified.rendered:
        # A tree that nobody has rendered could hold what no document can say, such as a unit of its own.
        message = "The local edit says what it renders to; a box takes only its owners' word for that."
        reasons.append(Reason("bad_member", message, _GO_BACK))
    if reasons:
        raise Refused(reasons)
    return verified


def _reword(reason: Reason) -> Reason:
    if reason.code == "unknown_signer":
        message = "The local edit is signed by a key that is not this box's, or that its owners have not allowed."
        return Reason("foreign_edit", message, f"{_GO_BACK} 'patronus trust show' names the key of this box.")
    if reason.code == "wrong_parent":
        return Reason(reason.code, "The local edit was made on another config of the owners.", _GO_BACK)
    return reason


def _check_ground(edit: Manifest, base: Manifest, device: str) -> Iterable[Reason]:
    if edit.parent is None:
        yield Reason("wrong_parent", "The local edit does not say on which config it was made.", _GO_BACK)
    if edit.serial != base.serial:
        message = f"The local edit has serial {edit.serial}, the config it was made on {base.serial}."
        yield Reason("bad_manifest", message, _GO_BACK)
    if edit.target != Target(devices=(device,)):
        yield Reason("other_device", "The local edit is not for this box alone.", _GO_BACK)
    if edit.local_edits != base.local_edits:
        message = "The local edit changes who may make local edits, which only the owners may."
        yield Reason("edit_policy", message, _GO_BACK)
