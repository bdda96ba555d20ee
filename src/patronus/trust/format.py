"""The container: a fixed header, the signatures, the payload, and not one byte more.

Offsets in bytes, numbers big-endian:

      0  8   magic "PATRONUS"
      8  2   format version, 1
     10  2   number of signatures, 0 (a draft) to 16
     12  4   length of the payload
     16  64  sixteen lengths of signatures; unused ones are 0
     80      the signatures, one after the other, armored SSHSIG text
      ...    the payload: the very bytes that were signed

Places follow from lengths, so nothing can overlap, and the length of the file is checked against their sum.
"""

import struct
from collections.abc import Sequence
from typing import NamedTuple

from patronus.trust.refusal import Reason, Refused, refuse
from patronus.trust.sshsig import MAX_SIGNATURE

MAGIC = b"PATRONUS"
FORMAT_VERSION = 1
MAX_BUNDLE = 16 * 1024 * 1024
MAX_SIGNATURES = 16

_HEADER = struct.Struct(f">8sHHI{MAX_SIGNATURES}I")
HEADER_SIZE = _HEADER.size

_TRANSFER_AGAIN = "Copy the bundle again; 'patronus inspect' on both sides shows where it was damaged."


class Header(NamedTuple):
    """The lengths the first 80 bytes promise, within bounds but not yet compared with the file."""

    signature_lengths: tuple[int, ...]
    payload_length: int

    @property
    def total_length(self) -> int:
        """Length of the whole bundle in bytes."""
        return HEADER_SIZE + sum(self.signature_lengths) + self.payload_length


class Sealed(NamedTuple):
    """A bundle taken apart at the lengths its header gives; nothing in it is verified or parsed."""

    signatures: tuple[bytes, ...]
    payload: bytes


def open_header(data: bytes) -> Header:
    """The header from the first 80 bytes of a bundle; more bytes may follow. Raises Refused."""
    if not data.startswith(MAGIC) and not MAGIC.startswith(data[:8]):
        raise refuse("not_a_bundle", "This file is not a Patronus bundle.", "Make one with 'patronus sign'.")
    if len(data) < HEADER_SIZE:
        raise _refuse_truncated(len(data), HEADER_SIZE)
    _, version, count, payload_length, *lengths = _HEADER.unpack_from(data)
    if version != FORMAT_VERSION:
        raise refuse(
            "unknown_format",
            f"The bundle has format version {version}; this program reads version {FORMAT_VERSION}.",
            "Upgrade the program or image that reads it, or sign with an older 'patronus'.",
        )
    if problems := _check_header(count, payload_length, lengths):
        raise Refused(problems)
    return Header(tuple(lengths[:count]), payload_length)


def split(data: bytes) -> Sealed:
    """Signatures and payload of a whole bundle. Raises Refused unless every length fits the file exactly."""
    if len(data) > MAX_BUNDLE:
        raise _too_large(len(data))
    header = open_header(data)
    if len(data) < header.total_length:
        raise _refuse_truncated(len(data), header.total_length)
    if len(data) > header.total_length:
        raise refuse(
            "trailing_bytes",
            f"{len(data) - header.total_length} bytes follow the end of the bundle.",
            _TRANSFER_AGAIN,
        )
    at = HEADER_SIZE
    signatures = []
    for length in header.signature_lengths:
        signatures.append(data[at : at + length])
        at += length
    return Sealed(tuple(signatures), data[at:])


def seal(payload: bytes, signatures: Sequence[bytes]) -> bytes:
    """The bundle of a payload and its signatures, in the order given; no signature makes a draft. Raises Refused."""
    lengths = [len(signature) for signature in signatures]
    lengths += [0] * (MAX_SIGNATURES - len(lengths))
    total = HEADER_SIZE + sum(lengths) + len(payload)
    if total > MAX_BUNDLE:
        raise _too_large(total)
    if problems := _check_header(len(signatures), len(payload), lengths):
        raise Refused(problems)
    header = _HEADER.pack(MAGIC, FORMAT_VERSION, len(signatures), len(payload), *lengths)
    return header + b"".join(signatures) + payload


def _check_header(count: int, payload_length: int, lengths: Sequence[int]) -> list[Reason]:
    wrong = []
    if count > MAX_SIGNATURES:
        wrong.append(f"it counts {count} signatures, {MAX_SIGNATURES} is the most")
    if any(not 0 < length <= MAX_SIGNATURE for length in lengths[:count]):
        wrong.append(f"a signature has a length outside 1 to {MAX_SIGNATURE} bytes")
    if any(lengths[count:]):
        wrong.append("it gives a length to a signature that is not there")
    if not 0 < payload_length <= MAX_BUNDLE:
        wrong.append(f"the payload has a length outside 1 to {MAX_BUNDLE} bytes")
    return [Reason("bad_header", f"The bundle's header is wrong: {what}.", _TRANSFER_AGAIN) for what in wrong]


def _too_large(size: int) -> Refused:
    return refuse(
        "too_large",
        f"The bundle has {size} bytes; {MAX_BUNDLE} ({MAX_BUNDLE >> 20} MiB) is the most.",
        "Attached files are usually what is large; 'patronus inspect' on an older bundle lists their sizes.",
    )


def _refuse_truncated(size: int, expected: int) -> Refused:
    return refuse("truncated", f"The bundle ends after {size} of {expected} bytes.", _TRANSFER_AGAIN)
