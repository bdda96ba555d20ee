"""What a document, and what its schema, has at a place. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from pydantic import BaseModel


def look_up(data: Any, path: Iterable[str | int]) -> Any:
    """Return the value at a path of the document, None when there is none."""
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def sibling_fields(schema: type[BaseModel], loc: tuple[str | int, ...]) -> tuple[str, ...]:
    """Return the field names of the model at `loc`, looked up in the JSON Schema so that unions need no care."""
    return _find_fields(schema, tuple(0 if isinstance(part, int) else part for part in loc))


@lru_cache(1000)
def _find_fields(schema: type[BaseModel], loc: tuple[str | int, ...]) -> tuple[str, ...]:
    root = _json_schema(schema)
    nodes = [root]
    for part in loc:
        nodes = [child for node in nodes for child in _children(_resolve(node, root), part, root)] or nodes
    names: dict[str, None] = {}
    for node in nodes:
        for branch in _branches(_resolve(node, root), root):
            names.update(dict.fromkeys(branch.get("properties", {})))
    return tuple(names)


@cache
def _json_schema(schema: type[BaseModel]) -> dict[str, Any]:
    return schema.model_json_schema()


def _resolve(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    reference = node.get("$ref")
    return root["$defs"][reference.rsplit("/", 1)[1]] if reference else node


def _branches(node: dict[str, Any], root: dict[str, Any]) -> list[dict[str, Any]]:
    options = [_resolve(option, root) for key in ("anyOf", "oneOf", "allOf") for option in node.get(key, ())]
    return [node, *options]


def _children(node: dict[str, Any], part: str | int, root: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[Any] = []
    for branch in _branches(node, root):
        if isinstance(part, int):
            found.append(branch.get("items"))
        elif part in branch.get("properties", {}):
            found.append(branch["properties"][part])
        else:
            found += [branch.get("additionalProperties"), *branch.get("patternProperties", {}).values()]
    return [child for child in found if isinstance(child, dict)]
