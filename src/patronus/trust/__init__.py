"""Bundles and trust: signed config in one file, and whose signature counts.

Standard library only and quick to import, for it runs early at every boot. Pure: the one program it needs, ssh-keygen,
is handed in (`patronus.host.sshkeygen.SshKeygen`).
"""

from patronus.trust.chain import MAX_ROTATIONS, Chain, Era, exchanges, follow, verify_kept
from patronus.trust.edits import editors, verify_edit
from patronus.trust.format import FORMAT_VERSION, HEADER_SIZE, MAX_BUNDLE, Header, Sealed, open_header, seal, split
from patronus.trust.manifest import ANY_DEVICE, Manifest, Member, Target
from patronus.trust.names import MAX_DOCUMENT
from patronus.trust.payload import Payload, digest, pack, unpack
from patronus.trust.refusal import Code, Reason, Refused
from patronus.trust.rotation import carried_store, describe, outline
from patronus.trust.sign import Summary, add_signature, inspect, make_bundle, sign
from patronus.trust.sshsig import ANY_KEY, NAMESPACE, PublicKey
from patronus.trust.store import Signer, TrustStore, parse_store, read_signer, render_store
from patronus.trust.verify import Authentic, Verified, authenticate, verify, verify_away

__all__ = [
    "ANY_DEVICE",
    "ANY_KEY",
    "FORMAT_VERSION",
    "HEADER_SIZE",
    "MAX_BUNDLE",
    "MAX_DOCUMENT",
    "MAX_ROTATIONS",
    "NAMESPACE",
    "Authentic",
    "Chain",
    "Code",
    "Era",
    "Header",
    "Manifest",
    "Member",
    "Payload",
    "PublicKey",
    "Reason",
    "Refused",
    "Sealed",
    "Signer",
    "Summary",
    "Target",
    "TrustStore",
    "Verified",
    "add_signature",
    "authenticate",
    "carried_store",
    "describe",
    "digest",
    "editors",
    "exchanges",
    "follow",
    "inspect",
    "make_bundle",
    "open_header",
    "outline",
    "pack",
    "parse_store",
    "read_signer",
    "render_store",
    "seal",
    "sign",
    "split",
    "unpack",
    "verify",
    "verify_away",
    "verify_edit",
    "verify_kept",
]
