"""Range arithmetic is set arithmetic, and terms say what is written."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patronus.values.addresses import (
    ALL4,
    ALL_PORTS,
    ANYWHERE,
    Addresses,
    Ranges,
    complement_ranges,
    intersect_ranges,
    merge_ranges,
    parse_address_term,
    parse_link_term,
    parse_port_term,
    subtract_ranges,
)

spans = st.lists(st.tuples(st.integers(0, 63), st.integers(0, 63)).map(lambda s: (min(s), max(s))), max_size=8)


def members(ranges: Ranges | list[tuple[int, int]]) -> set[int]:
    return {number for first, last in ranges for number in range(first, last + 1)}


@given(spans, spans)
def test_ranges_behave_like_sets(left: list[tuple[int, int]], right: list[tuple[int, int]]) -> None:
    a, b = merge_ranges(left), merge_ranges(right)
    assert members(a) == members(left)
    assert members(complement_ranges(a, 63)) == set(range(64)) - members(left)
    assert members(intersect_ranges(a, b)) == members(left) & members(right)
    assert members(subtract_ranges(a, b, 63)) == members(left) - members(right)
    for result in (a, complement_ranges(a, 63), intersect_ranges(a, b)):
        assert list(result) == sorted(result)
        assert all(x[1] < y[0] for x, y in pairwise(result))


def test_terms_are_read() -> None:
    assert parse_address_term("10.0.0.0/30").literal == Addresses(((0x0A000000, 0x0A000003),), ())
    assert parse_address_term("!10.0.0.1-10.0.0.9").negated
    assert parse_address_term("2001:db8::/32").literal == Addresses(
        (), ((int(ip_address("2001:db8::")), int(ip_address("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"))),)
    )
    assert parse_address_term("!admins").alias == "admins"
    assert parse_port_term(443).literal == ((443, 443),)
    assert parse_port_term("!8000-8010") == ("!8000-8010", True, None, ((8000, 8010),))
    assert parse_link_term("!guest") == ("!guest", True, "guest")
    assert Addresses.of("0.0.0.0/0", "::/0") == ANYWHERE
    assert ANYWHERE.v4 == ALL4


@pytest.mark.parametrize(
    "text",
    ["", "!", "!!a", "10.0.0.1/24", "10.0.0.0/255.0.0.0", "10.0.0.9-10.0.0.1", "10.0.0.1-::1", "fe80::1%lan", "A",
     "a b", "a;b", "10.0.0.1 ", "a" * 32, "fe80::/10%x", "1.2.3", "10.0.0.0/33", "ä", "\uff11"],
)  # fmt: skip
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_address_term(text)


@pytest.mark.parametrize("text", ["", "0", "65536", "-1", "1-", "5-1", "1-2-3", "٣", "1 ", "!", "A", 0, -5, 70000])
def test_what_is_no_port_is_refused(text: str | int) -> None:
    with pytest.raises(ValueError):
        parse_port_term(text)


def test_all_ports_include_zero_so_that_any_means_any() -> None:
    assert ALL_PORTS[0][0] == 0
