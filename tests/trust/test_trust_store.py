"""The trust store: two strict files, keys counted by what they are."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trust.softkey import make_ed25519, make_p256, mpint, string
from tests.trust.support import codes_of, store_of

from patronus.trust import Refused, Signer, TrustStore, parse_store, read_signer, render_store
from patronus.trust.rotation import outline

ONE = b'{"threshold": 1}'
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFK8CxSfgH3oe+uOrxyi0uLig9N+gFRpoIWaUpy//9Fm"
OTHER = make_ed25519(b"other").public.text


def complaints(allowed_signers: str, policy: bytes = ONE) -> str:
    """Everything parse_store says."""
    try:
        parse_store(allowed_signers.encode(), policy)
    except Refused as refused:
        assert set(refused.codes) == {"bad_store"}
        return str(refused)
    return ""


def test_a_store_with_comments_names_and_options() -> None:
    text = f'# admins\n\nalice@example.org {KEY} laptop\nbob namespaces="file,patronus-config" {OTHER}\r\n'
    store = parse_store(text.encode(), b'{"threshold": 2}')
    assert [signer.names for signer in store.signers] == [("alice@example.org",), ("bob",)]
    assert store.threshold == 2
    assert store.signers[0].key.fingerprint == "SHA256:dz0OBPjob+YPq4jt8sqIZYt8sm8f2qsn+DbwzYGCXF0"


def test_fingerprints_are_those_of_ssh_keygen(keys: Mapping[str, Path]) -> None:
    for name, path in keys.items():
        printed = subprocess.run(
            ["ssh-keygen", "-l", "-f", str(path)], check=True, capture_output=True, text=True
        ).stdout
        assert read_signer(name, path.with_suffix(".pub").read_bytes()).key.fingerprint == printed.split()[1]


def test_one_key_under_many_names_is_one_signer() -> None:
    store = parse_store(f"alice,root {KEY}\nalice.work {KEY} old laptop\n".encode(), ONE)
    assert store.signers == (Signer(("alice", "root", "alice.work"), store.signers[0].key),)
    assert "only 1 keys are listed" in complaints(f"alice {KEY}\nbob {KEY}\n", b'{"threshold": 2}')


def test_a_store_can_be_written_and_read_again(keys: Mapping[str, Path]) -> None:
    store = store_of(*keys.values(), threshold=3)
    assert parse_store(*render_store(store)) == store


def test_the_fingerprint_of_a_store_depends_on_keys_and_threshold_alone(keys: Mapping[str, Path]) -> None:
    store = store_of(keys["alice"], keys["bob"])
    renamed = TrustStore(tuple(Signer(("x",), signer.key) for signer in reversed(store.signers)), 1)
    assert renamed.fingerprint == store.fingerprint
    assert store_of(keys["alice"], keys["bob"], threshold=2).fingerprint != store.fingerprint
    assert store_of(keys["alice"]).fingerprint != store.fingerprint
    for other in (store._replace(groups=("homes",)), store._replace(rotation=False)):
        assert other.fingerprint == store.fingerprint
        told = {*outline(other)} - {*outline(store)}
        assert told & {"groups: homes", "no bundle may exchange it"}, "what it does not cover is told in words"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (f"alice cert-authority {KEY}", "only namespaces="),
        (f'alice cert-authority,namespaces="patronus-config" {KEY}', "only namespaces="),
        (f'alice valid-before="20300101" {KEY}', "only namespaces="),
        (f'alice namespaces="file" {KEY}', "do not include patronus-config"),
        (f'alice namespaces="*" {KEY}', "only namespaces="),
        (f'alice namespaces="patronus-config",verify-required {KEY}', "only namespaces="),
        (f"* {KEY}", "no patterns"),
        (f"*@example.org {KEY}", "no patterns"),
        (f"!bob,alice {KEY}", "no patterns"),
        (f"alice, {KEY}", "no patterns"),
        (KEY, "only namespaces="),
        ("alice", "a key type and a key"),
        ("alice ssh-ed25519", "a key type and a key"),
        ("alice ssh-ed25519 AAAA", "cannot be used: it ends early"),
        ("alice ssh-ed25519 @@@@", "cannot be used"),
        (f"alice {KEY}A", "cannot be used"),
        (f"alice ssh-rsa {KEY.split()[1]}", "it says ssh-rsa, but the key is a ssh-ed25519"),
        ("alice ssh-dss AAAAB3NzaC1kc3M=", "key type ssh-dss is not accepted"),
        (f"alice ssh-ed25519-cert-v01@openssh.com {KEY.split()[1]}", "is not accepted"),
        ("", "lists no key"),
        ("# nobody", "lists no key"),
    ],
)
def test_lines_that_are_refused(line: str, words: str) -> None:
    said = complaints(line)
    assert words in said


def test_short_rsa_keys_are_refused() -> None:
    import binascii

    blob = string(b"ssh-rsa") + mpint(65537) + mpint(2**1023 + 1)
    text = binascii.b2a_base64(blob, newline=False).decode()
    assert "RSA key of 1024 bits is too short" in complaints(f"alice ssh-rsa {text}")


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (b"{}", "'threshold' is missing"),
        (b'{"threshold": 0}', "'threshold' is not a whole number"),
        (b'{"threshold": 17}', "'threshold' is not a whole number"),
        (b'{"threshold": true}', "'threshold' is not a whole number"),
        (b'{"threshold": "1"}', "'threshold' is not a whole number"),
        (b'{"threshold": 1, "threshold": 2}', "given twice"),
        (b'{"threshold": 1, "local": true}', "'local' is unknown"),
        (b"threshold: 1", "not JSON"),
        (b"", "not JSON"),
        (b'{"threshold": 1}' + b" " * 70_000, "longer than"),
    ],
)
def test_policies_that_are_refused(policy: bytes, words: str) -> None:
    assert words in complaints(f"alice {KEY}", policy)


def test_all_problems_of_both_files_are_told_at_once() -> None:
    said = complaints(f"* {KEY}\nbob ssh-dss AAAA\ncarol {KEY}", b'{"threshold": 0, "x": 1}')
    for words in ("line 1", "line 2", "'threshold' is not a whole number", "'x' is unknown"):
        assert words in said
    assert "line 3" not in said


def test_a_store_is_bounded() -> None:
    many = "".join(f"key{n} {make_p256(n + 2).public.text}\n" for n in range(65))
    assert "65 keys, 64 is the most" in complaints(many)
    assert "longer than" in complaints("#" * 70_000)
    with pytest.raises(Refused, match="not UTF-8"):
        parse_store(b"\xff", ONE)


def test_a_signer_from_a_public_key_file() -> None:
    assert read_signer("alice", f"{KEY} a comment\n".encode()).names == ("alice",)
    for name, text in (("a b", KEY), ("*", KEY), ("alice", ""), ("alice", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA")):
        assert codes_of(lambda name=name, text=text: read_signer(name, text.encode())) == ("bad_store",)  # type: ignore[misc]


@settings(database=None, deadline=None, max_examples=200)
@given(st.binary(max_size=200), st.binary(max_size=50))
def test_no_bytes_break_the_readers(allowed_signers: bytes, policy: bytes) -> None:
    assert set(codes_of(lambda: parse_store(allowed_signers, policy))) <= {"bad_store"}
