"""The container: every length counts, every byte is accounted for."""

import pytest
from tests.trust.support import codes_of, flip

from patronus.trust import HEADER_SIZE, MAX_BUNDLE, Refused, open_header, seal, split

BUNDLE = seal(b"payload", [b"first", b"the second"])


def test_what_was_sealed_comes_out() -> None:
    assert split(BUNDLE) == ((b"first", b"the second"), b"payload")
    assert open_header(BUNDLE[:HEADER_SIZE]).total_length == len(BUNDLE)


def test_the_header_is_80_bytes_and_starts_with_the_magic() -> None:
    assert HEADER_SIZE == 80
    assert BUNDLE.startswith(b"PATRONUS\x00\x01\x00\x02\x00\x00\x00\x07\x00\x00\x00\x05\x00\x00\x00\x0a\x00")


def test_a_draft_has_no_signature() -> None:
    assert split(seal(b"payload", [])) == ((), b"payload")


def test_every_truncation_is_named() -> None:
    for length in range(len(BUNDLE)):
        assert codes_of(lambda length=length: split(BUNDLE[:length])) == ("truncated",)  # type: ignore[misc]


@pytest.mark.parametrize("extra", [b"\0", b"\n", b"x" * 1000, BUNDLE])
def test_trailing_bytes_are_named(extra: bytes) -> None:
    assert codes_of(lambda: split(BUNDLE + extra)) == ("trailing_bytes",)


def test_every_bit_of_the_header_matters() -> None:
    for bit in range(HEADER_SIZE * 8):
        assert codes_of(lambda bit=bit: split(flip(BUNDLE, bit)))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"PK\x03\x04" + bytes(200), "not_a_bundle"),
        (b"---\nsystem: {}\n", "not_a_bundle"),
        (b"", "truncated"),
        (b"PATRONUS\x00\x02" + BUNDLE[10:], "unknown_format"),
        (bytes(MAX_BUNDLE + 1), "too_large"),
        (BUNDLE + bytes(MAX_BUNDLE), "too_large"),
    ],
)
def test_what_is_no_bundle_is_told_apart(data: bytes, code: str) -> None:
    assert codes_of(lambda: split(data)) == (code,)


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("0011 00000007" + "00000001" * 16, id="seventeen signatures"),
        pytest.param("0001 00000007" + "00010001" + "00000000" * 15, id="a signature over 64 KiB"),
        pytest.param("0001 00000007" + "00000000" * 16, id="an empty signature"),
        pytest.param("0001 00000007" + "00000001" * 2 + "00000000" * 14, id="a length without its signature"),
        pytest.param("0000 00000000" + "00000000" * 16, id="no payload"),
        pytest.param("0000 ffffffff" + "00000000" * 16, id="four gigabytes of payload"),
    ],
)
def test_lengths_out_of_bounds_are_refused_from_the_header_alone(header: str) -> None:
    data = b"PATRONUS\x00\x01" + bytes.fromhex(header)
    assert len(data) == HEADER_SIZE
    assert codes_of(lambda: open_header(data)) == ("bad_header",)


def test_all_faults_of_a_header_are_told_at_once() -> None:
    data = b"PATRONUS\x00\x01" + bytes.fromhex("0002 00000000" + "00000000" + "00000001" * 15)
    assert len(codes_of(lambda: open_header(data))) == 3


def test_sealing_keeps_the_same_bounds() -> None:
    assert codes_of(lambda: seal(b"x", [b"s"] * 17)) == ("bad_header",)
    assert codes_of(lambda: seal(b"x", [b""])) == ("bad_header",)
    assert codes_of(lambda: seal(b"x", [bytes(65537)])) == ("bad_header",)
    assert codes_of(lambda: seal(b"", [])) == ("bad_header",)
    with pytest.raises(Refused, match="16 MiB"):
        seal(bytes(MAX_BUNDLE), [])
