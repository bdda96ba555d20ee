"""Plain data -> a typed Appliance, or every problem at once. Never looks at the machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from patronus.features import FEATURES
from patronus.features.contract import Feature
from patronus.pipeline.crosscheck import check_sections, gather_context, look_further
from patronus.pipeline.section import Reading, read_section
from patronus.pipeline.wording import find_close, suggest
from patronus.values.facts import Context
from patronus.values.problem import Problem, Refused, errors
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
    readings: list[Reading] = []
    for feature in FEATURES:
        if feature.key in data or feature.default:
            problems += _check_profile(feature, profiles)
            readings.append(read_section(feature, data.get(feature.key)))
    problems += [problem for reading in readings for problem in reading.problems]
    context = gather_context(readings, _list_misspelt(data))
    found = check_sections(readings, context)
    if errors([*problems, *found]):
        raise Refused([*problems, *look_further(readings, context, found)])
    sections = [(reading.feature, reading.section) for reading in readings if reading.section is not None]
    return Appliance(tuple(sections), context, (*problems, *found))


def _known_keys() -> list[str]:
    return ["version", *(feature.key for feature in FEATURES)]


def _check_frame(data: Mapping[str, Any]) -> list[Problem]:
    problems = []
    version = data.get("version")
    if version is None:
        problems.append(Problem("version", "is missing", f"add `version: {SCHEMA_VERSION}`"))
    elif type(version) is not int or version != SCHEMA_VERSION:
        hint = "update the image first" if type(version) is int else f"write `version: {SCHEMA_VERSION}`"
        problems.append(Problem("version", f"is not {SCHEMA_VERSION}, the version this program knows", hint))
    known = _known_keys()
    problems += [Problem(key, "is not a known section", suggest(key, known)) for key in data if key not in known]
    return problems


def _list_misspelt(data: Mapping[str, Any]) -> list[str]:
    """Return the sections that are not missing but written under a name close to theirs."""
    known = _known_keys()
    meant = [find_close(key, known) for key in data if key not in known]
    return [key for key in meant if key and key not in data]


def _check_profile(feature: Feature[Any], profiles: Collection[str] | None) -> Iterable[Problem]:
    if feature.profile is None or profiles is None or feature.profile in profiles:
        return
    baked = " ".join(sorted(profiles)) or "none"
    yield Problem(
        feature.key,
        f"needs the image profile {feature.profile!r}, which this image does not have (it has: {baked})",
        f'build and install an image with it: make image PROFILES="{" ".join(sorted({*profiles, feature.profile}))}"',
    )
