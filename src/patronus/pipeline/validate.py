"""Plain data -> a typed Appliance, or every problem at once. Never looks at the machine."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from patronus.features import FEATURES
from patronus.features.contract import Feature
from patronus.pipeline.section import Reading, read_section
from patronus.pipeline.wording import suggest
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
    readings: list[tuple[Feature[Any], Reading]] = []
    for feature in FEATURES:
        if feature.key in data or feature.default:
            problems += _check_profile(feature, profiles)
            readings.append((feature, read_section(feature, data.get(feature.key))))
    problems += [problem for _, reading in readings for problem in reading.problems]
    broken = frozenset(feature.key for feature, reading in readings if not reading.sound)
    sections = [(feature, reading.section) for feature, reading in readings if reading.section is not None]
    context = Context(tuple(fact for feature, section in sections for fact in feature.facts(section)), broken)
    for feature, reading in readings:
        if reading.section is not None and broken.isdisjoint(feature.needs):
            problems += reading.gaps.filter(feature.check(reading.section, context))
    if errors(problems):
        raise Refused(problems)
    return Appliance(tuple(sections), context, tuple(problems))


def _check_frame(data: Mapping[str, Any]) -> list[Problem]:
    problems = []
    version = data.get("version")
    if version is None:
        problems.append(Problem("version", "is missing", f"add `version: {SCHEMA_VERSION}`"))
    elif type(version) is not int or version != SCHEMA_VERSION:
        hint = "update the image first" if type(version) is int else f"write `version: {SCHEMA_VERSION}`"
        problems.append(Problem("version", f"is not {SCHEMA_VERSION}, the version this program knows", hint))
    known = ["version", *(feature.key for feature in FEATURES)]
    problems += [Problem(key, "is not a known section", suggest(key, known)) for key in data if key not in known]
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
