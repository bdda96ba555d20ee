"""The same document is always the same bytes; the manifest survives its JSON."""

from __future__ import annotations

import hashlib
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.documents import HOUSE, house, render_data

from patronus.pipeline.render import render
from patronus.values.fragments import Check, File, LinkName, Symlink, Sysctl, Unit
from patronus.values.manifest import Entry, Manifest
from patronus.values.plan import Plan
from patronus.values.tree import Tree

words = st.text(alphabet='abcz09.-_/@ é\n"\\{}', max_size=12)
manifests = st.builds(
    Manifest,
    entries=st.dictionaries(
        words, st.builds(Entry, words, st.integers(0, 0o7777), words, words, words, words), max_size=4
    ).map(lambda entries: dict(sorted(entries.items()))),
    units=st.lists(st.builds(Unit, words, words, st.lists(words, max_size=3).map(tuple), words), max_size=3).map(tuple),
    sysctls=st.lists(st.builds(Sysctl, words, words, words), max_size=3).map(tuple),
    links=st.lists(st.builds(LinkName, words, words, words, words), max_size=3).map(tuple),
    checks=st.lists(st.builds(Check, st.lists(words, max_size=3).map(tuple), words), max_size=3).map(tuple),
    profiles=st.lists(words, max_size=3).map(tuple),
)


@given(manifests)
def test_a_manifest_survives_its_json_with_all_its_types(manifest: Manifest) -> None:
    raw = manifest.to_json()
    read = Manifest.from_json(raw)
    assert read == manifest
    assert repr(read) == repr(manifest)
    assert read.to_json() == raw


def shuffled(value: Any, random_: random.Random) -> Any:
    """The same document with the keys of every mapping in another order; lists stay as they are."""
    if isinstance(value, dict):
        items = [(key, shuffled(item, random_)) for key, item in value.items()]
        random_.shuffle(items)
        return dict(items)
    return [shuffled(item, random_) for item in value] if isinstance(value, list) else value


def whole(tree: Tree) -> tuple[bytes, dict[str, bytes]]:
    return tree.manifest.to_json(), tree.contents


def test_the_same_document_is_the_same_bytes() -> None:
    assert whole(render_data(HOUSE)) == whole(render_data(house()))


def test_a_tree_says_which_profiles_of_the_image_it_needs() -> None:
    assert render_data(HOUSE).manifest.profiles == ("dhcp", "dns")
    assert render_data({key: value for key, value in HOUSE.items() if key != "dhcp"}).manifest.profiles == ("dns",)


@given(st.randoms(use_true_random=False))
@settings(max_examples=10)
def test_the_order_of_keys_does_not_matter(random_: random.Random) -> None:
    assert whole(render_data(shuffled(HOUSE, random_))) == whole(render_data(HOUSE))


def test_a_tree_is_described_by_its_manifest() -> None:
    plan = Plan(
        (
            File("etc/b", b"secret", "two", 0o640, "root", "_kea"),
            File("etc/a", b"", "one"),
            Symlink("etc/c", "../b", "three"),
            Unit("x.service", "x", ("etc/a",)),
            Sysctl("net.b", "1", "y"),
            Sysctl("net.a", "0", "z"),
            LinkName("lan", "mac", "52:54:00:00:00:01", "l"),
            Check(("true", "{tree}"), "c"),
        )
    )
    tree = render(plan)
    assert tree.contents == {"etc/a": b"", "etc/b": b"secret"}
    assert list(tree.manifest.entries) == ["etc/a", "etc/b", "etc/c"]
    assert tree.manifest.entries["etc/b"] == Entry(
        hashlib.sha256(b"secret").hexdigest(), 0o640, "root", "_kea", "", "two"
    )
    assert tree.manifest.entries["etc/c"].target == "../b"
    assert [sysctl.key for sysctl in tree.manifest.sysctls] == ["net.a", "net.b"]
    assert (tree.manifest.units, tree.manifest.links, tree.manifest.checks) == (
        plan.of(Unit),
        plan.of(LinkName),
        plan.of(Check),
    )


@pytest.mark.parametrize(
    "changed",
    [
        File("etc/a", b"2", "one"),
        File("etc/a", b"1", "one", 0o600),
        File("etc/a", b"1", "one", 0o644, "_kea"),
        File("etc/b", b"1", "one"),
        Symlink("etc/a", "1", "one"),
    ],
)
def test_the_tree_id_follows_everything_a_daemon_sees(changed: object) -> None:
    base = render(Plan((File("etc/a", b"1", "one"),))).tree_id
    assert len(base) == 16
    assert render(Plan((changed,))).tree_id != base
