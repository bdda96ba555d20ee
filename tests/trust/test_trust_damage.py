"""Damage of every kind in every region: always refused, always in words, never anything else."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.trust.support import codes_of, flip, signed, store_of, verify_here

from patronus.trust import HEADER_SIZE, TrustStore, inspect, open_header

CONTAINER = {"not_a_bundle", "unknown_format", "truncated", "trailing_bytes", "bad_header"}
SIGNATURE = {"bad_signature_text", "wrong_namespace", "unknown_signer", "bad_signature"}


class Sample(NamedTuple):
    """A good bundle, the store that accepts it, and where its payload starts."""

    bundle: bytes
    store: TrustStore
    payload_at: int


@pytest.fixture(scope="module")
def sample(keys: Mapping[str, Path]) -> Sample:
    """Signed with a key of the kind most people have."""
    bundle = signed([keys["alice"]])
    verify_here(bundle, store_of(keys["alice"]))
    return Sample(bundle, store_of(keys["alice"]), HEADER_SIZE + sum(open_header(bundle).signature_lengths))


def test_any_bit_of_the_header(sample: Sample) -> None:
    for bit in range(HEADER_SIZE * 8):
        codes = codes_of(lambda bit=bit: verify_here(flip(sample.bundle, bit), sample.store))  # type: ignore[misc]
        assert set(codes) & (CONTAINER | {"unsigned"}), bit


@settings(database=None, deadline=None, max_examples=250)
@given(data=st.data())
def test_any_bit_of_a_signature(sample: Sample, data: st.DataObject) -> None:
    bit = data.draw(st.integers(HEADER_SIZE * 8, sample.payload_at * 8 - 1))
    codes = codes_of(lambda: verify_here(flip(sample.bundle, bit), sample.store))
    assert len(codes) == 1 and codes[0] in SIGNATURE


def test_any_bit_where_base64_has_bits_to_spare(sample: Sample) -> None:
    """The last character before the padding: some of its bits stand for nothing, and still may not vary."""
    end = sample.bundle.index(b"\n-----END")
    assert sample.bundle[end - 1 : end] == b"="
    for bit in range((end - 8) * 8, end * 8):
        codes = codes_of(lambda bit=bit: verify_here(flip(sample.bundle, bit), sample.store))  # type: ignore[misc]
        assert len(codes) == 1 and codes[0] in SIGNATURE


@settings(database=None, deadline=None, max_examples=100)
@given(data=st.data())
def test_any_bit_of_the_payload(sample: Sample, data: st.DataObject) -> None:
    bit = data.draw(st.integers(sample.payload_at * 8, len(sample.bundle) * 8 - 1))
    assert codes_of(lambda: verify_here(flip(sample.bundle, bit), sample.store)) == ("bad_signature",)


def test_any_truncation(sample: Sample) -> None:
    for length in range(len(sample.bundle)):
        codes = codes_of(lambda length=length: verify_here(sample.bundle[:length], sample.store))  # type: ignore[misc]
        assert codes == ("truncated",)


@settings(database=None, deadline=None, max_examples=150)
@given(data=st.data())
def test_any_splice(sample: Sample, data: st.DataObject) -> None:
    """A piece cut out, or other bytes put in anywhere."""
    start = data.draw(st.integers(0, len(sample.bundle)))
    end = data.draw(st.integers(start, len(sample.bundle)))
    filler = data.draw(st.binary(max_size=40))
    damaged = sample.bundle[:start] + filler + sample.bundle[end:]
    if damaged == sample.bundle:
        return
    assert codes_of(lambda: verify_here(damaged, sample.store))
    assert_inspect_is_safe(damaged)


@settings(database=None, deadline=None, max_examples=200)
@given(st.binary(max_size=300))
def test_any_bytes_at_all(sample: Sample, data: bytes) -> None:
    for bundle in (data, b"PATRONUS" + data, b"PATRONUS\x00\x01" + data, sample.bundle[:HEADER_SIZE] + data):
        assert set(codes_of(lambda bundle=bundle: verify_here(bundle, sample.store))) <= CONTAINER | SIGNATURE  # type: ignore[misc]
        assert_inspect_is_safe(bundle)


def assert_inspect_is_safe(bundle: bytes) -> None:
    """Inspecting says something printable about it, or refuses."""

    def look() -> None:
        lines = inspect(bundle).lines()
        assert all(line.isprintable() for line in lines)
        assert lines[0].startswith("UNVERIFIED")

    codes_of(look)
