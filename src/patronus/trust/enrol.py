"""Reads what somebody types at the console of a box that trusts nobody yet: the one input no signature vouches for."""

import re
from collections.abc import Sequence

from patronus.trust.refusal import Reason, Refused
from patronus.trust.store import MAX_STORE, TrustStore, parse_store, render_store

_UNFIT = re.compile(r"[^A-Za-z0-9._@+-]+")


def read_keys(text: bytes, threshold: int = 1, groups: Sequence[str] = ()) -> TrustStore:
    """The store of these lines: public keys as in a .pub file, or lines of allowed_signers. Raises Refused."""
    if len(text) > MAX_STORE:
        message = f"The text is longer than {MAX_STORE} bytes."
        raise Refused([Reason("bad_store", message, "Give public keys, one on a line.")])
    lines = [_as_allowed_signer(line) for line in text.replace(b"\r", b"\n").split(b"\n")]
    # The strict reader of stores has the last word, also on threshold and groups.
    signers = parse_store(b"\n".join(lines), b'{"threshold":1}').signers
    return parse_store(*render_store(TrustStore(signers, threshold, tuple(groups) or None)))


def _as_allowed_signer(line: bytes) -> bytes:
    """A line of a .pub file gets its comment as a name, or `owner` without one."""
    words = line.split()
    if not words or not words[0].startswith((b"ssh-", b"sk-", b"ecdsa-")):
        return line
    comment = b" ".join(words[2:]).decode("ascii", "replace")
    name = _UNFIT.sub("-", comment).strip("-._@+")[:128] or "owner"
    return b" ".join([name.encode("ascii"), *words[:2]])
