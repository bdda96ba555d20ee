"""What the trust tests share: a config to sign, and a box with settings that accept it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from patronus.host.sshkeygen import SshKeygen
from patronus.trust import Manifest, Refused, Target, TrustStore, Verified, make_bundle, pack, parse_store, verify

KEYGEN = SshKeygen()
NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
PARENT = "ab" * 32
MEMBERS: Mapping[str, bytes] = {
    "config.yaml": b"system:\n  hostname: gate\n",
    "files/blocklist.txt": b"192.0.2.0/24\n",
    "secrets/wg-office.age": b"age-encryption.org/v1\n...",
}
MANIFEST = Manifest(
    serial=7,
    schema=1,
    minimum_image="0.1",
    target=Target(devices=("gate-1", "gate-2"), groups=("branch",)),
    author="Alice Admin",
    created=NOW,
    parent=PARENT,
)


def make_payload(members: Mapping[str, bytes] = MEMBERS, **changes: Any) -> bytes:
    """The payload of the usual manifest with some fields changed."""
    return pack(MANIFEST._replace(**changes), members)


def signed(keys: Sequence[Path], members: Mapping[str, bytes] = MEMBERS, **changes: Any) -> bytes:
    """A bundle really signed by these keys."""
    return make_bundle(make_payload(members, **changes), [str(key) for key in keys], KEYGEN)


def store_of(*keys: Path, threshold: int = 1) -> TrustStore:
    """A store that lists these keys under the names of their files."""
    lines = [f'{key.name} namespaces="patronus-config" {key.with_suffix(".pub").read_text()}' for key in keys]
    return parse_store("".join(lines).encode(), f'{{"threshold": {threshold}}}'.encode())


def verify_here(bundle: bytes, store: TrustStore, **changes: Any) -> Verified:
    """The whole check on the box gate-1, which runs the parent; `groups` are those its store gives it."""
    groups = changes.pop("groups", None)
    store = store if groups is None else store._replace(groups=tuple(groups))
    here: dict[str, Any] = {
        "device": "gate-1",
        "highest_serial": 6,
        "image_version": "0.1.0",
        "schema_version": 1,
        "parent": PARENT,
        "now": NOW,
        "keygen": KEYGEN,
    }
    return verify(bundle, store, **{**here, **changes})


def codes_of(call: Callable[[], object]) -> tuple[str, ...]:
    """The codes a call is refused with; none when it is not refused. Every reason must say something."""
    try:
        call()
    except Refused as refused:
        assert refused.reasons
        assert all(reason.message.endswith(".") and reason.hint for reason in refused.reasons)
        assert all(line.isprintable() for line in str(refused).split("\n"))
        return refused.codes
    return ()


def flip(data: bytes, bit: int) -> bytes:
    """The data with one bit turned over."""
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)
