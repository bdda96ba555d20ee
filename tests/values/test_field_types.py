"""A trap of pydantic, kept shut for every field of the schema."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from pydantic import AfterValidator, BaseModel, BeforeValidator, PlainValidator, WrapValidator
from pydantic.fields import FieldInfo

from patronus.features import FEATURES
from patronus.features.journal.schema import Journal

VALIDATORS = (AfterValidator, BeforeValidator, PlainValidator, WrapValidator)


def find_models(annotation: Any, seen: set[type[BaseModel]]) -> None:
    """Collect every model an annotation leads to."""
    for argument in get_args(annotation):
        find_models(argument, seen)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in seen:
        seen.add(annotation)
        for hint in get_type_hints(annotation, include_extras=True).values():
            find_models(hint, seen)


def all_fields() -> Iterator[Any]:
    seen: set[type[BaseModel]] = set()
    for feature in FEATURES:
        find_models(feature.schema, seen)
    for model in sorted(seen, key=lambda model: (model.__module__, model.__name__)):
        hints = get_type_hints(model, include_extras=True)
        for name in model.model_fields:
            yield pytest.param(hints[name], id=f"{model.__module__}.{model.__name__}.{name}")


@pytest.mark.parametrize("hint", list(all_fields()))
def test_no_validator_is_dropped(hint: Any) -> None:
    """Of two validators of one kind beside a `Field(...)`, pydantic 2.10 keeps only the last (`merge_field_infos`)."""
    if get_origin(hint) is not Annotated:
        return
    extras = hint.__metadata__
    kinds = Counter(type(extra) for extra in extras if isinstance(extra, VALIDATORS))
    assert not any(isinstance(extra, FieldInfo) for extra in extras) or all(times == 1 for times in kinds.values())


def test_no_field_shows_the_default_of_another() -> None:
    """Pydantic 2.10 would write each default into the description all fields of a type share."""
    schema = Journal.model_json_schema()["properties"]
    described = schema["keep_for"]["anyOf"][0]
    assert described["pattern"] == "^[0-9]+[smhdw]$"
    assert "default" not in described
