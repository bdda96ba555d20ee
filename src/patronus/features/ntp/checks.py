"""What the schema of one field cannot see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from patronus.features.missing import miss_interface
from patronus.features.ntp.schema import Ntp
from patronus.values.facts import Context, ZoneFact
from patronus.values.problem import WARNING, Problem, config_path

Found = Iterable[Problem]


def check(ntp: Ntp, context: Context) -> Found:
    """Return every problem of the section."""
    yield from _check_sources(ntp)
    yield from _check_served_links(ntp, context)


def _check_sources(ntp: Ntp) -> Found:
    if not ntp.sources:
        hint = "name a server or pool, or remove `sources` to use Debian's pool"
        yield Problem("ntp.sources", "is empty, so the clock would drift", hint)
    seen: set[str] = set()
    for index, source in enumerate(ntp.sources):
        if source.host in seen:
            path = config_path("ntp", "sources", index, "host")
            yield Problem(path, f"{source.host} is listed twice", "remove one of the two")
        seen.add(source.host)
        if source.min_poll > source.max_poll:
            path = config_path("ntp", "sources", index, "min_poll")
            hint = f"use {source.max_poll} or less, or raise `max_poll`"
            yield Problem(path, f"{source.min_poll} is more than `max_poll`, {source.max_poll}", hint)
    if len(ntp.sources) == 2 and not any(source.pool for source in ntp.sources):
        hint = "add a third server, or a pool"
        yield Problem("ntp.sources", "of two servers that disagree nobody can tell which is wrong", hint, WARNING)


def _check_served_links(ntp: Ntp, context: Context) -> Found:
    external = {zone.name for zone in context.all(ZoneFact) if zone.external}
    for index, name in enumerate(ntp.serve):
        path = config_path("ntp", "serve", index)
        link = context.link(name)
        if link is None:
            yield from miss_interface(path, name, context)
        elif link.zone in external:
            hint = "time servers on the internet side are abused to amplify attacks; remove it"
            yield Problem(path, f"{name!r} is in the external zone {link.zone!r}", hint, WARNING)
    for name, times in Counter(ntp.serve).items():
        if times > 1:
            yield Problem("ntp.serve", f"{name!r} is listed {times} times", "list it once")
