"""What gets signed: the manifest and the members it lists, back to back.

      0  4   length of the manifest, big-endian
      4      the manifest, canonical JSON, with name, size and sha256 of every member, sorted by name
      ...    the members' bytes in that order

There is no second table that could disagree with the manifest, and the same content is always the same bytes.
"""

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from patronus.trust.manifest import MAX_MANIFEST, Manifest, Member, encode_manifest, parse_manifest
from patronus.trust.names import check_sizes
from patronus.trust.refusal import Reason, Refused, refuse
from patronus.trust.rendered import carried_rendering
from patronus.trust.rotation import carried_store

_MAKE_AGAIN = "Make the bundle with 'patronus sign'."


class Payload(NamedTuple):
    """An opened payload. Member hashes are not compared yet: see `check_hashes`."""

    manifest: Manifest
    members: Mapping[str, bytes]


def digest(payload: bytes) -> str:
    """What identifies a config whoever signed it, and what `parent` of the next one names: sha256 in hex."""
    return hashlib.sha256(payload).hexdigest()


def pack(manifest: Manifest, members: Mapping[str, bytes]) -> bytes:
    """The payload bytes; the manifest's own member list is filled in here. Raises Refused with every problem."""
    listed = tuple(Member(name, len(members[name]), digest(members[name])) for name in sorted(members))
    text = encode_manifest(manifest._replace(members=listed))
    reasons = check_sizes({member.name: member.size for member in listed})
    for check in (lambda: parse_manifest(text), lambda: carried_store(members), lambda: carried_rendering(members)):
        try:
            check()
        except Refused as refused:
            reasons.extend(refused.reasons)
    if reasons:
        raise Refused(reasons)
    return b"".join([len(text).to_bytes(4, "big"), text, *(members[member.name] for member in listed)])


def unpack(payload: bytes) -> Payload:
    """Manifest and members. Raises Refused unless the listed sizes fill the payload exactly."""
    length = int.from_bytes(payload[:4], "big")
    if len(payload) < 4 or length > min(MAX_MANIFEST, len(payload) - 4):
        raise refuse("bad_payload", "The signed part of the bundle is too short for its manifest.", _MAKE_AGAIN)
    manifest = parse_manifest(payload[4 : 4 + length])
    listed = sum(member.size for member in manifest.members)
    present = len(payload) - 4 - length
    if listed != present:
        raise refuse(
            "bad_payload", f"The manifest lists members of {listed} bytes, but {present} are there.", _MAKE_AGAIN
        )
    if reasons := check_sizes({member.name: member.size for member in manifest.members}):
        raise Refused(reasons)
    members = {}
    at = 4 + length
    for member in manifest.members:
        members[member.name] = payload[at : at + member.size]
        at += member.size
    return Payload(manifest, members)


def check_hashes(payload: Payload) -> list[Reason]:
    """A reason for every member that is not what the manifest says."""
    return [
        Reason("member_altered", f"The member {member.name} is not the one its manifest describes.", _MAKE_AGAIN)
        for member in payload.manifest.members
        if digest(payload.members[member.name]) != member.sha256
    ]
