"""Sorting rules into chains and folding runs of them into maps never changes which rule decides a packet."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from tests.firewall.model import Packet, decide, decide_folded
from tests.firewall.strategies import LINKS, only_sources, packets, rules, rulesets

from patronus.firewall.folding import SHORTEST_RUN, Run, fold_rules
from patronus.firewall.ir import BLOCK, PASS, SELF, Rule
from patronus.firewall.scopes import Dispatch, dispatch_rules
from patronus.values.addresses import Addresses


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


@given(rulesets())
def test_chains_are_declared_before_they_are_called(ruleset: list[Rule]) -> None:
    dispatch = dispatch_rules(ruleset, LINKS, LINKS, "x")
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
