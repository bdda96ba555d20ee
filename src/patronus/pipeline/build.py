"""The pure half in one call: the documents of a config to a rendered tree."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from patronus.pipeline.load import load
from patronus.pipeline.plan import plan
from patronus.pipeline.render import render
from patronus.pipeline.validate import validate
from patronus.trust.names import is_document
from patronus.values.facts import EditorsFact
from patronus.values.problem import Problem, Refused
from patronus.values.tree import Tree


class Built(NamedTuple):
    """A rendered tree and what is worth saying about its document."""

    tree: Tree
    warnings: tuple[Problem, ...]
    editors: tuple[str, ...] = ()
    """Whose device keys may sign local edits on top of it, as a manifest says it."""


def build(documents: Mapping[str, bytes], profiles: Collection[str] | None = None) -> Built:
    """Render documents (file name -> bytes) for an image with these profiles (None: any). Raises Refused."""
    appliance = validate(load(documents), profiles)
    editors = appliance.context.one(EditorsFact, EditorsFact()).keys
    return Built(render(plan(appliance)), appliance.warnings, editors)


def check_editors(built: Built, signed: Collection[str]) -> None:
    """Raise Refused unless the signed manifest says the same about local edits as the document.

    The manifest is what counts where no document is parsed; people read the document.
    """
    if sorted(built.editors) != sorted(signed):
        written, told = (" ".join(keys) or "nobody" for keys in (built.editors, signed))
        message = f"the document lets {written} sign local edits, its signed manifest {told}"
        raise Refused([Problem("system.local_edits", message, "sign the document with: patronus sign")])


def documents_of(members: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the documents among the members of a bundle: `config.yaml` or everything below `config/`."""
    return {name: raw for name, raw in members.items() if is_document(name)}
