"""Looks into SSH public keys (RFC 4253 section 6.6, RFC 5656 section 3.1, RFC 8709, PROTOCOL.u2f of OpenSSH)."""

from __future__ import annotations

import base64
from collections.abc import Iterator

MINIMUM_RSA_BITS = 2048
_DAMAGED = "the key is damaged or cut off"
_FIELDS = {"ssh-ed25519": 2, "ssh-rsa": 3, "sk-ssh-ed25519@openssh.com": 3, "sk-ecdsa-sha2-nistp256@openssh.com": 4}


def find_key_fault(line: str) -> str:
    """Return what is wrong with a public key line, or nothing."""
    kind, blob = line.split(" ")[:2]
    try:
        fields = list(_split_fields(base64.b64decode(blob, validate=True)))
    except ValueError:
        return _DAMAGED
    if fields[0] != kind.encode():
        return f"the line says {kind}, but the key inside is of another kind"
    if len(fields) != _FIELDS.get(kind, 3) or (kind.endswith("ssh-ed25519") and len(fields[1]) != 32):
        return _DAMAGED
    if kind == "ssh-rsa":
        bits = int.from_bytes(fields[2], "big").bit_length()
        return f"the RSA key has {bits} bits, fewer than {MINIMUM_RSA_BITS}" if bits < MINIMUM_RSA_BITS else ""
    return ""


def _split_fields(blob: bytes) -> Iterator[bytes]:
    """Yield the length-prefixed strings of an SSH key. Raises ValueError when one is cut off."""
    while blob:
        length = int.from_bytes(blob[:4], "big")
        if length == 0 or len(blob) < 4 + length:
            raise ValueError("cut off")
        yield blob[4 : 4 + length]
        blob = blob[4 + length :]
