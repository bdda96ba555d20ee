"""Sorting rules into chains and folding runs of them into maps never changes which rule decides a packet."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.firewall.model import Packet, decide, decide_folded
from tests.firewall.strategies import BASE4, LINKS, only_sources, packets, rules, rulesets

from patronus.firewall.folding import SHORTEST_RUN, ForwardRun, Run, fold_forwards, fold_rules
from patronus.firewall.ir import BLOCK, PASS, SELF, TCP, UDP, PortForward, Rule
from patronus.firewall.scopes import Dispatch, dispatch_rules
from patronus.values.addresses import ANYWHERE, Addresses


def flatten(dispatch: Dispatch, name: str) -> list[Rule]:
    bodies = {chain.name: chain.body for chain in dispatch.chains}
    found: list[Rule] = []
    for item in bodies[name]:
        found += flatten(dispatch, item) if isinstance(item, str) else [item]
    return found


def in_scope(rules: Iterable[Rule], origin: str, target: str) -> list[str]:
    return [rule.name for rule in rules if origin in rule.origins and target in rule.targets]


@given(rulesets())
def test_every_pair_of_links_meets_its_rules_in_order(ruleset: list[Rule]) -> None:
    for targets in (LINKS, (SELF,)):
        dispatch = dispatch_rules(ruleset, LINKS, targets, "x")
        for origin in LINKS:
            for target in targets:
                chain = dispatch.pairs.get((origin, target))
                met = [rule.name for rule in flatten(dispatch, chain)] if chain else []
                assert met == in_scope(ruleset, origin, target)
        assert_declared_before_called(dispatch)


def assert_declared_before_called(dispatch: Dispatch) -> None:
    known: set[str] = set()
    for chain in dispatch.chains:
        assert {item for item in chain.body if isinstance(item, str)} <= known
        assert chain.name not in known
        known.add(chain.name)
    assert set(dispatch.pairs.values()) <= known


@given(rulesets(), st.lists(packets(), min_size=10, max_size=40))
def test_folding_keeps_the_deciding_rule(ruleset: list[Rule], sent: list[Packet]) -> None:
    everywhere = [rule._replace(origins=frozenset(LINKS), targets=frozenset(LINKS)) for rule in ruleset]
    folded = list(fold_rules(everywhere))
    for packet in sent:
        assert decide_folded(folded, packet) == decide(everywhere, packet)


@given(st.lists(rules(plain=True) | only_sources(), min_size=SHORTEST_RUN, max_size=30))
def test_keys_of_a_map_never_overlap(ruleset: list[Rule]) -> None:
    """The kernel refuses a map with overlapping ranges, and keeps one of two equal keys in an order nobody promises."""
    for item in fold_rules(ruleset):
        if not isinstance(item, Run):
            continue
        keys = [key for key, _ in item.elements]
        assert len(keys) == len(set(keys))
        if len(item.fields) > 1:
            continue
        spans = []
        for key in keys:
            if "-" in key:
                first, last = (int(ip_address(word)) for word in key.split("-"))
            else:
                network = ip_network(key)
                first, last = int(network.network_address), int(network.broadcast_address)
            spans.append((first, last))
        spans.sort()
        assert all(left[1] < right[0] for left, right in pairwise(spans))


def make_rules(count: int, action: str = PASS) -> list[Rule]:
    everywhere = frozenset(LINKS)
    return [
        Rule(f"r{i}", action, everywhere, everywhere, Addresses.of(f"10.0.0.{i}"), protocols=(6,),
             destination_ports=((443, 443),))
        for i in range(count)
    ]  # fmt: skip


def test_a_long_run_becomes_one_map_and_a_short_one_stays() -> None:
    assert [type(item) for item in fold_rules(make_rules(SHORTEST_RUN))] == [Run]
    assert [type(item) for item in fold_rules(make_rules(SHORTEST_RUN - 1))] == [Rule] * (SHORTEST_RUN - 1)


def test_a_rule_that_logs_stays_a_rule_and_splits_the_run() -> None:
    run = make_rules(2 * SHORTEST_RUN)
    run[SHORTEST_RUN] = run[SHORTEST_RUN]._replace(log=True)
    kinds = [type(item) for item in fold_rules(run)]
    assert kinds == [Run, *[Rule] * SHORTEST_RUN]


def test_of_two_rules_with_one_key_the_first_decides() -> None:
    run = make_rules(SHORTEST_RUN)
    run.append(run[0]._replace(name="later", action=BLOCK))
    (folded,) = fold_rules(run)
    assert isinstance(folded, Run)
    assert "later" not in {rule.name for _, rule in folded.elements}


def test_a_thousand_shared_rules_are_written_once_for_many_pairs() -> None:
    links = [f"l{i}" for i in range(20)]
    everywhere = frozenset(links)
    shared = [Rule(f"r{i}", PASS, everywhere, everywhere) for i in range(1000)]
    own = Rule("own", PASS, frozenset({"l0"}), everywhere)
    dispatch = dispatch_rules([own, *shared], links, links, "x")
    written = sum(len([item for item in chain.body if isinstance(item, Rule)]) for chain in dispatch.chains)
    assert written <= 1001 + 4
    assert len(dispatch.pairs) == 400


def forwards() -> st.SearchStrategy[list[PortForward]]:
    """Port forwards of which many are alike, as in a long list of services."""
    some_links = st.sampled_from([frozenset({"wan"}), frozenset({"wan", "dmz"})])
    protocols = st.sampled_from([(TCP,), (TCP,), (UDP,), (TCP, UDP)])
    single = st.integers(1, 40).map(lambda port: (port, port))
    ports = st.lists(single, min_size=1, max_size=3, unique=True).map(lambda found: tuple(sorted(found)))
    sources = st.sampled_from([ANYWHERE, ANYWHERE, ANYWHERE, Addresses.of("198.51.0.0/30")])
    alike = st.builds(PortForward, st.just(""), st.just(frozenset({"wan"})), protocols, ports, st.integers(1, 9))
    others = st.builds(
        PortForward, st.just(""), some_links, protocols, ports | st.just(((3, 9),)), st.integers(1, 9), source=sources
    )
    lists = st.lists(st.lists(alike, max_size=12) | st.lists(others, max_size=2), max_size=4)
    return lists.map(
        lambda parts: [
            forward._replace(name=f"forward.f{number}")
            for number, forward in enumerate(forward for part in parts for forward in part)
        ]
    )


def takes(forward: PortForward, link: str, source: int, protocol: int, port: int) -> bool:
    return (
        link in forward.links
        and any(first <= source <= last for first, last in forward.source.v4)
        and protocol in forward.protocols
        and any(first <= port <= last for first, last in forward.ports)
    )


def redirect(items: Iterable[PortForward | ForwardRun], link: str, source: int, protocol: int, port: int) -> str:
    """The forward that takes a connection, a run read as the kernel does: who is asked first, then one lookup."""
    for item in items:
        if isinstance(item, ForwardRun):
            whole = item.first._replace(protocols=(protocol,), ports=((port, port),))
            if (protocol, port) in item.elements and takes(whole, link, source, protocol, port):
                return item.elements[protocol, port].name
        elif takes(item, link, source, protocol, port):
            return item.name
    return ""


@given(forwards())
def test_folding_keeps_the_forward_that_takes_a_connection(wanted: list[PortForward]) -> None:
    folded = list(fold_forwards(wanted))
    for link in LINKS:
        for source in (BASE4 + 1, BASE4 + 5):
            for protocol in (TCP, UDP):
                for port in range(1, 41):
                    asked = (link, source, protocol, port)
                    assert redirect(folded, *asked) == redirect(wanted, *asked)


def test_a_long_list_of_forwards_becomes_one_lookup() -> None:
    wanted = [PortForward(f"forward.f{port}", frozenset({"wan"}), (TCP,), ((port, port),), 1) for port in range(1, 101)]
    (run,) = fold_forwards(wanted)
    assert isinstance(run, ForwardRun)
    assert len(run.elements) == 100
    assert list(fold_forwards(wanted[: SHORTEST_RUN - 1])) == wanted[: SHORTEST_RUN - 1]
