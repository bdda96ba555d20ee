"""The shape of a feature: its table of contents, read by the pipeline, the front ends, the docs and the tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from patronus.values.facts import Context
from patronus.values.plan import Plan
from patronus.values.problem import Problem

S = TypeVar("S", bound=BaseModel)


def _nothing(*_arguments: object) -> Iterable[Any]:
    return ()


@dataclass(frozen=True)
class Feature(Generic[S]):
    """One family of settings under one top-level key of the document.

    `facts`, `check`, `plan` and `gather` are pure. `facts` runs first for every feature, then every `check`, then every
    `plan`; `gather` runs last and sees the merged plan (the firewall collects the openings services asked for).
    `facts`, `check` and `plan` take whatever the schema accepts: a document that is refused is still looked at as far
    as possible, so that all its faults are told at once.
    """

    key: str
    title: str
    schema: type[S]
    plan: Callable[[S, Context], Iterable[object]]
    facts: Callable[[S], Iterable[object]] = _nothing
    check: Callable[[S, Context], Iterable[Problem]] = _nothing
    gather: Callable[[S, Context, Plan], Iterable[object]] = _nothing
    profile: str | None = None
    """The image profile that holds this feature's daemons; None means every image has them."""
    default: bool = False
    """True when the feature is planned with its defaults even if the document does not name it."""
    status: str = ""
    """`module:function` that reads what the feature is doing now, imported only on the box."""
