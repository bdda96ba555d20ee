"""One section of the document -> its typed model, or every problem of it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from patronus.features.contract import Feature
from patronus.pipeline.salvage import Gaps, salvage
from patronus.pipeline.wording import explain, explain_all, suggest
from patronus.values.problem import Problem, config_path

Path = tuple[str | int, ...]


class Reading(NamedTuple):
    """What could be read. With problems, `section` is what is left without the faulty parts, if anything is.

    `sound` is true when other sections may rely on it: it is whole but for unknown keys.
    """

    section: BaseModel | None
    problems: list[Problem]
    gaps: Gaps
    sound: bool


def read_section(feature: Feature[Any], raw: Any) -> Reading:
    """Validate one section; nothing at all counts as an empty mapping."""
    raw = {} if raw is None else raw
    try:
        return Reading(feature.schema.model_validate(raw), [], Gaps(feature.key), sound=True)
    except ValidationError as error:
        problems = explain_error(feature, error, raw)
        only_unknown = all(detail["type"] == "extra_forbidden" for detail in error.errors(include_url=False))
    section, gaps = salvage(feature, raw, document_path)
    return Reading(section, problems, gaps, sound=only_unknown and section is not None)


def explain_error(feature: Feature[Any], error: ValidationError, raw: Any) -> list[Problem]:
    """Return the problems of a section that does not validate, with their places in the document."""
    details = [(document_path(detail, raw), detail) for detail in _without_echoes(error)]
    return list(_explain(feature, details, raw))


def _without_echoes(error: ValidationError) -> list[Any]:
    """Leave out what follows from another error: a list is not too short because its entries are wrong."""
    details: list[Any] = error.errors(include_url=False)
    places = {detail["loc"][:length] for detail in details for length in range(len(detail["loc"]))}
    return [detail for detail in details if detail["type"] != "too_short" or detail["loc"] not in places]


def _explain(feature: Feature[Any], details: list[tuple[Path, Any]], raw: Any) -> Iterator[Problem]:
    """Yield one problem per place: the branches of a union complain about the same value."""
    for path, group in groupby(details, key=lambda item: item[0]):
        words = [_explain_one(feature, detail, look_up(raw, path)) for _, detail in group]
        message, hint = explain_all(words)
        yield Problem(config_path(feature.key, *path), message, hint)


def _explain_one(feature: Feature[Any], detail: Any, written: Any) -> tuple[str, str]:
    message, hint = explain(detail, None if detail["loc"][-1:] == ("[key]",) else written)
    if detail["type"] == "extra_forbidden":
        hint = suggest(str(detail["loc"][-1]), _sibling_fields(feature.schema, detail["loc"][:-1]))
    return message, hint


def look_up(data: Any, path: Iterable[str | int]) -> Any:
    """Return the value at a path of the document, None when there is none."""
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def document_path(detail: Any, raw: Any) -> Path:
    """Drop the parts of pydantic's location that name a union's branch or a validator, not a key of the document."""
    path: list[str | int] = []
    for part in detail["loc"]:
        if isinstance(raw, dict) and part in raw:
            raw = raw[part]
            path.append(part)
        elif isinstance(raw, list) and isinstance(part, int):
            raw = raw[part] if part < len(raw) else None
            path.append(part)
    return (*path, detail["loc"][-1]) if detail["type"] == "missing" else tuple(path)


def _sibling_fields(schema: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """Return the field names of the model at `loc`, looked up in the JSON Schema so that unions need no care."""
    root = schema.model_json_schema()
    nodes = [root]
    for part in loc:
        nodes = [child for node in nodes for child in _children(_resolve(node, root), part, root)] or nodes
    names: dict[str, None] = {}
    for node in nodes:
        for branch in _branches(_resolve(node, root), root):
            names.update(dict.fromkeys(branch.get("properties", {})))
    return list(names)


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
