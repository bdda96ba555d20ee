"""What sections say about each other: whole ones, and what is left of those with faults. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from patronus.pipeline.collisions import find_collisions, find_takings
from patronus.pipeline.section import Reading
from patronus.values.facts import Context, LinkFact, ZoneFact
from patronus.values.plan import Plan
from patronus.values.problem import Problem, errors, is_within, list_outer


def gather_context(readings: Iterable[Reading], unread: Iterable[str] = ()) -> Context:
    """Return the facts of everything that could be read, and the gaps; `unread` are gaps beside those of readings."""
    facts: list[Any] = []
    gaps = set(unread)
    for reading in readings:
        gaps.update(reading.gaps.places())
        if reading.section is not None:
            facts += [_restore(fact, reading) for fact in reading.feature.facts(reading.section)]
    return Context(tuple(facts), frozenset(gaps))


def _restore(fact: Any, reading: Reading) -> Any:
    """Give a fact the place it has in the document as written."""
    return replace(fact, origin=reading.gaps.restore(fact.origin)) if hasattr(fact, "origin") else fact


def check_sections(readings: Iterable[Reading], context: Context, wrong: Collection[str] = ()) -> list[Problem]:
    """Return what the features find wrong with everything that could be read.

    What is found `wrong` already in one section is a gap to the others.
    """
    problems: list[Problem] = []
    for reading in readings:
        if reading.section is not None:
            elsewhere = {place for place in wrong if not is_within(place, reading.feature.key)}
            found = reading.feature.check(reading.section, replace(context, gaps=context.gaps | elsewhere))
            problems += reading.gaps.filter(found)
    return problems


def look_further(readings: Sequence[Reading], context: Context, found: Sequence[Problem]) -> Iterator[Problem]:
    """Yield the problems found less those that others of them cause, and the collisions that are certain already."""
    places = {problem.path for problem in errors(list(found))}
    yield from check_sections(readings, context, places)
    context = replace(context, gaps=context.gaps | places)
    merged = _merge_plans(readings, context)
    for problem, origins in find_collisions(merged):
        if not any(_is_uncertain(_restore_all(origin, readings), context) for origin in origins):
            yield problem._replace(
                path=_restore_all(problem.path, readings), message=_restore_all(problem.message, readings)
            )
    sure = _keep_sure(context)
    yield from find_takings(merged if sure == context.facts else _merge_plans(readings, replace(context, facts=sure)))


def _keep_sure(context: Context) -> tuple[object, ...]:
    """Return the facts without links that may belong elsewhere. Every zone has a link in their stead.

    What a port forward takes on a link of a zone, it takes on every other one of it, whichever those turn out to be.
    """
    unsure = {link.origin for link in context.all(LinkFact) if _may_change(link, context)}
    if not unsure:
        return context.facts
    zones = [zone for zone in context.all(ZoneFact) if not context.doubts(zone.origin, "external")]
    kept = [fact for fact in context.facts if not isinstance(fact, LinkFact) or fact.origin not in unsure]
    return (*kept, *(LinkFact(f"any of {zone.name}", zone.origin, zone=zone.name) for zone in zones))


def _merge_plans(readings: Iterable[Reading], context: Context) -> Plan:
    merged = Plan()
    for reading in readings:
        if reading.section is not None:
            merged = merged.plus(reading.feature.plan(reading.section, context))
    return merged


def _restore_all(text: str, readings: Iterable[Reading]) -> str:
    for reading in readings:
        text = reading.gaps.restore(text)
    return text


def _is_uncertain(origin: str, context: Context) -> bool:
    """Tell whether what stands at an origin may not be wanted once the gaps are filled.

    A whole section as origin wants what it wants whatever its settings are.
    """
    narrow = "." in origin or "[" in origin
    around = list_outer(origin)
    switches = {f"{place}.enabled" for place in around}
    return (narrow and context.doubts(origin)) or not context.gaps.isdisjoint({*around, *switches})


def _may_change(link: LinkFact, context: Context) -> bool:
    """Tell whether a link may belong elsewhere than the facts say; that decides which forwards concern it."""
    return context.doubts(link.origin, "zone") or context.doubts("zones", link.zone or "", "external")
