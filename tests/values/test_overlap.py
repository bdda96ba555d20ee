"""The quick way finds the same pairs as comparing each with each."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network

from hypothesis import given
from hypothesis import strategies as st

from patronus.values.overlap import Network, find_overlaps

v4 = st.builds(
    lambda number, length: IPv4Network((number << 24, length), strict=False), st.integers(0, 15), st.integers(3, 10)
)
v6 = st.builds(
    lambda number, length: IPv6Network((number << 120, length), strict=False), st.integers(0, 15), st.integers(3, 10)
)


@given(st.lists(v4 | v6, max_size=12))
def test_every_overlap_is_found_and_nothing_else(networks: list[Network]) -> None:
    expected = [
        (one, other)
        for one in range(len(networks))
        for other in range(one + 1, len(networks))
        if networks[one].version == networks[other].version and networks[one].overlaps(networks[other])
    ]
    assert find_overlaps(networks) == expected
