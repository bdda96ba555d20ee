"""The owner's side: signing, signing together, and looking at a bundle without trusting it."""

import os
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from tests.trust.softkey import SoftKey, make_ed25519
from tests.trust.support import KEYGEN, MEMBERS, codes_of, make_payload, signed, store_of, verify_here

from patronus.host.sshkeygen import SshKeygen
from patronus.trust import TrustStore, add_signature, inspect, make_bundle, read_signer, seal, sign, split
from patronus.trust.refusal import escape

Keys = Mapping[str, Path]


class Token:
    """A signing tool with a security key in it."""

    def __init__(self, key: SoftKey, flags: int = 1) -> None:
        self._key = key
        self._flags = flags

    def sign(self, payload: bytes, key_path: str, namespace: str) -> bytes:  # noqa: ARG002
        return self._key.sign(payload, self._flags, namespace)


def test_two_people_sign_one_after_the_other(keys: Keys) -> None:
    draft = make_bundle(make_payload(), [], KEYGEN)
    first = add_signature(draft, str(keys["alice"]), KEYGEN)
    both = add_signature(first, str(keys["bob"]), KEYGEN)
    assert split(both).payload == split(draft).payload
    verify_here(both, store_of(keys["alice"], keys["bob"], threshold=2))


def test_nobody_signs_twice(keys: Keys) -> None:
    assert codes_of(lambda: add_signature(signed([keys["alice"]]), str(keys["alice"]), KEYGEN)) == ("already_signed",)


def test_nobody_signs_what_no_box_would_read(keys: Keys) -> None:
    payload = make_payload()
    broken = seal(payload.replace(b"hostname: gate", b"hostname: gats"), [])
    assert codes_of(lambda: add_signature(broken, str(keys["alice"]), KEYGEN)) == ("member_altered",)
    assert codes_of(lambda: add_signature(seal(b"x", []), str(keys["alice"]), KEYGEN)) == ("bad_payload",)
    assert codes_of(lambda: add_signature(payload, str(keys["alice"]), KEYGEN)) == ("not_a_bundle",)


def test_a_key_that_cannot_sign_is_named(keys: Keys, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "nowhere"
    assert codes_of(lambda: sign(b"x", str(missing), KEYGEN)) == ("cannot_sign",)
    assert "nowhere" in capfd.readouterr().err
    assert codes_of(lambda: sign(b"x", str(keys["alice"]), SshKeygen("/nonexistent/ssh-keygen"))) == ("cannot_sign",)


def test_a_new_key_signs_and_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "owner"
    public = KEYGEN.make_key(str(path), "owner of gate-1", ask=False)
    assert path.stat().st_mode & 0o777 == 0o600
    store = TrustStore((read_signer("owner", public),), 1)
    verify_here(make_bundle(make_payload(), [str(path)], KEYGEN), store)
    before = path.read_bytes()
    assert codes_of(lambda: KEYGEN.make_key(str(path), "again", ask=False)) == ("cannot_sign",)
    assert path.read_bytes() == before


def test_a_token_that_was_not_touched_is_told_at_once() -> None:
    key = make_ed25519(b"token")
    assert sign(b"x", "unused", Token(key)) == key.sign(b"x")
    assert codes_of(lambda: sign(b"x", "unused", Token(key, flags=0))) == ("no_touch",)


@pytest.fixture
def agent(keys: Keys, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """An SSH agent that holds alice's key."""
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    started = subprocess.run(["ssh-agent", "-a", str(tmp_path / "agent")], check=True, capture_output=True, text=True)
    found = re.search(r"SSH_AGENT_PID=(\d+)", started.stdout)
    assert found
    try:
        subprocess.run(["ssh-add", "-q", str(keys["alice"])], check=True)
        yield
    finally:
        os.kill(int(found.group(1)), 15)


@pytest.mark.usefixtures("agent")
def test_a_public_key_signs_through_the_agent(keys: Keys, tmp_path: Path) -> None:
    public = tmp_path / "alice.pub"
    public.write_bytes(keys["alice"].with_suffix(".pub").read_bytes())
    verify_here(make_bundle(make_payload(), [str(public)], KEYGEN), store_of(keys["alice"]))


def test_large_bundles_pass_through_ssh_keygen_whole(keys: Keys) -> None:
    members = {**MEMBERS, "files/big": os.urandom(15 * 1024 * 1024)}
    assert verify_here(signed([keys["alice"]], members), store_of(keys["alice"])).members == members


def test_inspect_shows_the_claims_and_says_they_are_claims(keys: Keys) -> None:
    bundle = signed([keys["mallory"]], comment="Open the gate", expires=None)
    summary = inspect(bundle)
    text = "\n".join(summary.lines())
    assert text.startswith("UNVERIFIED")
    for fact in ("serial: 7", "device gate-1", "group branch", "author: Alice Admin", "comment: Open the gate"):
        assert fact in text
    assert "(ssh-ed25519)" in text and summary.signatures[0].split()[0].startswith("SHA256:")
    assert "member: config.yaml (25 bytes)" in text
    assert "expires" not in text
    assert summary.reasons == ()


def test_inspect_shows_what_is_wrong(keys: Keys) -> None:
    payload = make_payload()
    altered = payload.replace(b"hostname: gate", b"hostname: gats")
    bundle = seal(altered, [KEYGEN.sign(payload, str(keys["alice"]), "git"), b"junk"])
    summary = inspect(bundle)
    assert [reason.code for reason in summary.reasons] == ["bad_signature_text", "member_altered"]
    assert summary.signatures[0].endswith("for 'git'")
    nonsense = inspect(seal(b"\x00\x00\x00\x02{}", []))
    assert nonsense.manifest is None and "signed by: nobody (draft)" in nonsense.lines()
    assert {reason.code for reason in nonsense.reasons} == {"bad_manifest", "bad_member"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain \u00e4", "plain \u00e4"),
        ("a\nb", r"a\nb"),
        ("\x1b[2J", r"\x1b[2J"),
        ("\x9b2J", r"\x9b2J"),
        ("\u202e", r"\u202e"),
        ("back\\slash", r"back\\slash"),
        (b"\xff\x00", r"\\xff\x00"),
        ("x" * 81, "x" * 80 + "..."),
    ],
)
def test_escape(text: str | bytes, shown: str) -> None:
    assert escape(text) == shown
