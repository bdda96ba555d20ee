"""Reads what somebody types at the console of a box that trusts nobody yet: the one input no signature vouches for."""

import re
from collections.abc import Sequence

from patronus.trust.refusal import Reason, Refused, refuse
from patronus.trust.store import MAX_STORE, Signer, TrustStore, parse_store, read_line, render_store

_UNFIT = re.compile(r"[^A-Za-z0-9._@+-]+")
_EXAMPLE = "A key is a line such as: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA... owner"


def read_keys(text: bytes, threshold: int = 1, groups: Sequence[str] = ()) -> TrustStore:
    """The store of these lines: public keys as in a .pub file, or lines of allowed_signers. Raises Refused."""
    if len(text) > MAX_STORE:
        raise refuse("bad_key", f"The text is longer than {MAX_STORE} bytes.", _EXAMPLE)
    signers: list[Signer] = []
    reasons: list[Reason] = []
    for number, line in enumerate(text.decode("utf-8", "replace").splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            signers.append(read_line(_as_allowed_signer(line)))
        except ValueError as error:
            reasons.append(Reason("bad_key", f"Line {number} holds no key: {error}.", _EXAMPLE))
    if not signers and not reasons:
        reasons = [Reason("bad_key", "There is no key.", _EXAMPLE)]
    if reasons:
        raise Refused(reasons)
    # The strict reader of stores has the last word, also on names given twice, threshold and groups.
    return parse_store(*render_store(TrustStore(tuple(signers), threshold, tuple(groups) or None)))


def _as_allowed_signer(line: str) -> str:
    """A line of a .pub file gets its comment as a name, or `owner` without one."""
    words = line.split()
    if not words[0].startswith(("ssh-", "sk-", "ecdsa-")):
        return line
    name = _UNFIT.sub("-", " ".join(words[2:])).strip("-._@+")[:128] or "owner"
    return " ".join([name, *words[:2]])
