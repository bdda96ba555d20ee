"""Valid documents with something taken away, doubled or put elsewhere: rendered or refused, never anything else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patronus.features import FEATURES
from patronus.pipeline.crosscheck import gather_context
from patronus.pipeline.load import load
from patronus.pipeline.plan import plan
from patronus.pipeline.render import render
from patronus.pipeline.section import read_section
from patronus.pipeline.validate import validate
from patronus.values.problem import Problem, Refused

HERE = Path(__file__).parent
DOCUMENTS = [load({path.name: path.read_bytes()}) for path in [HERE / "hostile.yaml", *HERE.glob("*/cases/*.yaml")]]
DOCUMENTS.sort(key=str)
ODD: list[Any] = [None, True, False, 0, -1, 1, 65536, 2**64 - 1, 0.5, "", "lan", "0s", [], {}, [None], {"lan": None}]

Keys = tuple[str | int, ...]


def walk(data: Any, keys: Keys = ()) -> Iterator[Keys]:
    """Yield the place of everything in a document, mappings and lists included."""
    items: Any = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*keys, key)
        yield from walk(value, (*keys, key))


PLACES = [list(walk(document)) for document in DOCUMENTS]


def look_up(data: Any, keys: Keys) -> Any:
    for key in keys:
        data = data[key]
    return data


def change(data: Any, keys: tuple[Any, ...], how: str, other: Any) -> Any:
    """Return a copy of the document with the thing at `keys` taken away, doubled or replaced."""
    if len(keys) > 1:
        inner = change(data[keys[0]], keys[1:], how, other)
        return {**data, keys[0]: inner} if isinstance(data, dict) else [*data[: keys[0]], inner, *data[keys[0] + 1 :]]
    key: Any = keys[0]
    if isinstance(data, dict):
        rest = {name: value for name, value in data.items() if name != key}
        return {"remove": rest, "double": {**data, f"{key}2": data[key]}, "replace": {**data, key: other}}[how]
    return {
        "remove": data[:key] + data[key + 1 :],
        "double": [*data, data[key]],
        "replace": [*data[:key], other, *data[key + 1 :]],
    }[how]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A document with up to three changes."""
    number = draw(st.integers(0, len(DOCUMENTS) - 1))
    document: dict[str, Any] = DOCUMENTS[number]
    for _ in range(draw(st.integers(1, 3))):
        places = list(walk(document))
        if not places:
            break
        where = draw(st.sampled_from(places))
        elsewhere = look_up(DOCUMENTS[number], draw(st.sampled_from(PLACES[number])))
        other = draw(st.sampled_from([*ODD, elsewhere]))
        document = change(document, where, draw(st.sampled_from(["remove", "double", "replace"])), other)
    return document


def render_or_refuse(document: dict[str, Any]) -> list[Problem]:
    try:
        render(plan(validate(document)))
    except Refused as refused:
        return refused.problems
    return []


@given(mutated())
def test_a_mutated_document_is_rendered_or_refused_with_reasons(document: dict[str, Any]) -> None:
    for problem in render_or_refuse(document):
        assert problem.message
        assert problem.path or problem.hint


@pytest.mark.parametrize("number", range(len(DOCUMENTS)))
def test_without_any_one_of_its_sections_a_document_is_rendered_or_refused(number: int) -> None:
    for key in DOCUMENTS[number]:
        render_or_refuse({name: value for name, value in DOCUMENTS[number].items() if name != key})
        render_or_refuse({**DOCUMENTS[number], key: None})
        render_or_refuse({key: DOCUMENTS[number][key]})


@given(mutated())
def test_every_plan_takes_whatever_its_schema_accepts(document: dict[str, Any]) -> None:
    readings = [read_section(feature, document.get(feature.key)) for feature in FEATURES]
    context = gather_context(readings)
    for reading in readings:
        if reading.section is not None:
            list(reading.feature.plan(reading.section, context))
