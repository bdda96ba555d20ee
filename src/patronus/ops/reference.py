"""Writes the configuration reference from the JSON Schema and the features' titles, README openings and examples.

`make docs` runs it: `python3 -m patronus.ops.reference docs/reference.md`.
"""

from __future__ import annotations

import re
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, NamedTuple

from patronus.features import FEATURES
from patronus.features.contract import Feature
from patronus.ops.reference_words import (
    Node,
    describe_default,
    describe_kind,
    describe_value,
    find_models,
    list_values,
)
from patronus.pipeline.schema import document_schema

_HEAD = """\
# Configuration reference

Every section and key of the document. This page is made from the schema by `make docs`; do not edit it.
[configuration.md](user-guide/configuration.md) explains how a document works as a whole; `patronus schema` prints the
same as JSON Schema for editors.

- `[]` in a path is an entry of a list, `<name>` a name you choose.
- "one or more of" takes a single value without brackets, or a list.
- An unknown key is an error, everywhere. A section you leave out is off, but for those marked as always there.
- A default of `-` means nothing, or what the description says.
"""


class _Model(NamedTuple):
    """A mapping of the document: where it stands first, where else, and its schema."""

    path: str
    others: list[str]
    node: Node


def write_reference() -> str:
    """Return the whole page."""
    root = document_schema()
    parts = [_HEAD, _write_contents(), _write_values(root), _write_version(root)]
    parts += [_write_feature(feature, root) for feature in FEATURES]
    return "\n".join(parts)


def _write_contents() -> str:
    lines = ["| section | |", "|---|---|", "| [`version`](#version) | the version of the schema |"]
    lines += [f"| [`{feature.key}`](#{_anchor(_title(feature))}) | {feature.title} |" for feature in FEATURES]
    return "\n".join([*lines, ""])


def _write_values(root: Node) -> str:
    rows = [f"| {name} | {_cell('; or '.join(words))} |" for name, words in list_values(root).items()]
    return "\n".join(["## Values", "", "| value | written |", "|---|---|", *rows, ""])


def _write_version(root: Node) -> str:
    version = root["properties"]["version"]
    return f"## version\n\nAlways `version: {version['const']}`. {version['description']}\n"


def _title(feature: Feature[Any]) -> str:
    return f"{feature.title} (`{feature.key}`)"


def _write_feature(feature: Feature[Any], root: Node) -> str:
    node = root["properties"][feature.key]
    models = _collect(feature.key, node, root, {}).values()
    anchors = {path: _anchor(model.path) for model in models for path in (model.path, *model.others)}
    parts = [f"## {_title(feature)}", *_read_opening(feature), _write_notes(feature)]
    parts += [_write_model(model, root, anchors) for model in models]
    parts += [f"Example:\n\n```yaml\n{_read(feature, 'example.yaml').strip()}\n```"]
    return "\n\n".join(parts) + "\n"


def _write_notes(feature: Feature[Any]) -> str:
    notes = ["Always there, with its defaults, even when you leave it out."] if feature.default else []
    if feature.profile:
        notes.append(f"Needs the image profile `{feature.profile}`.")
    readme = f"../src/patronus/features/{_folder(feature)}/README.md"
    return " ".join([*notes, f"How it works inside: [README]({readme})."])


def _folder(feature: Feature[Any]) -> str:
    return feature.schema.__module__.split(".")[2]


def _read(feature: Feature[Any], name: str) -> str:
    return files(f"patronus.features.{_folder(feature)}").joinpath(name).read_text("utf-8")


def _read_opening(feature: Feature[Any]) -> list[str]:
    """Return the first paragraph of the feature's README, unless a table stands there."""
    opening = re.split(r"\n\s*\n", _read(feature, "README.md").strip())[1]
    return [] if opening.startswith("|") else [opening]


def _collect(path: str, node: Node, root: Node, found: dict[str, _Model]) -> dict[str, _Model]:
    """Add every mapping below `path` to `found`, each once, in the order a reader meets them."""
    for name, where, model in find_models(path, node, root):
        if name in found:
            found[name].others.append(where)
            continue
        found[name] = _Model(where, [], model)
        for key, field in model.get("properties", {}).items():
            _collect(f"{where}.{key}", field, root, found)
    return found


def _write_model(model: _Model, root: Node, anchors: dict[str, str]) -> str:
    parts = [f"### `{model.path}`", model.node.get("description", "")]
    if model.others:
        parts.append("The same at " + ", ".join(f"`{path}`" for path in model.others) + ".")
    required = model.node.get("required", ())
    rows = ["| key | value | default | |", "|---|---|---|---|"]
    for key, field in model.node.get("properties", {}).items():
        value = describe_value(f"{model.path}.{key}", field, root, anchors)
        default = "required" if key in required else describe_default(field)
        rows.append(f"| `{key}` | {_cell(value)} | {_cell(default)} | {_cell(_explain(field, root))} |")
    return "\n\n".join([*parts, "\n".join(rows)])


def _explain(field: Node, root: Node) -> str:
    return str(field.get("description") or describe_kind(field, root).get("description", ""))


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _anchor(heading: str) -> str:
    """Return the anchor forges give to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(write_reference(), "utf-8")
