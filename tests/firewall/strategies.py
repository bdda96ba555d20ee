"""Random rules and packets from a world so small that they often meet."""

from __future__ import annotations

from ipaddress import ip_address

from hypothesis import strategies as st
from tests.firewall.model import Packet

from patronus.firewall.ir import BLOCK, ICMP, ICMPV6, PASS, REJECT, SELF, TCP, UDP, Rule
from patronus.values.addresses import ALL4, ALL6, ALL_PORTS, ANYWHERE, Addresses, Ranges, merge_ranges

LINKS = ("dmz", "lan", "wan")
BASE4 = int(ip_address("198.51.0.0"))
BASE6 = int(ip_address("2a00::"))
SIZE = 6
"""Hosts per family; the links' networks hold them all."""


def ranges(base: int, *, most: int = 3) -> st.SearchStrategy[Ranges]:
    spans = st.tuples(st.integers(1, SIZE), st.integers(0, 3)).map(
        lambda s: (base + s[0], base + min(SIZE, s[0] + s[1]))
    )
    return st.lists(spans | st.integers(1, SIZE).map(lambda n: (base + n, base + n)), min_size=1, max_size=most).map(
        merge_ranges
    )


def hosts4() -> st.SearchStrategy[Addresses]:
    return st.integers(1, SIZE).map(lambda n: Addresses(((BASE4 + n, BASE4 + n),), ()))


def addresses() -> st.SearchStrategy[Addresses]:
    v4, v6 = ranges(BASE4), ranges(BASE6)
    single = st.integers(1, SIZE)
    return st.one_of(
        st.just(ANYWHERE),
        hosts4(),
        single.map(lambda n: Addresses((), ((BASE6 + n, BASE6 + n),))),
        v4.map(lambda r: Addresses(r, ())),
        v6.map(lambda r: Addresses((), r)),
        st.builds(lambda left, right: Addresses(left, right), v4, v6),
        v4.map(lambda r: Addresses(r, ALL6)),
        st.just(Addresses(ALL4, ())),
        st.just(Addresses((), ALL6)),
    )


def ports() -> st.SearchStrategy[Ranges]:
    single = st.integers(1, 6).map(lambda n: ((n, n),))
    spans = st.tuples(st.integers(1, 6), st.integers(0, 2)).map(lambda s: ((s[0], s[0] + s[1]),))
    several = st.lists(st.integers(1, 6), min_size=2, max_size=3).map(lambda ns: merge_ranges((n, n) for n in ns))
    return st.one_of(st.just(ALL_PORTS), single, single, spans, several)


@st.composite
def rules(draw: st.DrawFn, *, plain: bool = False) -> Rule:
    """A rule without its final name; `plain` ones look at few fields, so that runs of them fold."""
    protocols = draw(st.sampled_from([(), (TCP,), (UDP,), (TCP, UDP), (ICMP,), (ICMPV6,)] if not plain else [(TCP,)]))
    with_ports = bool(protocols) and set(protocols) <= {TCP, UDP}
    icmp_types = (8,) if protocols == (ICMP,) and draw(st.booleans()) else ()
    links = st.frozensets(st.sampled_from(LINKS), min_size=1)
    return Rule(
        "",
        draw(st.sampled_from([PASS, BLOCK, REJECT])),
        draw(links) if not plain else frozenset(LINKS),
        draw(st.frozensets(st.sampled_from((*LINKS, SELF)), min_size=1)) if not plain else frozenset(LINKS),
        draw(
            addresses() if not plain else st.integers(1, SIZE).map(lambda n: Addresses(((BASE4 + n, BASE4 + n),), ()))
        ),
        draw(addresses()) if not plain else ANYWHERE,
        protocols,
        draw(ports()) if with_ports and not plain and draw(st.booleans()) else ALL_PORTS,
        (draw(ports()) if not plain else draw(st.integers(1, 6).map(lambda n: ((n, n),)))) if with_ports else ALL_PORTS,
        icmp_types,
        (0x12, 0x02) if protocols == (TCP,) and not plain and draw(st.booleans()) else None,
    )


def _name(parts: list[list[Rule]]) -> list[Rule]:
    return [rule._replace(name=f"rule-{i}") for i, rule in enumerate(rule for part in parts for rule in part)]


def only_sources() -> st.SearchStrategy[Rule]:
    """Rules that look at one range of sources and nothing else."""
    actions = st.sampled_from([PASS, BLOCK])
    everywhere = frozenset(LINKS)
    source = ranges(BASE4, most=1).map(lambda r: Addresses(r, ()))
    return st.builds(lambda action, s: Rule("", action, everywhere, everywhere, s), actions, source)


def rulesets() -> st.SearchStrategy[list[Rule]]:
    """Lists of rules with names, with runs long enough to fold."""
    part = st.one_of(
        st.lists(rules(), max_size=6),
        st.lists(rules(plain=True), min_size=8, max_size=20),
        st.lists(only_sources(), min_size=8, max_size=14),
    )
    return st.lists(part, max_size=4).map(_name)


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    family = draw(st.sampled_from([4, 4, 6]))
    base = BASE4 if family == 4 else BASE6
    protocol = draw(st.sampled_from([TCP, TCP, UDP, ICMP if family == 4 else ICMPV6]))
    origin, target = draw(st.permutations(LINKS))[:2]
    host = st.integers(1, SIZE).map(lambda n: base + n)
    port = st.integers(1, 7)
    return Packet(
        origin, target, family, draw(host), draw(host), protocol, draw(port), draw(port),
        8 if family == 4 else 128, draw(st.sampled_from([0x02, 0x02, 0x10])),
    )  # fmt: skip
