"""Appliance -> Plan: every feature's fragments, merged; two that want the same thing are a Problem, found here."""

from __future__ import annotations

from patronus.pipeline.collisions import find_collisions, find_takings
from patronus.pipeline.validate import Appliance
from patronus.values.fragments import Profile
from patronus.values.plan import Plan
from patronus.values.problem import Refused


def plan(appliance: Appliance) -> Plan:
    """Return the merged plan. Raises Refused when features collide."""
    merged = Plan(tuple(Profile(feature.profile, feature.key) for feature, _ in appliance.sections if feature.profile))
    for feature, section in appliance.sections:
        merged = merged.plus(feature.plan(section, appliance.context))
    for feature, section in appliance.sections:
        merged = merged.plus(feature.gather(section, appliance.context, merged))
    problems = [*(collision.problem for collision in find_collisions(merged)), *find_takings(merged)]
    if problems:
        raise Refused(problems)
    return merged
