"""Results of operations with hostile text in them, for every front end that shows such results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel


def spoil(value: Any, evil: str) -> Any:
    """Return a result with `evil` at the end of every text in it."""
    if isinstance(value, str):
        return value + evil
    if isinstance(value, dict):
        return {key: spoil(item, evil) for key, item in value.items()}
    return [spoil(item, evil) for item in value] if isinstance(value, list | tuple) else value


def make_result(kind: Any) -> Any:
    """Return a value of a type, as plain data: every list has an entry, every text is there."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return {name: make_result(field.annotation) for name, field in kind.model_fields.items()}
    if isinstance(kind, type) and get_origin(kind) is None:
        return kind("text") if kind is str else kind(1)
    inner = get_args(kind)
    if get_origin(kind) is dict:
        return {"one": make_result(inner[1]), "two": make_result(inner[1])}
    return [make_result(inner[0])] if get_origin(kind) is tuple else make_result(inner[0])


def spoil_each(value: Any, evil: str) -> Iterator[tuple[str, Any]]:
    """Yield the data once for each text in it, names of a mapping included: where, and all of it with `evil` there."""
    if isinstance(value, str):
        yield "", value + evil
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from ((f".{key}{where}", {**value, key: spoiled}) for where, spoiled in spoil_each(item, evil))
            if "one" in value:
                yield f".{key} (key)", {name + evil * (name == key): other for name, other in value.items()}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for where, spoiled in spoil_each(item, evil):
                yield f"[]{where}", [*value[:index], spoiled, *value[index + 1 :]]
