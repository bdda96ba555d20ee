"""One value of a document's text is set; everything else, comments included, stays as it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patronus.pipeline.edit_yaml import set_values
from patronus.pipeline.load import load
from patronus.values.problem import Refused

TEXT = """\
# the house of Alice
version: 1

system:
  hostname: gw          # says the door
  tunables: {net.core.somaxconn: 4096}

# two networks
dhcp:
  subnets:
    - interface: lan    # the first
      pools: [192.168.1.100-192.168.1.199]
    - {interface: guest, pools: ["192.168.2.100-192.168.2.199"]}

dns: {interfaces: [lan]}
empty:
"""
FLAT_DASH = "a:\n- 1\n- b: 2  # two\n  c: 3\n"


def edit(text: str, path: str, value: str | None) -> str:
    return set_values({"config.yaml": text.encode()}, {path: value})["config.yaml"].decode()


def refusal(text: str, path: str, value: str | None) -> str:
    with pytest.raises(Refused) as caught:
        edit(text, path, value)
    assert all(problem.hint for problem in caught.value.problems)
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("system.hostname", "hq", "hostname: gw ", "hostname: hq "),
        ("system.hostname", "'hq'", "hostname: gw  ", "hostname: 'hq'"),
        ("system.domain", "lan.example", "  tunables:", "  tunables:"),
        ("system.tunables.net.core.somaxconn", "128", "4096", "128"),
        ("dhcp.subnets[0].interface", "cellar", "interface: lan    #", "interface: cellar #"),
        ("dhcp.subnets[1].pools", "[192.168.2.10-192.168.2.20]", '["192.168.2.100-192.168.2.199"]',
         "[192.168.2.10-192.168.2.20]"),
        ("dns.interfaces[1]", "guest", "interfaces: [lan]", "interfaces: [lan, guest]"),
        ("empty", "{a: 1}", "empty:", "empty: {a: 1}"),
    ],
)  # fmt: skip
def test_only_the_lines_of_the_setting_change(path: str, value: str, old: str, new: str) -> None:
    after = edit(TEXT, path, value)
    expected = TEXT.replace(old, new)
    if old == new:
        expected = expected.replace("4096}\n", "4096}\n  domain: lan.example\n")
    assert after == expected


@pytest.mark.parametrize(
    ("path", "lines"),
    [
        ("system.hostname", ["  hostname: gw          # says the door"]),
        ("dhcp.subnets[1]", ['    - {interface: guest, pools: ["192.168.2.100-192.168.2.199"]}']),
        ("empty", ["empty:"]),
        ("version", ["version: 1"]),
    ],
)
def test_what_is_removed_is_gone_and_nothing_else(path: str, lines: list[str]) -> None:
    left = [line for line in edit(TEXT, path, None).splitlines() if line]
    assert left == [line for line in TEXT.splitlines() if line and line not in lines]


@pytest.mark.parametrize("path", ["system.domain", "nothing", "dhcp.subnets[2]", "dns.none.deeper", "dns.interfaces.x"])
def test_what_is_not_there_is_not_removed(path: str) -> None:
    assert "nothing to remove" in refusal(TEXT, path, None)


def test_lists_keep_the_way_they_are_indented() -> None:
    assert edit(FLAT_DASH, "a[0]", "7") == FLAT_DASH.replace("- 1", "- 7")


def test_a_mapping_on_the_way_is_made() -> None:
    assert load({"a.yaml": edit(TEXT, "new.section.key", "[1, 2]").encode()})["new"] == {"section": {"key": [1, 2]}}
    assert load({"a.yaml": edit("# nothing\n", "version", "1").encode()}) == {"version": 1}


def test_of_several_files_the_one_that_holds_the_setting_changes() -> None:
    files = {
        "config/00-a.yaml": b"version: 1\nsystem: {hostname: gw}\n",
        "config/01-b.yaml": b"dns: {interfaces: [a]}\n",
    }
    after = set_values(files, {"dns.cache_size": "64M"})
    assert after["config/00-a.yaml"] == files["config/00-a.yaml"]
    assert after["config/01-b.yaml"] == b"dns: {interfaces: [a], cache_size: 64M}\n"
    both = set_values(files, {"dns.cache_size": "64M", "system.hostname": "hq", "ntp": "{}", "ntp.serve": "[a]"})
    assert both == {
        "config/00-a.yaml": b"version: 1\nsystem: {hostname: hq}\nntp:\n  serve: [a]\n",
        "config/01-b.yaml": b"dns: {interfaces: [a], cache_size: 64M}\n",
    }


def test_a_document_begins_with_its_first_settings() -> None:
    (made,) = set_values({}, {"version": "1", "system.hostname": "gw", "dns.interfaces": "[lan]"}).values()
    assert made == b"version: 1\nsystem:\n  hostname: gw\ndns:\n  interfaces: [lan]\n"
    (made,) = set_values({}, {"interfaces": "lan:\n  match: {name: eth0}\n", "interfaces.lan.mtu": "1400"}).values()
    assert load({"a": made}) == {"interfaces": {"lan": {"match": {"name": "eth0"}, "mtu": 1400}}}


def test_one_bad_value_among_many_is_refused_by_its_own_path() -> None:
    with pytest.raises(Refused, match=r"dns.none\[0\]: there is no list"):
        set_values({"a.yaml": TEXT.encode()}, {"system.hostname": "hq", "dns.none[0]": "1"})


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("", "1", "is not the place of a setting"),
        ("[0]", "1", "is not the place of a setting"),
        (".a", "1", "is not the place of a setting"),
        ("a.", "1", "is not the place of a setting"),
        ("dns.interfaces[x]", "1", "is not the place of a setting"),
        ("dns.interfaces[-1]", "1", "is not the place of a setting"),
        ("dns.interfaces[2]", "1", "there is no list with such an entry"),
        ("dns.none[0]", "1", "there is no list with such an entry"),
        ("dns[0]", "1", "there is no list with such an entry"),
        ("dns.interfaces.name", "1", "there is no mapping that could hold 'name'"),
        ("system.hostname", "&a gw", "anchors"),
        ("system.hostname", "*a", "the value:1:1"),
        ("system.hostname", "!!python/object gw", "tags"),
        ("system.hostname", "a\n---\nb", "a second document begins"),
        ("system.hostname", "gw\x00", "not allowed"),
        ("system.hostname", "[" * 50, "the value"),
        ("system.hostname\x1b[2J", "1", "is not the place of a setting"),
    ],
)
def test_what_cannot_be_set_is_refused_with_its_reason(path: str, value: str, words: str) -> None:
    assert words in refusal(TEXT, path, value)


SCALARS = st.one_of(
    st.booleans(),
    st.integers(-999, 999),
    st.none(),
    st.text(st.characters(codec="ascii", categories=["L", "N", "P", "S"])),
)
NAMES = st.text("abcdefgh", min_size=1, max_size=3)
DATA = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)


@given(st.dictionaries(NAMES, DATA, min_size=1, max_size=4), DATA, st.data())
@settings(max_examples=60, deadline=None)
def test_exactly_the_value_asked_for_changes(document: dict[str, Any], value: Any, data: st.DataObject) -> None:
    """JSON is YAML, so any data can be written; what is read back differs at that place and nowhere else."""
    path, holder, step = _choose(document, data)
    after = edit(json.dumps(document), path, json.dumps(value))
    holder[step] = value
    assert json.dumps(load({"a": after.encode()}), sort_keys=True) == json.dumps(document, sort_keys=True)


def _choose(document: dict[str, Any], data: st.DataObject) -> tuple[str, Any, Any]:
    path = ""
    holder: Any = document
    step: Any = data.draw(st.sampled_from(sorted(document)))
    while True:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
        inner = holder[step]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            return path, holder, step
        holder = inner
        step = data.draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))


HOSTILE = st.text(
    st.sampled_from("ab0.[]{}:,#&*!|>'\"\\%@-?~ \t\n\r\x00\x1b\x85\u2028\u202e\ufeff\ud800é"), max_size=12
)
PLACES = st.sampled_from(["system.hostname", "dns.interfaces[0]", "dhcp.subnets[0].pools", "new", "empty"])


@given(PLACES | HOSTILE, HOSTILE)
@settings(max_examples=300, deadline=None)
def test_whatever_is_typed_is_taken_exactly_or_refused(path: str, value: str) -> None:
    """No text of a path or a value does anything but set that one value, or be refused with a next step."""
    try:
        after = edit(TEXT, path, value)
    except Refused as refused:
        assert refused.problems
        assert all(problem.message for problem in refused.problems)
    else:
        before, now = load({"a": TEXT.encode()}), load({"a": after.encode()})
        top = next(key for key in now if path == key or path.startswith((f"{key}.", f"{key}[")))
        assert {key: now[key] for key in before if key != top} == {key: before[key] for key in before if key != top}
