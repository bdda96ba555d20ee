"""The whole check, with real keys and the real ssh-keygen: what is accepted, and each refusal told from the others."""

import subprocess
from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from tests.trust.softkey import make_ed25519, make_p256
from tests.trust.support import KEYGEN, MEMBERS, NOW, codes_of, make_payload, signed, store_of, verify_here

from patronus.host.sshkeygen import SshKeygen
from patronus.trust import (
    Manifest,
    Refused,
    Target,
    TrustStore,
    add_signature,
    authenticate,
    digest,
    pack,
    parse_store,
    seal,
    split,
)
from patronus.trust.sshsig import armor, parse_signature

Keys = Mapping[str, Path]


@pytest.mark.parametrize("name", ["alice", "ecdsa", "rsa"])
def test_a_signed_config_is_accepted(keys: Keys, name: str) -> None:
    verified = verify_here(signed([keys[name]]), store_of(keys[name]))
    assert verified.members == MEMBERS
    assert verified.manifest.serial == 7
    assert [signer.name for signer in verified.signers] == [name]
    assert verified.digest == digest(make_payload())
    assert verified.warnings == ()


@pytest.mark.parametrize("key", [make_ed25519(b"seed"), make_p256(0xC0FFEE)], ids=["sk-ed25519", "sk-ecdsa"])
def test_security_keys_count_when_they_were_touched(key: Any) -> None:
    payload = make_payload()
    store = parse_store(f"token {key.public.text}\n".encode(), b'{"threshold": 1}')
    assert verify_here(seal(payload, [key.sign(payload)]), store).signers == store.signers
    assert codes_of(lambda: verify_here(seal(payload, [key.sign(payload, flags=0)]), store)) == ("no_touch",)
    assert codes_of(lambda: verify_here(seal(payload, [key.sign(payload + b"x")]), store)) == ("bad_signature",)


def test_touch_cannot_be_claimed_afterwards() -> None:
    key = make_ed25519(b"seed")
    payload = make_payload()
    store = parse_store(f"token {key.public.text}\n".encode(), b'{"threshold": 1}')
    blob = bytearray(parse_signature(key.sign(payload, flags=0)).blob)
    blob[-5] = 1  # flags, before the four bytes of the counter
    assert parse_signature(armor(bytes(blob))).touched
    assert codes_of(lambda: verify_here(seal(payload, [armor(bytes(blob))]), store)) == ("bad_signature",)


def test_a_threshold_counts_different_keys(keys: Keys) -> None:
    store = store_of(keys["alice"], keys["bob"], threshold=2)
    both = signed([keys["alice"], keys["bob"]])
    assert [signer.name for signer in verify_here(both, store).signers] == ["alice", "bob"]
    assert codes_of(lambda: verify_here(signed([keys["alice"]]), store)) == ("too_few_signers",)
    sealed = split(signed([keys["alice"]]))
    twice = seal(sealed.payload, sealed.signatures * 2)
    assert codes_of(lambda: verify_here(twice, store)) == ("too_few_signers",)


def test_one_key_under_two_names_counts_once(keys: Keys) -> None:
    alice = keys["alice"].with_suffix(".pub").read_text()
    bob = keys["bob"].with_suffix(".pub").read_text()
    store = parse_store(f"alice {alice}root {alice}bob {bob}".encode(), b'{"threshold": 2}')
    assert codes_of(lambda: verify_here(signed([keys["alice"]]), store)) == ("too_few_signers",)


def test_unknown_keys_do_not_count_and_do_no_harm(keys: Keys) -> None:
    store = store_of(keys["alice"])
    assert codes_of(lambda: verify_here(signed([keys["mallory"]]), store)) == ("unknown_signer",)
    verified = verify_here(signed([keys["mallory"], keys["alice"]]), store)
    assert [signer.name for signer in verified.signers] == ["alice"]
    assert [reason.code for reason in verified.warnings] == ["ignored_signature"]
    two = store_of(keys["alice"], keys["bob"], threshold=2)
    known_and_unknown = signed([keys["alice"], keys["mallory"]])
    assert codes_of(lambda: verify_here(known_and_unknown, two)) == ("unknown_signer", "too_few_signers")


def test_a_wrong_signature_is_not_outvoted(keys: Keys) -> None:
    store = store_of(keys["alice"], keys["bob"])
    good = split(signed([keys["alice"]]))
    other = split(signed([keys["bob"]], serial=8))
    bundle = seal(good.payload, [*good.signatures, *other.signatures])
    assert codes_of(lambda: verify_here(bundle, store)) == ("bad_signature",)


def test_a_draft_is_refused(keys: Keys) -> None:
    assert codes_of(lambda: verify_here(seal(make_payload(), []), store_of(keys["alice"]))) == ("unsigned",)


def test_a_signature_for_another_purpose_is_refused(keys: Keys) -> None:
    payload = make_payload()
    bundle = seal(payload, [KEYGEN.sign(payload, str(keys["alice"]), "file")])
    assert codes_of(lambda: verify_here(bundle, store_of(keys["alice"]))) == ("wrong_namespace",)


def test_signatures_made_by_hand_are_accepted(keys: Keys, tmp_path: Path) -> None:
    """The documented way without our program: ssh-keygen -Y sign on the payload file."""
    (tmp_path / "payload").write_bytes(make_payload())
    command = ["ssh-keygen", "-Y", "sign", "-f", str(keys["rsa"]), "-n", "patronus-config", str(tmp_path / "payload")]
    subprocess.run(command, check=True, capture_output=True)
    bundle = seal(make_payload(), [(tmp_path / "payload.sig").read_bytes()])
    assert verify_here(bundle, store_of(keys["rsa"])).manifest.serial == 7


@pytest.mark.parametrize(
    ("manifest", "box", "code"),
    [
        ({}, {"device": "gate-3"}, "other_device"),
        ({}, {"device": None}, "other_device"),
        ({}, {"device": "branch"}, "other_device"),
        ({}, {"device": "gate-3", "groups": ("gate-1", "hq")}, "other_device"),
        ({}, {"highest_serial": 7}, "old_serial"),
        ({}, {"highest_serial": 800}, "old_serial"),
        ({"schema": 2}, {}, "newer_schema"),
        ({"minimum_image": "0.2"}, {}, "image_too_old"),
        ({}, {"image_version": "unknown"}, "image_too_old"),
        ({}, {"parent": "cd" * 32}, "wrong_parent"),
    ],
)
def test_a_config_that_is_not_for_this_box_now(
    keys: Keys, manifest: dict[str, Any], box: dict[str, Any], code: str
) -> None:
    assert codes_of(lambda: verify_here(signed([keys["alice"]], **manifest), store_of(keys["alice"]), **box)) == (code,)


@pytest.mark.parametrize(
    ("manifest", "box"),
    [
        ({}, {"device": "gate-2"}),
        ({}, {"device": "gate-3", "groups": {"branch", "hq"}}),
        ({"target": Target(("*",))}, {"device": "anything"}),
        ({"target": Target(("*",))}, {"device": None}),
        ({}, {"highest_serial": None}),
        ({}, {"schema_version": 9}),
        ({"minimum_image": "0.1.0.0"}, {"image_version": "0.1"}),
        ({}, {"parent": None}),
        ({"parent": None}, {}),
    ],
)
def test_a_config_that_is_for_this_box(keys: Keys, manifest: dict[str, Any], box: dict[str, Any]) -> None:
    verify_here(signed([keys["alice"]], **manifest), store_of(keys["alice"]), **box)


def test_everything_a_box_dislikes_is_told_at_once(keys: Keys) -> None:
    payload = pack(
        Manifest(1, 9, "9", Target(("other",)), "Bob", NOW, parent="cd" * 32), {"config.yaml": b"a: 1"}
    ).replace(b"a: 1", b"a: 2")
    bundle = seal(payload, [KEYGEN.sign(payload, str(keys["alice"]), "patronus-config")])
    assert codes_of(lambda: verify_here(bundle, store_of(keys["alice"]))) == (
        "other_device",
        "old_serial",
        "newer_schema",
        "image_too_old",
        "wrong_parent",
        "member_altered",
    )


def test_expiry_warns_and_never_locks_out(keys: Keys) -> None:
    bundle = signed([keys["alice"]], expires=NOW)
    store = store_of(keys["alice"])
    assert [reason.code for reason in verify_here(bundle, store).warnings] == ["expired"]
    assert verify_here(bundle, store, now=NOW - timedelta(seconds=1)).warnings == ()


class Trap:
    """Stands where the payload is first parsed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sprung = 0
        monkeypatch.setattr(import_module("patronus.trust.verify"), "unpack", self)

    def __call__(self, *_: object) -> object:
        self.sprung += 1
        raise RuntimeError("parsed")


def test_nothing_is_parsed_before_the_signatures_are_right(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    poison = b"\x00\x00\x00\x10" + b"{" * 16 + b"YAML bomb"
    store = store_of(keys["alice"], keys["bob"], threshold=2)
    good = [KEYGEN.sign(poison, str(keys[name]), "patronus-config") for name in ("alice", "bob")]
    wrong = {
        "unsigned": [],
        "bad_signature": [KEYGEN.sign(poison + b".", str(keys[name]), "patronus-config") for name in ("alice", "bob")],
        "wrong_namespace": [KEYGEN.sign(poison, str(keys[name]), "git") for name in ("alice", "bob")],
        "unknown_signer": [KEYGEN.sign(poison, str(keys["mallory"]), "patronus-config")],
        "too_few_signers": good[:1],
        "bad_signature_text": [*good, b"garbage"],
    }
    trap = Trap(monkeypatch)
    for code, signatures in wrong.items():
        codes = codes_of(lambda signatures=signatures: verify_here(seal(poison, signatures), store))  # type: ignore[misc]
        assert set(codes) == {code}
    assert trap.sprung == 0
    with pytest.raises(RuntimeError, match="parsed"):
        verify_here(seal(poison, good), store)
    assert trap.sprung == 1


def test_a_signed_payload_that_makes_no_sense_is_refused(keys: Keys) -> None:
    poison = b"\x00\x00\x00\x10" + b"{" * 16 + b"YAML bomb"
    bundle = seal(poison, [KEYGEN.sign(poison, str(keys["alice"]), "patronus-config")])
    assert codes_of(lambda: verify_here(bundle, store_of(keys["alice"]))) == ("bad_manifest",)


def test_without_ssh_keygen_nothing_is_accepted(keys: Keys) -> None:
    bundle = signed([keys["alice"]])
    store = store_of(keys["alice"])
    missing = SshKeygen("/nonexistent/ssh-keygen")
    assert codes_of(lambda: verify_here(bundle, store, keygen=missing)) == ("verifier_failed",)
    refusing = SshKeygen("/bin/false")
    assert codes_of(lambda: verify_here(bundle, store, keygen=refusing)) == ("bad_signature",)


def test_a_killed_ssh_keygen_is_not_called_a_bad_signature(keys: Keys, tmp_path: Path) -> None:
    program = tmp_path / "ssh-keygen"
    program.write_text("#!/bin/sh\nkill -9 $$\n")
    program.chmod(0o755)
    bundle = signed([keys["alice"]])
    killed = SshKeygen(str(program))
    assert codes_of(lambda: verify_here(bundle, store_of(keys["alice"]), keygen=killed)) == ("verifier_failed",)


class Counting:
    """Counts the questions put to ssh-keygen."""

    def __init__(self) -> None:
        self.asked = 0

    def verify(self, payload: bytes, signature: bytes, key: str, namespace: str) -> bool:
        self.asked += 1
        return KEYGEN.verify(payload, signature, key, namespace)


def test_strangers_cannot_make_the_box_work(keys: Keys) -> None:
    """Sixteen signatures of unknown keys cost not one run of ssh-keygen."""
    sealed = split(signed([keys["mallory"]]))
    counting = Counting()
    store: TrustStore = store_of(keys["alice"])
    with pytest.raises(Refused):
        authenticate(seal(sealed.payload, sealed.signatures * 16), store, counting)
    assert counting.asked == 0
    authenticate(add_signature(signed([keys["mallory"]]), str(keys["alice"]), KEYGEN), store, counting)
    assert counting.asked == 1
