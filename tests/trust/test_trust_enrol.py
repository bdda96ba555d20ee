"""What may be typed at the console of a box that trusts nobody."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.trust.support import codes_of, store_of

from patronus.trust import parse_store, render_store
from patronus.trust.enrol import read_keys

Keys = Mapping[str, Path]


def line_of(key: Path) -> bytes:
    return key.with_suffix(".pub").read_bytes()


@pytest.mark.parametrize("name", ["alice", "ecdsa", "rsa"])
def test_the_line_of_a_pub_file_is_a_key_named_by_its_comment(keys: Keys, name: str) -> None:
    store = read_keys(line_of(keys[name]))
    assert store.signers == store_of(keys[name]).signers
    assert (store.threshold, store.groups, store.rotation) == (1, None, True)


def test_lines_of_allowed_signers_and_of_pub_files_may_stand_together(keys: Keys) -> None:
    allowed, _ = render_store(store_of(keys["bob"]))
    store = read_keys(b"# owners\r\n\r\n" + allowed + line_of(keys["alice"]), 2, ["hq"])
    assert [signer.name for signer in store.signers] == ["bob", "alice"]
    assert (store.threshold, store.groups) == (2, ("hq",))


@pytest.mark.parametrize(
    ("comment", "name"),
    [
        (b"", "owner"),
        (b"alice@laptop", "alice@laptop"),
        (b"Alice B. (laptop)", "Alice-B.-laptop"),
        (b"*", "owner"),
        (b'x,y namespaces="z"', "x-y-namespaces-z"),
        (b"\x1b[2J", "2J"),
        ("Grüße".encode(), "Gr-e"),
        (b"a" * 500, "a" * 128),
    ],
)
def test_a_comment_becomes_a_harmless_name(keys: Keys, comment: bytes, name: str) -> None:
    words = line_of(keys["alice"]).split()[:2]
    (signer,) = read_keys(b" ".join([*words, comment])).signers
    assert signer.names == (name,)


def test_what_is_no_key_is_told_with_its_line(keys: Keys) -> None:
    text = b"\n".join([line_of(keys["alice"]).strip(), b"ssh-dss AAAA x", b"hello", b"* ssh-ed25519 AAAA"])
    assert codes_of(lambda: read_keys(text)) == ("bad_key",) * 3
    assert codes_of(lambda: read_keys(b"\n# nothing\n")) == ("bad_key",)
    assert codes_of(lambda: read_keys(b"#" * 70_000)) == ("bad_key",)


def test_a_threshold_nobody_can_meet_is_refused(keys: Keys) -> None:
    assert codes_of(lambda: read_keys(line_of(keys["alice"]) * 2, 2)) == ("bad_store",)
    for threshold in (0, -1, 17):
        assert codes_of(lambda threshold=threshold: read_keys(line_of(keys["alice"]), threshold))  # type: ignore[misc]


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode), st.lists(st.text(max_size=10), max_size=3))
def test_no_bytes_break_it_and_what_it_accepts_is_a_store(text: bytes, groups: list[str]) -> None:
    assert set(codes_of(lambda: read_keys(text, 1, groups))) <= {"bad_key", "bad_store"}
    prefix = b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFK8CxSfgH3oe+uOrxyi0uLig9N+gFRpoIWaUpy//9Fm "
    line = prefix + text.replace(b"\n", b" ").replace(b"\r", b" ")
    if len(line.decode("utf-8", "replace").splitlines()) == 1:
        store = read_keys(line)
        assert parse_store(*render_store(store)) == store
