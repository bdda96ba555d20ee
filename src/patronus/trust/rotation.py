"""A bundle may carry the next trust store: how it is read, and what a person should know before confirming it."""

from collections.abc import Mapping, Sequence

from patronus.trust.names import POLICY, SIGNERS
from patronus.trust.refusal import Reason
from patronus.trust.store import Signer, TrustStore, parse_store


def carried_store(members: Mapping[str, bytes]) -> TrustStore | None:
    """The trust store a bundle carries. Raises Refused when nobody could ever satisfy it."""
    if SIGNERS not in members:
        return None
    return parse_store(members[SIGNERS], members.get(POLICY, b""))


def outline(store: TrustStore) -> list[str]:
    """A store in words, one fact a line; safe to print, for names and keys are of few characters."""
    lines = [f"{store.threshold} of {len(store.signers)} keys must sign, {store.fingerprint}"]
    lines += [_name(signer) for signer in store.signers]
    if store.groups is not None:
        lines.append(f"groups: {', '.join(store.groups) or 'none'}")
    return lines if store.rotation else [*lines, "no bundle may exchange it"]


def succeed(before: TrustStore, store: TrustStore) -> TrustStore:
    """The store that follows another: groups it does not name stay."""
    return store._replace(groups=before.groups) if store.groups is None else store


def describe(before: TrustStore, store: TrustStore, signers: Sequence[Signer]) -> list[Reason]:
    """What a person should know before confirming the exchange of one store by another."""
    old = {signer.key for signer in before.signers}
    new = {signer.key for signer in store.signers}
    changes = [f"adds {_name(signer)}" for signer in store.signers if signer.key not in old]
    changes += [f"removes {_name(signer)}" for signer in before.signers if signer.key not in new]
    if store.threshold != before.threshold:
        changes.append(f"{store.threshold} keys must sign instead of {before.threshold}")
    if store.groups is not None and set(store.groups) != set(before.groups or ()):
        changes.append(f"the groups of the box become {', '.join(store.groups) or 'none'}")
    if before.rotation and not store.rotation:
        changes.append("no bundle may exchange it again")
    what = "; ".join(changes) or "nothing in it differs"
    reasons = [
        Reason(
            "new_trust",
            f"When this is confirmed, another trust store is in force ({store.threshold} of {len(store.signers)} keys, "
            f"{store.fingerprint}): {what}.",
            "Compare the fingerprints with those the owners of the keys read out.",
        )
    ]
    gone = [signer for signer in signers if signer.key not in new]
    if gone:
        names = "; ".join(_name(signer) for signer in gone)
        hint = "Sign the next bundle with a key of the new store."
        reasons.append(Reason("signer_retired", f"A signer of this bundle is not among the new keys: {names}.", hint))
    return reasons


def _name(signer: Signer) -> str:
    return f"{signer.name} ({signer.key.fingerprint})"
