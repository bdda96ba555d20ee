"""The owner's side: make a signature, add one, and see what a bundle claims."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from patronus.trust.format import seal, split
from patronus.trust.manifest import ANY_DEVICE, Manifest
from patronus.trust.payload import check_hashes, digest, unpack
from patronus.trust.refusal import Reason, Refused, escape, refuse
from patronus.trust.rendered import carried_rendering
from patronus.trust.rotation import carried_store, outline
from patronus.trust.sshsig import NAMESPACE, parse_signature


class SigningTool(Protocol):
    """Runs `ssh-keygen -Y sign`, which may ask for a passphrase, a PIN or a touch; Refused with `cannot_sign`."""

    def sign(self, payload: bytes, key_path: str, namespace: str) -> bytes: ...


class Summary(NamedTuple):
    """What a bundle says about itself. **Nothing in it is verified.** All text is safe to print."""

    size: int
    digest: str
    signatures: tuple[str, ...]
    manifest: Manifest | None
    reasons: tuple[Reason, ...]
    trust: tuple[str, ...] = ()
    """The trust store it carries, in words."""

    def lines(self) -> list[str]:
        """For people, one fact a line."""
        lines = ["UNVERIFIED: this is what the bundle claims; 'patronus verify' checks it.", f"size: {self.size} bytes"]
        lines += [f"config: {self.digest}"]
        lines += [f"signed by: {signature}" for signature in self.signatures] or ["signed by: nobody (draft)"]
        if self.manifest:
            lines += _describe(self.manifest)
        lines += [f"new trust store: {line}" for line in self.trust]
        return lines + [f"problem: {reason.message}" for reason in self.reasons[:20]]


def sign(payload: bytes, key_path: str, keygen: SigningTool) -> bytes:
    """One armored signature over a payload from `pack`. Raises Refused."""
    text = keygen.sign(payload, key_path, NAMESPACE)
    signature = parse_signature(text)
    if not signature.touched:
        raise refuse(
            "no_touch",
            f"The security key {signature.key.fingerprint} signed without being touched; no box accepts that.",
            "Make a key without the option no-touch-required.",
        )
    return text


def make_bundle(payload: bytes, key_paths: Sequence[str], keygen: SigningTool) -> bytes:
    """A bundle with one signature per key; without keys a draft for others to sign. Raises Refused."""
    bundle = seal(payload, [])
    for key_path in key_paths:
        bundle = add_signature(bundle, key_path, keygen)
    return bundle


def add_signature(bundle: bytes, key_path: str, keygen: SigningTool) -> bytes:
    """The bundle with one more signature. Raises Refused when its key has signed already.

    The payload is opened first: nobody should sign what no box would read.
    """
    sealed = split(bundle)
    payload = unpack(sealed.payload)
    if reasons := check_hashes(payload):
        raise Refused(reasons)
    carried_store(payload.members)
    carried_rendering(payload.members)
    present = [parse_signature(text).key for text in sealed.signatures]
    text = sign(sealed.payload, key_path, keygen)
    key = parse_signature(text).key
    if key in present:
        raise refuse(
            "already_signed", f"The key {key.fingerprint} has already signed this bundle.", "Sign with another key."
        )
    return seal(sealed.payload, [*sealed.signatures, text])


def inspect(bundle: bytes) -> Summary:
    """What a bundle of unknown origin claims. Raises Refused only when it has no payload to look at."""
    sealed = split(bundle)
    reasons: list[Reason] = []
    signatures = []
    for text in sealed.signatures:
        try:
            signature = parse_signature(text)
        except Refused as refused:
            reasons.extend(refused.reasons)
            continue
        note = "" if signature.namespace == NAMESPACE.encode() else f" for '{escape(signature.namespace)}'"
        signatures.append(f"{signature.key.fingerprint} ({signature.key.type}){note}")
    manifest = None
    trust: list[str] = []
    try:
        payload = unpack(sealed.payload)
        manifest = payload.manifest
        reasons.extend(check_hashes(payload))
        store = carried_store(payload.members)
        trust = outline(store) if store else []
        carried_rendering(payload.members)
    except Refused as refused:
        reasons.extend(refused.reasons)
    return Summary(len(bundle), digest(sealed.payload), tuple(signatures), manifest, tuple(reasons), tuple(trust))


def _describe(manifest: Manifest) -> list[str]:
    devices = ("every device" if name == ANY_DEVICE else f"device {name}" for name in manifest.target.devices)
    wanted = [*devices, *(f"group {name}" for name in manifest.target.groups)]
    facts = {
        "serial": str(manifest.serial),
        "schema": str(manifest.schema),
        "needs image": "any" if manifest.minimum_image == "0" else f"{manifest.minimum_image} or later",
        "for": ", ".join(wanted),
        "author": escape(manifest.author, 128),
        "created": _show(manifest.created),
        "expires": _show(manifest.expires),
        "edited from": manifest.parent,
        "comment": escape(manifest.comment, 500) if manifest.comment else None,
        "local edit": str(manifest.edit) if manifest.edit is not None else None,
        "local edits by": ", ".join(manifest.local_edits) or None,
    }
    lines = [f"{name}: {value}" for name, value in facts.items() if value is not None]
    return lines + [f"member: {member.name} ({member.size} bytes)" for member in manifest.members]


def _show(time: datetime | None) -> str | None:
    return f"{time:%Y-%m-%d %H:%M:%S} UTC" if time else None
