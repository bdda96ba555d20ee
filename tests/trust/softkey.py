"""FIDO security keys in software: what an authenticator signs, from PROTOCOL.u2f and PROTOCOL.sshsig.

Plain arithmetic from RFC 8032 (Ed25519) and FIPS 186-4 (ECDSA on P-256), slow and not secret: for tests only.
"""

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from patronus.trust.sshsig import NAMESPACE, PublicKey, armor

TOUCHED = 0x01
Point = tuple[int, int]


class SoftKey(NamedTuple):
    """A security key whose private half is a number."""

    public: PublicKey
    make_signature: Callable[[bytes], bytes]

    def sign(self, payload: bytes, flags: int = TOUCHED, namespace: str = NAMESPACE) -> bytes:
        """An armored SSHSIG over the payload, as ssh-keygen would write it after the key answered."""
        context = string(namespace.encode()) + string(b"") + string(b"sha512")
        message = b"SSHSIG" + context + string(hashlib.sha512(payload).digest())
        tail = bytes([flags]) + (1).to_bytes(4, "big")
        signed = hashlib.sha256(b"ssh:").digest() + tail + hashlib.sha256(message).digest()
        inner = string(self.public.type.encode()) + string(self.make_signature(signed)) + tail
        blob = b"SSHSIG" + (1).to_bytes(4, "big") + string(self.public.blob) + context + string(inner)
        return armor(blob)


def string(data: bytes) -> bytes:
    """RFC 4251 string."""
    return len(data).to_bytes(4, "big") + data


def mpint(number: int) -> bytes:
    """RFC 4251 mpint of a positive number."""
    return string(number.to_bytes(number.bit_length() // 8 + 1, "big"))


def make_ed25519(seed: bytes) -> SoftKey:
    """An sk-ssh-ed25519 key."""
    public = _encode_point(_multiply_25519(_expand(seed)[0]))
    name = "sk-ssh-ed25519@openssh.com"
    blob = string(name.encode()) + string(public) + string(b"ssh:")
    return SoftKey(PublicKey(name, blob), lambda message: _sign_ed25519(seed, public, message))


def make_p256(secret: int) -> SoftKey:
    """An sk-ecdsa key."""
    x, y = _multiply_p256(secret)
    point = b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")
    name = "sk-ecdsa-sha2-nistp256@openssh.com"
    blob = string(name.encode()) + string(b"nistp256") + string(point) + string(b"ssh:")
    return SoftKey(PublicKey(name, blob), lambda message: _sign_p256(secret, message))


# Ed25519: RFC 8032 section 5.1

_P = 2**255 - 19
_L = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_BASE: Point = (
    15112221349535400772501151409588531511454012693041857206046113283949847762202,
    46316835694926478169428394003475163141307993866256225615783033603165251855960,
)


def _add_25519(a: Point, b: Point) -> Point:
    product = _D * a[0] * b[0] * a[1] * b[1]
    x = (a[0] * b[1] + b[0] * a[1]) * pow(1 + product, -1, _P)
    y = (a[1] * b[1] + a[0] * b[0]) * pow(1 - product, -1, _P)
    return x % _P, y % _P


def _multiply_25519(scalar: int) -> Point:
    result, addend = (0, 1), _BASE
    while scalar:
        if scalar & 1:
            result = _add_25519(result, addend)
        addend = _add_25519(addend, addend)
        scalar >>= 1
    return result


def _encode_point(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


def _expand(seed: bytes) -> tuple[int, bytes]:
    digest = hashlib.sha512(seed).digest()
    scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    return scalar, digest[32:]


def _hash_to_number(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % _L


def _sign_ed25519(seed: bytes, public: bytes, message: bytes) -> bytes:
    scalar, prefix = _expand(seed)
    r = _hash_to_number(prefix, message)
    commitment = _encode_point(_multiply_25519(r))
    s = (r + _hash_to_number(commitment, public, message) * scalar) % _L
    return commitment + s.to_bytes(32, "little")


# ECDSA on P-256: FIPS 186-4, with the nonce taken from a hash

_Q = 2**256 - 2**224 + 2**192 + 2**96 - 1
_N = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_G: Point = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
)


def _add_p256(a: Point, b: Point) -> Point:
    over, under = (3 * a[0] * a[0] - 3, 2 * a[1]) if a == b else (b[1] - a[1], b[0] - a[0])
    slope = over * pow(under, -1, _Q)
    x = (slope * slope - a[0] - b[0]) % _Q
    return x, (slope * (a[0] - x) - a[1]) % _Q


def _multiply_p256(scalar: int) -> Point:
    result = _G
    for bit in bin(scalar)[3:]:
        result = _add_p256(result, result)
        if bit == "1":
            result = _add_p256(result, _G)
    return result


def _sign_p256(secret: int, message: bytes) -> bytes:
    digest = hashlib.sha256(message).digest()
    nonce = int.from_bytes(hashlib.sha256(secret.to_bytes(32, "big") + digest).digest(), "big") % _N
    r = _multiply_p256(nonce)[0] % _N
    s = (int.from_bytes(digest, "big") + r * secret) * pow(nonce, -1, _N) % _N
    return mpint(r) + mpint(s)
