"""From bytes of unknown origin to a config this box may use, or every reason why not.

The order is the point: size, header, signatures, and only then the first parser of what was signed.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from patronus.trust.format import split
from patronus.trust.manifest import ANY_DEVICE, Manifest, read_version
from patronus.trust.payload import Payload, check_hashes, digest, unpack
from patronus.trust.refusal import Reason, Refused, escape
from patronus.trust.rendered import carried_rendering
from patronus.trust.rotation import carried_store
from patronus.trust.sshsig import NAMESPACE, Signature, parse_signature
from patronus.trust.store import Signer, TrustStore
from patronus.values.tree import Rendered

_SIGN_AGAIN = "Sign the bundle again with 'patronus sign'."


class Verifier(Protocol):
    """Asks `ssh-keygen -Y verify`: is this a signature of the payload by exactly this key, in this namespace?

    Raises Refused with `verifier_failed` when it cannot be asked.
    """

    def verify(self, payload: bytes, signature: bytes, key: str, namespace: str) -> bool: ...


class Authentic(NamedTuple):
    """Bytes that enough known keys have signed. Nothing has looked inside."""

    payload: bytes
    signers: tuple[Signer, ...]
    warnings: tuple[Reason, ...]


class Verified(NamedTuple):
    """A config this box may use. `digest` identifies it; the next config names it as `parent`.

    `store` is the trust store it carries, `trusted_by` the one that accepted it, `rendered` what its signers say the
    document renders to.
    """

    manifest: Manifest
    members: Mapping[str, bytes]
    signers: tuple[Signer, ...]
    digest: str
    warnings: tuple[Reason, ...]
    trusted_by: TrustStore
    store: TrustStore | None
    rendered: Rendered | None = None


def verify(
    bundle: bytes,
    store: TrustStore,
    *,
    device: str | None,
    highest_serial: int | None,
    image_version: str,
    schema_version: int,
    parent: str | None,
    now: datetime,
    keygen: Verifier,
    edit: bool = False,
) -> Verified:
    """The whole check; the groups of the box are those of the store. Raises Refused.

    `highest_serial` is the highest serial ever accepted here; None skips the check, as when a generation that was
    accepted before is loaded again. `parent` is the digest of the running config; None skips that check likewise, and
    on a box without any config. `now` must know its time zone. `edit` says which of the two kinds of bundles is wanted:
    what the owners sign is never taken for a local edit, nor the other way round.
    """
    authentic = authenticate(bundle, store, keygen)
    payload = unpack(authentic.payload)
    manifest = payload.manifest
    reasons = [
        *_check_target(manifest, device, store.groups or ()),
        *_check_serial(manifest, highest_serial),
        *_check_schema(manifest, schema_version),
        *_check_image(manifest, image_version),
        *_check_parent(manifest, parent),
        *_check_kind(manifest, edit=edit),
    ]
    return _accept(authentic, payload, store, reasons, now)


def verify_away(bundle: bytes, store: TrustStore, *, schema_version: int, now: datetime, keygen: Verifier) -> Verified:
    """The part of the check that needs no box: all but target, serial, image version and parent. Raises Refused."""
    authentic = authenticate(bundle, store, keygen)
    payload = unpack(authentic.payload)
    reasons = [*_check_schema(payload.manifest, schema_version), *_check_kind(payload.manifest, edit=False)]
    return _accept(authentic, payload, store, reasons, now)


def _accept(
    authentic: Authentic, payload: Payload, store: TrustStore, reasons: Sequence[Reason], now: datetime
) -> Verified:
    """The end of every check: members, and the trust store among them. Raises Refused with these reasons as well."""
    reasons = [*reasons, *check_hashes(payload)]
    carried, rendered = None, None
    try:
        carried = carried_store(payload.members)
        rendered = carried_rendering(payload.members)
    except Refused as refused:
        reasons.extend(refused.reasons)
    if carried and not store.rotation:
        message = "The bundle carries a trust store, but the policy of the one in force forbids to exchange it."
        hint = "Sign without --trust; to exchange it, build an image with the other store."
        reasons.append(Reason("rotation_forbidden", message, hint))
    if reasons:
        raise Refused(reasons)
    warnings = (*authentic.warnings, *_check_expiry(payload.manifest, now))
    identity = digest(authentic.payload)
    return Verified(payload.manifest, payload.members, authentic.signers, identity, warnings, store, carried, rendered)


def authenticate(bundle: bytes, store: TrustStore, keygen: Verifier) -> Authentic:
    """The signed bytes and who signed them. Raises Refused.

    Every signature must be well formed, in the right namespace and, if the key is known, right. Signatures of unknown
    keys do not count and do no harm, so that one bundle can serve boxes with different stores.
    """
    sealed = split(bundle)
    if not sealed.signatures:
        raise Refused([Reason("unsigned", "The bundle is a draft: nobody has signed it.", _SIGN_AGAIN)])
    signatures = _parse_all(sealed.signatures)
    signers: dict[Signer, None] = {}
    unknown: list[Signature] = []
    reasons = []
    for signature in signatures:
        signer = store.find(signature.key)
        if signer is None:
            unknown.append(signature)
        elif reason := _check_signature(sealed.payload, signature, signer, keygen):
            reasons.append(reason)
        else:
            signers[signer] = None
    if not reasons and len(signers) < store.threshold:
        reasons = _explain_too_few(signers, unknown, store)
    if reasons:
        raise Refused(reasons)
    warnings = tuple(
        Reason("ignored_signature", f"The signature of the unknown key {key} does not count.", "Nothing to do.")
        for key in _fingerprints(unknown)
    )
    return Authentic(sealed.payload, tuple(signers), warnings)


def _parse_all(texts: tuple[bytes, ...]) -> list[Signature]:
    signatures = []
    reasons: list[Reason] = []
    for text in texts:
        try:
            signature = parse_signature(text)
        except Refused as refused:
            reasons.extend(refused.reasons)
            continue
        if signature.namespace != NAMESPACE.encode("ascii"):
            reasons.append(
                Reason(
                    "wrong_namespace",
                    f"The signature of {signature.key.fingerprint} was made for '{escape(signature.namespace)}', "
                    f"not for '{NAMESPACE}'.",
                    f"Sign with 'patronus sign', or 'ssh-keygen -Y sign -n {NAMESPACE}', which checks nothing: "
                    "'patronus verify' first.",
                )
            )
        signatures.append(signature)
    if reasons:
        raise Refused(reasons)
    return signatures


def _check_signature(payload: bytes, signature: Signature, signer: Signer, keygen: Verifier) -> Reason | None:
    if not keygen.verify(payload, signature.armored, signer.key.text, NAMESPACE):
        return Reason(
            "bad_signature",
            f"The signature of {signer.name} ({signer.key.fingerprint}) does not match: "
            "the bundle was changed after it was signed.",
            f"Fetch it again from its source. If you changed it: {_SIGN_AGAIN}",
        )
    # The signature covers this flag (PROTOCOL.u2f), so it is looked at only once the signature is known to be right.
    if not signature.touched:
        return Reason(
            "no_touch",
            f"The security key of {signer.name} signed without being touched.",
            "Sign with a key made without the option no-touch-required.",
        )
    return None


def _explain_too_few(known: Collection[Signer], unknown: list[Signature], store: TrustStore) -> list[Reason]:
    reasons = [
        Reason(
            "unknown_signer",
            f"The bundle is signed by {key}, a key this trust store does not list.",
            "Sign with a listed key ('patronus status' on the box names them), or bring the key into the trust store.",
        )
        for key in _fingerprints(unknown)
    ]
    if known or not unknown:
        names = "; ".join(signer.name for signer in known) or "nobody"
        reasons.append(
            Reason(
                "too_few_signers",
                f"{store.threshold} different keys must sign, but only {len(known)} did: {names}.",
                "Let another signer add a signature with 'patronus sign'.",
            )
        )
    return reasons


def _fingerprints(signatures: list[Signature]) -> list[str]:
    return list(dict.fromkeys(signature.key.fingerprint for signature in signatures))


def _check_target(manifest: Manifest, device: str | None, groups: Collection[str]) -> list[Reason]:
    target = manifest.target
    if ANY_DEVICE in target.devices or device in target.devices or set(groups) & set(target.groups):
        return []
    wanted = [f"device {name}" for name in target.devices] + [f"group {name}" for name in target.groups]
    here = f"device {device or 'without an id'}" + (f", groups {', '.join(sorted(groups))}" if groups else "")
    message = f"The bundle is for {_shorten(wanted)}; this is {here}."
    return [Reason("other_device", message, "Sign a bundle whose target names this box, or one of its groups.")]


def _check_serial(manifest: Manifest, highest_serial: int | None) -> list[Reason]:
    if highest_serial is None or manifest.serial > highest_serial:
        return []
    message = f"The bundle has serial {manifest.serial}, but serial {highest_serial} was already accepted here."
    return [Reason("old_serial", message, f"Sign it again with serial {highest_serial + 1} or higher.")]


def _check_schema(manifest: Manifest, schema_version: int) -> list[Reason]:
    if manifest.schema <= schema_version:
        return []
    message = f"The config is written for schema {manifest.schema}; this image knows up to {schema_version}."
    return [Reason("newer_schema", message, "Upgrade the image, or sign with the 'patronus' of this image.")]


def _check_image(manifest: Manifest, image_version: str) -> list[Reason]:
    image = read_version(image_version)
    if image is not None and image >= (read_version(manifest.minimum_image) or ()):
        return []
    message = f"The config needs image {manifest.minimum_image} or later; this is '{escape(image_version)}'."
    return [Reason("image_too_old", message, "Upgrade the image first.")]


def _check_parent(manifest: Manifest, parent: str | None) -> list[Reason]:
    if manifest.parent is None or parent is None or manifest.parent == parent:
        return []
    message = f"The config was edited from {manifest.parent[:16]}, but this box runs {parent[:16]}."
    hint = "Someone else changed it meanwhile: merge with the running config ('patronus show'), then sign again."
    return [Reason("wrong_parent", message, hint)]


def _check_kind(manifest: Manifest, *, edit: bool) -> list[Reason]:
    if edit == (manifest.edit is not None):
        return []
    if edit:
        return [Reason("not_an_edit", "The bundle is no local edit.", "Make local edits with 'patronus edit'.")]
    message = "The bundle is a local edit of some box, which counts on that box alone."
    return [
        Reason("stray_edit", message, "Let an owner sign its document: 'patronus show --pending', 'patronus sign'.")
    ]


def _check_expiry(manifest: Manifest, now: datetime) -> list[Reason]:
    if manifest.expires is None or now < manifest.expires:
        return []
    message = f"The config expired on {manifest.expires:%Y-%m-%d %H:%M} UTC; it stays in force."
    return [Reason("expired", message, "Sign a new one.")]


def _shorten(words: list[str]) -> str:
    return ", ".join(words[:5]) + (f" and {len(words) - 5} more" if len(words) > 5 else "")
