"""The pure half in one call: the documents of a config to a rendered tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from patronus.pipeline.load import load
from patronus.pipeline.plan import plan
from patronus.pipeline.render import render
from patronus.pipeline.validate import validate
from patronus.trust.names import is_document
from patronus.values.problem import Problem
from patronus.values.tree import Tree


class Built(NamedTuple):
    """A rendered tree and what is worth saying about its document."""

    tree: Tree
    warnings: tuple[Problem, ...]


def build(documents: Mapping[str, bytes], profiles: Collection[str] | None = None) -> Built:
    """Render documents (file name -> bytes) for an image with these profiles (None: any). Raises Refused."""
    appliance = validate(load(documents), profiles)
    return Built(render(plan(appliance)), appliance.warnings)


def documents_of(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the documents among the members of a bundle: `config.yaml` or everything below `config/`."""
    return {name: raw for name, raw in members.items() if is_document(name)}
