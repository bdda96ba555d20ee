"""One section of the document -> its typed model, or every problem of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from patronus.features.contract import Feature
from patronus.pipeline.fields import look_up, sibling_fields
from patronus.pipeline.gaps import Gaps
from patronus.pipeline.salvage import salvage
from patronus.pipeline.wording import explain, explain_all, list_settings, suggest
from patronus.values.problem import Problem, config_path

Path = tuple[str | int, ...]


class Reading(NamedTuple):
    """What could be read. With problems, `section` is what is left without the faulty parts, if anything is."""

    feature: Feature[Any]
    section: BaseModel | None
    problems: list[Problem]
    gaps: Gaps


def read_section(feature: Feature[Any], raw: Any) -> Reading:
    """Validate one section; nothing at all counts as an empty mapping."""
    raw = {} if raw is None else raw
    try:
        return Reading(feature, feature.schema.model_validate(raw), [], Gaps(feature.key))
    except ValidationError as error:
        problems = explain_error(feature, error, raw)
    section, gaps = salvage(feature, raw, document_path)
    return Reading(feature, section, problems, gaps)


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
    is_key = detail["loc"][-1:] == ("[key]",)
    message, hint = explain(detail, str(detail["loc"][-2]) if is_key else written)
    if detail["type"] == "extra_forbidden":
        hint = suggest(str(detail["loc"][-1]), sibling_fields(feature.schema, detail["loc"][:-1]))
    elif detail["type"] == "model_type":
        hint = list_settings(sibling_fields(feature.schema, detail["loc"]))
    return message, hint


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
