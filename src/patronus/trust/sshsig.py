"""SSH public keys and signatures as bytes: PROTOCOL.sshsig, RFC 4253 section 6.6, PROTOCOL.u2f.

This reader never decides whether a signature is right, ssh-keygen does. It finds out whose it claims to be, so that one
key is asked for and keys can be counted.
"""

import binascii
import hashlib
import re
from typing import NamedTuple

from patronus.trust.refusal import Refused, escape, refuse

NAMESPACE = "patronus-config"
MAX_SIGNATURE = 64 * 1024
MIN_RSA_BITS = 2048
ANY_KEY = "*"
FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")

SECURITY_KEY_TYPES = ("sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com")
KEY_TYPES = (
    "ssh-ed25519",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "ssh-rsa",
    *SECURITY_KEY_TYPES,
)

_BEGIN = b"-----BEGIN SSH SIGNATURE-----\n"
_END = b"\n-----END SSH SIGNATURE-----"
_MAGIC = b"SSHSIG"
_USER_PRESENT = 0x01  # CTAP2: the authenticator saw a touch


class PublicKey(NamedTuple):
    """A key as SSH writes it: its type and the whole wire blob (which starts with the type again)."""

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """What `ssh-keygen -l` prints: SHA256: and unpadded base64."""
        return "SHA256:" + encode_base64(hashlib.sha256(self.blob).digest()).rstrip("=")

    @property
    def text(self) -> str:
        """The key as it stands in a .pub file, without the comment."""
        return f"{self.type} {encode_base64(self.blob)}"


class Signature(NamedTuple):
    """One SSHSIG, read but not verified."""

    key: PublicKey
    namespace: bytes
    hash_algorithm: str
    touched: bool
    blob: bytes

    @property
    def armored(self) -> bytes:
        """The signature as ssh-keygen writes it, made anew from the bytes that were read here."""
        return armor(self.blob)


class _Reader:
    """Takes SSH wire fields from the front; ValueError when there are too few bytes (RFC 4251 section 5)."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        end = self._at + size
        if end > len(self._data):
            raise ValueError("it ends early")
        piece = self._data[self._at : end]
        self._at = end
        return piece

    def number(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def string(self) -> bytes:
        return self.take(self.number())

    def finish(self) -> None:
        if self._at != len(self._data):
            raise ValueError("bytes follow its end")


def encode_base64(data: bytes) -> str:
    """Base64 on one line, padded."""
    return binascii.b2a_base64(data, newline=False).decode("ascii")


def decode_base64(text: bytes) -> bytes:
    """The only bytes this base64 stands for; ValueError when it is not what an encoder would write."""
    data = binascii.a2b_base64(text, strict_mode=True)
    if binascii.b2a_base64(data, newline=False) != text:
        raise ValueError("its base64 has stray bits")
    return data


def parse_public_key(blob: bytes) -> PublicKey:
    """A key from its wire blob; ValueError with the reason when it is malformed, unsupported or too weak."""
    reader = _Reader(blob)
    name = reader.string()
    key_type = name.decode("ascii", "backslashreplace")
    if key_type not in KEY_TYPES:
        raise ValueError(f"key type {escape(key_type)} is not accepted")
    if key_type == "ssh-rsa":
        reader.string()
        bits = int.from_bytes(reader.string(), "big").bit_length()
        if bits < MIN_RSA_BITS:
            raise ValueError(f"an RSA key of {bits} bits is too short, {MIN_RSA_BITS} is the least")
    else:
        fields = 1 + key_type.count("ecdsa") + (key_type in SECURITY_KEY_TYPES)
        for _ in range(fields):
            reader.string()
    reader.finish()
    return PublicKey(key_type, blob)


def parse_signature(text: bytes) -> Signature:
    """One armored signature; Refused with `bad_signature_text` when it is anything else."""
    try:
        return _read_signature(_unarmor(text))
    except ValueError as error:
        raise _refuse_text(str(error)) from None


def armor(blob: bytes) -> bytes:
    """Signature bytes as the text ssh-keygen writes: base64 in lines of 70."""
    text = encode_base64(blob).encode("ascii")
    lines = [text[at : at + 70] for at in range(0, len(text), 70)]
    return _BEGIN + b"\n".join(lines) + _END + b"\n"


def _unarmor(text: bytes) -> bytes:
    if len(text) > MAX_SIGNATURE:
        raise ValueError(f"it is longer than {MAX_SIGNATURE // 1024} KiB")
    body = text.removesuffix(b"\n")
    if not (body.startswith(_BEGIN) and body.endswith(_END)):
        raise ValueError("its first or last line is not that of an SSH signature")
    try:
        return decode_base64(body[len(_BEGIN) : -len(_END)].replace(b"\n", b""))
    except binascii.Error as error:
        raise ValueError(f"its base64 is broken ({error})") from None


def _read_signature(blob: bytes) -> Signature:
    reader = _Reader(blob)
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise ValueError("it does not start with SSHSIG")
    version = reader.number()
    if version != 1:
        raise ValueError(f"its version is {version}, not 1")
    key = parse_public_key(reader.string())
    namespace = reader.string()
    reader.string()  # reserved: to be ignored
    hash_algorithm = reader.string()
    if hash_algorithm not in (b"sha256", b"sha512"):
        raise ValueError(f"its hash {escape(hash_algorithm)} is neither sha256 nor sha512")
    touched = _read_touch(reader.string(), key)
    reader.finish()
    return Signature(key, namespace, hash_algorithm.decode("ascii"), touched, blob)


def _read_touch(inner: bytes, key: PublicKey) -> bool:
    """Whether a security key says it was touched; other keys cannot say, which counts as yes."""
    reader = _Reader(inner)
    algorithm = reader.string().decode("ascii", "backslashreplace")
    expected = ("rsa-sha2-256", "rsa-sha2-512") if key.type == "ssh-rsa" else (key.type,)
    if algorithm not in expected:
        raise ValueError(f"a {key.type} key cannot make a {escape(algorithm)} signature")
    reader.string()
    if key.type not in SECURITY_KEY_TYPES:
        reader.finish()
        return True
    flags = reader.take(1)[0]
    reader.number()  # the authenticator's counter: nothing here remembers the last one
    reader.finish()
    return bool(flags & _USER_PRESENT)


def _refuse_text(reason: str) -> Refused:
    return refuse(
        "bad_signature_text",
        f"A signature in the bundle cannot be read: {reason}.",
        "Sign the bundle again with 'patronus sign'.",
    )
