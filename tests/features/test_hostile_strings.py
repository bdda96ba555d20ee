"""Every string of the schema, the names of entries included, takes hostile text: it is refused at its own place, or
what is rendered differs from the original in a plain word and nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from patronus.features import FEATURES
from patronus.pipeline.load import load
from patronus.pipeline.plan import plan
from patronus.pipeline.render import render
from patronus.pipeline.schema import document_schema
from patronus.pipeline.section import explain_error
from patronus.pipeline.validate import validate
from patronus.values.problem import Refused, config_path, is_within
from patronus.values.tree import Tree

HERE = Path(__file__).parent
DOCUMENTS = [HERE / "hostile.yaml", *sorted(HERE.glob("*/cases/*.yaml"))]
HOSTILE = [
    "", " ", "a b", " a", "a ", "$(reboot)", "`id`", "a;b", "a|b&c>d", "x'y", 'x"y', "x\\y", "\\", "a'\"`b",
    "a\nb", "a\n[Match]\nName=*", "a\r\nb", "a\tb", "\0", "a\0b", "a\x0bb", "\x1b[2J", "\x9b31m", "\x7f",
    "a\u202eb", "a\u200bb", "a\u2028b", "a\x85b", "\ufeffa", "{{ 1 }}", "{% raw %}", "{# c #}", "${HOME}",
    "%s %h %%", "../../etc/shadow", "/etc/passwd", "..", ".", "a/b", "-rf", "--help", "#c", "a #c", "; c", "<b>",
    "\u0430dmin", "\uff41", "ß", "İ", "é", "١٢", "a,b", "a=b", "[x]", "*", "?", "~", "@x", "!", "!!x",
    'x" }; accept; #', 'x\'"\n  local-zone: "." redirect', "x" * 300, "x" * 70_000, "9" * 5000, "1" * 300,
]  # fmt: skip
PLAIN = re.compile(r"[A-Za-z0-9_.:=/+,@\\~-]*")
"""What a hostile value may become in a file that is not JSON: nothing here ends a word, a string or a line."""

WORD = re.compile(r"[A-Za-z0-9_.:/!-]+")
"""Ends nothing anywhere, but may be a name or address of its own, which moves lines; its files are looked at only."""

Keys = tuple[str | int, ...]


class Place(NamedTuple):
    """One string of a document: the value at `keys`, or the name of the entry there."""

    document: Path
    keys: Keys
    is_name: bool


@cache
def read(path: Path) -> dict[str, Any]:
    return load({path.name: path.read_bytes()})


@cache
def render_original(path: Path) -> Tree:
    return render(plan(validate(read(path))))


def walk(data: Any, keys: Keys = ()) -> Iterator[tuple[Keys, bool]]:
    """Yield every scalar and every key of a document."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield (*keys, key), True
            yield from walk(value, (*keys, key))
    elif isinstance(data, list):
        for index, value in enumerate(data):
            yield from walk(value, (*keys, index))
    else:
        yield keys, False


def string_fields(node: dict[str, Any], root: dict[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of every string of a schema; `*` is any item or entry, a last `*[name]` the name of an entry."""
    if "$ref" in node:
        yield from string_fields(root["$defs"][node["$ref"].rsplit("/", 1)[1]], root, path)
    options = [*node.get("anyOf", ()), *node.get("oneOf", ()), *node.get("allOf", ())]
    for option in [option for option in options if all(other.get("items") != option for other in options)]:
        yield from string_fields(option, root, path)
    for key, child in node.get("properties", {}).items():
        yield from string_fields(child, root, (*path, key))
    for child in [node.get("items"), node.get("additionalProperties"), *node.get("patternProperties", {}).values()]:
        if isinstance(child, dict):
            yield from string_fields(child, root, (*path, "*"))
            if child is not node.get("items"):
                yield (*path, "*[name]")
    if node.get("type") == "string" and "enum" not in node and "const" not in node:
        yield path


def match(place: Place, field: tuple[str, ...]) -> bool:
    wanted = (*field[:-1], field[-1].removesuffix("[name]"))
    return (
        place.is_name == field[-1].endswith("[name]")
        and len(place.keys) == len(field)
        and all(pattern in ("*", key) for pattern, key in zip(wanted, place.keys, strict=True))
    )


SCHEMA = document_schema()
FIELDS = sorted(set(string_fields(SCHEMA, SCHEMA)))
PLACES = [Place(path, keys, is_name) for path in DOCUMENTS for keys, is_name in walk(read(path)) if len(keys) > 1]
COVERED = {field: place for field in FIELDS for place in reversed(PLACES) if match(place, field)}


def test_the_documents_use_every_string_of_the_schema() -> None:
    assert [".".join(field) for field in FIELDS if field not in COVERED] == []


def replace(data: Any, keys: Keys, text: Any, *, is_name: bool) -> Any:
    """Return the data with `text` as the value at `keys`, or as the name of the entry; entries keep their order."""
    first, rest = keys[0], keys[1:]
    if isinstance(data, list):
        changed = list(data)
        changed[int(first)] = replace(data[int(first)], rest, text, is_name=is_name) if rest else text
        return changed
    if rest:
        return {**data, first: replace(data[first], rest, text, is_name=is_name)}
    return {text if key == first else key: data[key] for key in data} if is_name else {**data, first: text}


def attack(place: Place, text: str) -> None:
    """Fail unless the text is refused at its place or rendered harmlessly."""
    document = replace(read(place.document), place.keys, text, is_name=place.is_name)
    if is_refused_there(place, document, text):
        return
    try:
        after = render(plan(validate(document)))
    except Refused:
        return
    for name in after.manifest.entries:
        assert re.fullmatch(r"etc(/[A-Za-z0-9_.:@-]+)+", name), name
        assert not {".", ".."} & set(name.split("/")), name
    if not WORD.fullmatch(text):
        compare(render_original(place.document), after)


def is_refused_there(place: Place, document: dict[str, Any], text: str = "") -> bool:
    """Tell whether a section refuses what is at a place now; fail if it tells of that elsewhere or nowhere."""
    (feature,) = [feature for feature in FEATURES if feature.key == place.keys[0]]
    path = config_path(*place.keys[:-1], text) if place.is_name else config_path(*place.keys)
    try:
        feature.schema.model_validate(document[feature.key])
    except ValidationError as error:
        found = [problem.path for problem in explain_error(feature, error, document[feature.key])]
        assert found
        assert all(is_within(problem, path) for problem in found), (path, found)
        return True
    return False


def compare(before: Tree, after: Tree) -> None:
    """Fail unless the trees have the same shape."""
    old, new = before.manifest, after.manifest
    assert {path: entry._replace(digest="") for path, entry in new.entries.items()} == {
        path: entry._replace(digest="") for path, entry in old.entries.items()
    }
    assert (new.units, new.checks) == (old.units, old.checks)
    assert [sysctl.key for sysctl in new.sysctls] == [sysctl.key for sysctl in old.sysctls]
    assert [(link.name, link.kind) for link in new.links] == [(link.name, link.kind) for link in old.links]
    for path, content in after.contents.items():
        if content != before.contents[path]:
            compare_files(path, before.contents[path].decode(), content.decode())


def compare_files(path: str, before: str, after: str) -> None:
    try:
        shape, expected = shape_of(json.loads(after)), shape_of(json.loads(before))
    except ValueError:
        shape, expected = after.count("\n"), before.count("\n")
    assert shape == expected, path
    for old, new in zip(before.split("\n"), after.split("\n"), strict=True) if isinstance(shape, int) else ():
        assert PLAIN.fullmatch(difference(old, new)), (path, old, new)


def shape_of(data: Any) -> Any:
    """The structure of JSON without its strings."""
    if isinstance(data, dict):
        return {key: shape_of(value) for key, value in data.items()}
    return [shape_of(item) for item in data] if isinstance(data, list) else type(data)


def difference(old: str, new: str) -> str:
    """What of `new` is neither its common beginning nor its common end with `old`."""
    start = 0
    while start < min(len(old), len(new)) and old[start] == new[start]:
        start += 1
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    return new[start : len(new) - end]


@pytest.mark.parametrize("field", sorted(COVERED), ids=".".join)
def test_hostile_text_is_refused_in_its_place_or_rendered_harmlessly(field: tuple[str, ...]) -> None:
    for text in HOSTILE:
        attack(COVERED[field], text)


@given(st.sampled_from(sorted(COVERED)), st.text(max_size=40))
def test_random_text_does_no_more(field: tuple[str, ...], text: str) -> None:
    attack(COVERED[field], text)


@pytest.mark.parametrize("value", [None, True, 7, -1, 1.5, 10**30, [], {}, [[]], [{}], {"a": {}}], ids=repr)
def test_a_value_of_another_kind_is_refused_or_understood_everywhere(value: Any) -> None:
    for place in dict.fromkeys(COVERED.values()):
        if place.is_name:
            continue
        document = replace(read(place.document), place.keys, value, is_name=False)
        if is_refused_there(place, document):
            continue
        try:
            render(plan(validate(document)))
        except Refused as refused:
            assert refused.problems
