"""Messages about whose signatures a box accepts, and how typed keys are read before anybody is asked to trust them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from patronus.ops.messages import Failure, Message
from patronus.trust.enrol import read_keys
from patronus.trust.store import MAX_GROUPS, MAX_STORE, MAX_THRESHOLD, Signer


class TrustedKey(Message):
    """One key; `fingerprint` is what `ssh-keygen -l` prints."""

    names: tuple[str, ...]
    type: str
    fingerprint: str


class OwnKey(Message):
    """The box's own key, as in a .pub file. Not `sealed` by a TPM, the private half lies in plain on the disk."""

    line: str
    fingerprint: str
    sealed: bool


class Trust(Message):
    """The trust store in force. `origin` is `baked`, `enrolled`, or `none` on a box that trusts nobody."""

    device: str
    origin: str = "none"
    threshold: int = 0
    keys: tuple[TrustedKey, ...] = ()
    fingerprint: str = ""
    """Of keys and threshold; what else the store says is in the other fields."""
    groups: tuple[str, ...] = ()
    exchanges: int = 0
    """How many bundles have exchanged the store since the box had its first one."""
    exchangeable: bool = False
    """Whether a bundle may exchange it."""
    own: OwnKey | None = None
    """The key this box signs local edits with."""


class EnrolRequest(Message):
    """The first trust store: public keys or lines of allowed_signers, one on a line; with `own` the box's key as well.

    With its own key alone the box has no owner but those who may log in: it signs its own edits.
    """

    keys: Annotated[str, Field(max_length=MAX_STORE)] = ""
    own: bool = False
    threshold: Annotated[int, Field(ge=1, le=MAX_THRESHOLD)] = 1
    groups: Annotated[tuple[str, ...], Field(max_length=MAX_GROUPS)] = ()


class Enrolled(Message):
    """The new store, and what came of looking for a configuration again: a generation, or why there is none."""

    trust: Trust
    generation: str
    failure: Failure | None


class StickKeys(Message):
    """Lines of the public keys on a stick, as somebody would type them."""

    lines: tuple[str, ...]


def describe_key(signer: Signer) -> TrustedKey:
    """A signer in its message form."""
    return TrustedKey(names=signer.names, type=signer.key.type, fingerprint=signer.key.fingerprint)


def read_offer(request: EnrolRequest) -> tuple[TrustedKey, ...]:
    """The keys a request offers, for a person to compare. Raises Refused."""
    store = read_keys(request.keys.encode("utf-8", "replace"), request.threshold, request.groups)
    return tuple(map(describe_key, store.signers))
