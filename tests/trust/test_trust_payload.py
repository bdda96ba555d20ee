"""Manifest and members: one spelling, nothing between the lines, all problems at once."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trust.support import MANIFEST, MEMBERS, NOW, codes_of, make_payload

from patronus.trust import MAX_DOCUMENT, Manifest, Target, digest, pack, unpack
from patronus.trust.manifest import encode_manifest, parse_manifest, read_version
from patronus.trust.payload import check_hashes

WORDS = st.from_regex(r"[a-z0-9]+([._-][a-z0-9]+)*", fullmatch=True).filter(lambda word: len(word) <= 60)
LINES = st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1, max_size=100).filter(str.isprintable)
TIMES = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)).map(
    lambda time: time.replace(microsecond=0)
)


def manifest_document(**changes: Any) -> bytes:
    """The manifest of the usual payload in canonical JSON, with keys changed, or removed when None."""
    document = json.loads(encode_manifest(unpack(make_payload()).manifest))
    document.update(changes)
    kept = {key: value for key, value in document.items() if value is not ...}
    return json.dumps(kept, sort_keys=True, separators=(",", ":")).encode()


def complaints(data: bytes) -> str:
    """Everything parse_manifest says."""
    try:
        parse_manifest(data)
    except Exception as error:
        return str(error)
    return ""


def test_what_was_packed_comes_out() -> None:
    payload = unpack(make_payload())
    assert payload.members == MEMBERS
    assert payload.manifest._replace(members=()) == MANIFEST
    assert not check_hashes(payload)


def test_the_bytes_stay_what_they_are() -> None:
    """Pinned: a digest names the parent of the next config, so one format version has one spelling for ever."""
    assert digest(make_payload()) == "b626c210b7407e41b43310c9f57dfa29fb81f073657a0ffde361891fd6a12e4e"


def test_order_and_time_zone_of_the_input_do_not_matter() -> None:
    reverse = {name: MEMBERS[name] for name in sorted(MEMBERS, reverse=True)}
    target = Target(("gate-2", "gate-1", "gate-2"), ("branch",))
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5))).replace(microsecond=999)
    assert make_payload(reverse, target=target, created=elsewhere) == make_payload()


@settings(database=None, deadline=None, max_examples=60)
@given(
    serial=st.integers(1, 2**53 - 1),
    author=LINES,
    comment=st.none() | LINES,
    devices=st.lists(WORDS, min_size=1, max_size=4, unique=True),
    expires=st.none() | TIMES,
    created=TIMES,
    files=st.dictionaries(WORDS, st.binary(max_size=50), max_size=4),
)
def test_any_config_comes_back_as_it_went_in(
    serial: int,
    author: str,
    comment: str | None,
    devices: list[str],
    expires: datetime | None,
    created: datetime,
    files: dict[str, bytes],
) -> None:
    target = Target(tuple(sorted(devices)))
    manifest = Manifest(serial, 3, "1.2", target, author, created, expires, None, comment)
    members = {"config.yaml": b"a: 1\n", **{f"files/{name}": data for name, data in files.items()}}
    payload = unpack(pack(manifest, members))
    assert payload.manifest._replace(members=()) == manifest
    assert payload.members == members


@pytest.mark.parametrize(
    "name",
    [
        "../config.yaml",
        "config/../config.yaml",
        "/config.yaml",
        "config/10-a.yaml/",
        "config/1-a.yaml",
        "config/10-A.yaml",
        "config/10-a.yml",
        "config/sub/10-a.yaml",
        "config.yaml\n",
        "config.yaml\0",
        "files/",
        "files/.hidden",
        "files/..",
        "files/a..b",
        "files/a/b",
        "files/a b",
        "files/a\x1b[2J",
        "files/\u00e4",
        "files/" + "a" * 100,
        "secrets/a",
        "secrets/../a.age",
        "Config.yaml",
        "other",
        "",
    ],
)
def test_member_names_are_narrow(name: str) -> None:
    members = {"config.yaml": b"", name: b""}
    assert set(codes_of(lambda: make_payload(members))) == {"bad_member"}


def test_the_document_has_one_form() -> None:
    assert codes_of(lambda: make_payload({"files/a": b""})) == ("bad_member",)
    assert codes_of(lambda: make_payload({"config.yaml": b"", "config/10-a.yaml": b""})) == ("bad_member",)
    assert (
        unpack(make_payload({"config/10-a.yaml": b"1", "config/20-b.yaml": b"2"})).members["config/20-b.yaml"] == b"2"
    )


def test_large_documents_are_refused_when_packing_and_when_unpacking() -> None:
    ten = bytes(10_000_000)
    assert codes_of(lambda: make_payload({"config.yaml": ten})) == ("document_too_large",)
    halves = {"config/10-a.yaml": ten[: MAX_DOCUMENT // 2], "config/20-b.yaml": ten[: MAX_DOCUMENT // 2 + 1]}
    assert codes_of(lambda: make_payload(halves)) == ("document_too_large",)
    assert codes_of(lambda: unpack(packed_without_checks({"config.yaml": ten}))) == ("document_too_large",)
    assert codes_of(lambda: make_payload({**MEMBERS, "secrets/a.age": bytes(65537)})) == ("bad_member",)
    assert len(make_payload({**MEMBERS, "files/big": ten})) > len(ten)


def packed_without_checks(members: dict[str, bytes]) -> bytes:
    """A payload from someone who has a key, but not our program."""
    listed = [{"name": name, "size": len(members[name]), "sha256": digest(members[name])} for name in sorted(members)]
    manifest = manifest_document(members=listed)
    return len(manifest).to_bytes(4, "big") + manifest + b"".join(members[name] for name in sorted(members))


def test_the_members_must_fill_the_payload() -> None:
    payload = make_payload()
    assert codes_of(lambda: unpack(payload + b"x")) == ("bad_payload",)
    assert codes_of(lambda: unpack(payload[:-1])) == ("bad_payload",)
    for short in (b"", b"\0\0", b"\xff\xff\xff\xff" + payload[4:], payload[:50]):
        assert codes_of(lambda short=short: unpack(short)) == ("bad_payload",)  # type: ignore[misc]


def test_an_altered_member_is_named() -> None:
    payload = make_payload()
    changed = payload.replace(b"hostname: gate", b"hostname: gats")
    reasons = check_hashes(unpack(changed))
    assert [reason.code for reason in reasons] == ["member_altered"]
    assert "config.yaml" in reasons[0].message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"serial": 0}, "'serial' is not a whole number from 1"),
        ({"serial": True}, "'serial' is not a whole number"),
        ({"serial": "7"}, "'serial' is not a whole number"),
        ({"serial": 2**53}, "'serial' is not a whole number"),
        ({"serial": 7.0}, "7.0 is not a whole number"),
        ({"serial": float("nan")}, "NaN is not a whole number"),
        ({"serial": ...}, "'serial' is missing"),
        ({"serial": None}, "'serial' is not allowed to be null"),
        ({"schema": 65536}, "'schema' is not"),
        ({"minimum_image": "1.x"}, "'minimum_image' is not a version"),
        ({"minimum_image": ""}, "'minimum_image' is not a version"),
        ({"author": ""}, "'author' is not one line"),
        ({"author": "a\nb"}, "'author' is not one line"),
        ({"author": "\x1b[31m"}, "'author' is not one line"),
        ({"author": "\u202egpj"}, "'author' is not one line"),
        ({"author": "\ud800"}, "'author' is not one line"),
        ({"author": "a" * 129}, "'author' is not one line"),
        ({"comment": 3}, "'comment' is not a string"),
        ({"created": "2026-11-22"}, "'created' is not a UTC time"),
        ({"created": "2026-02-30T00:00:00Z"}, "'created' is not a time that exists"),
        ({"created": "2026-11-22T12:00:00+01:00"}, "'created' is not a UTC time"),
        ({"expires": None}, "'expires' is not allowed to be null"),
        ({"parent": "AB" * 32}, "'parent' is not 64 hex digits"),
        ({"target": []}, "'target' is not an object"),
        ({"target": {}}, "'target.devices' is missing"),
        ({"target": {"devices": [], "groups": []}}, "names no device and no group"),
        ({"target": {"devices": ["*", "a"], "groups": []}}, "every device"),
        ({"target": {"devices": ["*"], "groups": ["a"]}}, "every device"),
        ({"target": {"devices": [], "groups": ["*"]}}, "'target.groups' is not a list of ids"),
        ({"target": {"devices": ["A"], "groups": []}}, "'target.devices' is not a list of ids"),
        ({"target": {"devices": ["a"], "groups": [], "sites": []}}, "'target.sites' is unknown"),
        ({"target": {"devices": ["b", "a"], "groups": []}}, "canonical"),
        ({"members": {}}, "'members' is not a list"),
        ({"members": [1]}, "'members[0]' is not an object"),
        ({"members": [{"name": "config.yaml", "size": -1, "sha256": "0" * 64}]}, "'members[0].size' is not"),
        ({"members": [{"name": "config.yaml", "size": 1, "sha256": "0" * 63}]}, "'members[0].sha256' is not"),
        ({"members": [{"name": "config.yaml", "size": 1, "sha256": "0" * 64, "mode": 7}]}, "mode' is unknown"),
        ({"members": [{"name": "config.yaml", "size": 1, "sha256": "0" * 64}] * 2}, "names a member twice"),
        ({"members": []}, "has no config.yaml"),
        ({"extra\x1b": 1}, "the key 'extra\\x1b' is unknown"),
    ],
)
def test_the_manifest_is_strict(changes: dict[str, Any], words: str) -> None:
    said = complaints(manifest_document(**changes))
    assert words in said
    assert all(line.isprintable() for line in said.split("\n"))


def test_members_out_of_order_are_refused() -> None:
    members = [{"name": name, "size": 0, "sha256": "0" * 64} for name in ("files/a", "config.yaml")]
    assert "not sorted" in complaints(manifest_document(members=members))


def test_all_problems_of_a_manifest_are_told_at_once() -> None:
    said = complaints(
        manifest_document(serial=0, author="", schema="x", target={"devices": []}, unknown=1, members=[{}])
    )
    for key in ("serial", "author", "schema", "target.groups", "unknown", "members[0].name", "members[0].sha256"):
        assert f"'{key}'" in said


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"\xff{}", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"serial":' + b"9" * 5000 + b"}", "digits"),
        (b"{" + b" " * 300_000 + b"}", "262144 is the most"),
        (manifest_document().replace(b'"schema":1', b'"schema":1,"schema":2'), "'schema' is given twice"),
        (manifest_document().replace(b'"devices":', b'"devices":[],"devices":'), "'devices' is given twice"),
        (manifest_document().replace(b":1,", b": 1,", 1), "canonical"),
        (manifest_document() + b"\n", "canonical"),
        (manifest_document().replace(b"Alice", b"\\u0041lice"), "canonical"),
    ],
)
def test_json_has_one_spelling(data: bytes, words: str) -> None:
    assert words in complaints(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = ["serial", "schema", "minimum_image", "target", "author", "created", "expires", "parent", "comment", "members"]


@settings(database=None, deadline=None, max_examples=200)
@given(st.dictionaries(st.sampled_from(FIELDS), JSON, min_size=1))
def test_whatever_a_field_holds_is_refused_in_words(changes: dict[str, Any]) -> None:
    """Nothing but Refused comes out, and what it says cannot drive a terminal."""
    codes = codes_of(lambda: parse_manifest(manifest_document(**changes)))
    assert set(codes) <= {"bad_manifest", "bad_member"}


@settings(database=None, deadline=None, max_examples=200)
@given(st.binary(max_size=400))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    assert codes_of(lambda: unpack(data))
    assert codes_of(lambda: unpack(len(data).to_bytes(4, "big") + data))


@pytest.mark.parametrize(
    ("older", "newer"), [("0.1", "0.1.1"), ("0.9", "0.10"), ("1", "1.0.1"), ("1.2-rc9", "1.3"), ("9", "20261122")]
)
def test_versions_compare_by_number(older: str, newer: str) -> None:
    low, high = read_version(older), read_version(newer)
    assert low is not None and high is not None and low < high


def test_versions_that_are_equal_or_none() -> None:
    assert read_version("1.0.0") == read_version("1") == read_version("1.0-dev")
    assert read_version("dev") is None
