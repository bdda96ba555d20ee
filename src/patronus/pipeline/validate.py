"""Plain data -> a typed Appliance, or every problem at once. Never looks at the machine."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from patronus.features import FEATURES
from patronus.features.contract import Feature
from patronus.values.facts import Context
from patronus.values.problem import Problem, Refused, config_path, errors
from patronus.values.version import SCHEMA_VERSION


@dataclass(frozen=True)
class Appliance:
    """A document that holds together: one validated section per feature, and the facts they tell each other."""

    sections: tuple[tuple[Feature[Any], BaseModel], ...]
    context: Context
    warnings: tuple[Problem, ...] = ()


def validate(data: Mapping[str, Any], profiles: Collection[str] | None = None) -> Appliance:
    """Validate `data`; `profiles` are the image profiles present (None: any). Raises Refused with every problem."""
    problems = _check_frame(data)
    sections: list[tuple[Feature[Any], BaseModel]] = []
    broken: set[str] = set()
    for feature in FEATURES:
        if feature.key not in data and not feature.default:
            continue
        problems += _check_profile(feature, profiles)
        section, found = _read_section(feature, data.get(feature.key) if feature.key in data else {})
        problems += found
        if section is None:
            broken.add(feature.key)
        else:
            sections.append((feature, section))
    context = Context(
        tuple(fact for feature, section in sections for fact in feature.facts(section)), frozenset(broken)
    )
    for feature, section in sections:
        if broken.isdisjoint(feature.needs):
            problems += feature.check(section, context)
    if errors(problems):
        raise Refused(problems)
    return Appliance(tuple(sections), context, tuple(problems))


def _check_frame(data: Mapping[str, Any]) -> list[Problem]:
    problems = []
    version = data.get("version")
    if version is None:
        problems.append(Problem("version", "is missing", f"add `version: {SCHEMA_VERSION}`"))
    elif version != SCHEMA_VERSION or isinstance(version, bool):
        hint = "update the image first" if isinstance(version, int) else f"write `version: {SCHEMA_VERSION}`"
        problems.append(Problem("version", f"is not {SCHEMA_VERSION}, the version this program knows", hint))
    known = ["version", *(feature.key for feature in FEATURES)]
    problems += [Problem(key, "is not a known section", _suggest(key, known)) for key in data if key not in known]
    return problems


def _check_profile(feature: Feature[Any], profiles: Collection[str] | None) -> Iterable[Problem]:
    if feature.profile is None or profiles is None or feature.profile in profiles:
        return
    baked = " ".join(sorted(profiles)) or "none"
    yield Problem(
        feature.key,
        f"needs the image profile {feature.profile!r}, which this image does not have (it has: {baked})",
        f'build and install an image with it: make image PROFILES="{" ".join(sorted({*profiles, feature.profile}))}"',
    )


def _read_section(feature: Feature[Any], raw: Any) -> tuple[BaseModel | None, list[Problem]]:
    """Validate one section. A section whose only fault is unknown keys is still read, so that its checks run too."""
    raw = {} if raw is None else raw
    try:
        return feature.schema.model_validate(raw), []
    except ValidationError as error:
        problems = [_explain(feature, detail, raw) for detail in error.errors(include_url=False)]
        kept = _without_unknown_keys(raw, error)
    try:
        return feature.schema.model_validate(kept), problems
    except ValidationError:
        return None, problems


def _without_unknown_keys(raw: Any, error: ValidationError) -> Any:
    kept = deepcopy(raw)
    for detail in error.errors(include_url=False):
        if detail["type"] == "extra_forbidden":
            parent = _look_up(kept, detail["loc"][:-1])
            if isinstance(parent, dict):
                parent.pop(detail["loc"][-1], None)
    return kept


def _look_up(data: Any, path: Iterable[str | int]) -> Any:
    for part in path:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            continue  # pydantic adds the name of a union's branch to the path; the document has no such key
    return data


def _explain(feature: Feature[Any], detail: Any, raw: Any) -> Problem:
    path = _document_path(detail["loc"], raw)
    message, hint = _words(detail)
    if detail["type"] == "extra_forbidden":
        hint = _suggest(str(detail["loc"][-1]), _sibling_fields(feature.schema, detail["loc"][:-1]))
    return Problem(config_path(feature.key, *path), message, hint)


def _document_path(loc: tuple[str | int, ...], raw: Any) -> list[str | int]:
    """Drop the parts of pydantic's location that name a union's branch or a validator, not a key of the document."""
    path: list[str | int] = []
    for position, part in enumerate(loc):
        last = position == len(loc) - 1
        inside = (isinstance(raw, dict) and part in raw) or (isinstance(raw, list) and isinstance(part, int))
        if inside:
            raw = raw[part] if not isinstance(raw, list) or int(part) < len(raw) else None
            path.append(part)
        elif part == "[key]" or (last and isinstance(raw, dict) and isinstance(part, str)):
            path += [] if part == "[key]" else [part]
    return path


_WORDS = {
    "extra_forbidden": ("is not a known key here", ""),
    "missing": ("is missing", "add it"),
    "int_type": ("expected a whole number", "write it without quotes"),
    "string_type": ("expected text", "write it in quotes"),
    "bool_parsing": ("expected true or false", ""),
    "bool_type": ("expected true or false", ""),
    "tuple_type": ("expected a list", "write it as [a, b] or as lines beginning with -"),
    "dict_type": ("expected a mapping of names", "write `name: ...` below it"),
    "model_type": ("expected a mapping of settings", "write `key: value` below it"),
}


def _words(detail: Any) -> tuple[str, str]:
    known = _WORDS.get(detail["type"])
    if known:
        return known
    message = detail["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:], ""


def _suggest(word: str, known: Iterable[str]) -> str:
    known = list(known)
    close = difflib.get_close_matches(word, known, 1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"known here: {', '.join(known)}" if known else "remove it"


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
    found = []
    for branch in _branches(node, root):
        child = branch.get("items") if isinstance(part, int) else branch.get("properties", {}).get(part)
        child = child or (branch.get("additionalProperties") if isinstance(part, str) else None)
        if isinstance(child, dict):
            found.append(child)
    return found
