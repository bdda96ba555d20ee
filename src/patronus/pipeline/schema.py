"""The JSON Schema of the whole document, from what the features declare."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, create_model

from patronus.features import FEATURES
from patronus.values.numbers import DURATION, SIZE, write_duration, write_size
from patronus.values.version import SCHEMA_VERSION


def document_schema() -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of a document."""
    fields: dict[str, Any] = {
        "version": (Literal[SCHEMA_VERSION], Field(description="The version of the document's schema.")),
    }
    for feature in FEATURES:
        fields[feature.key] = (Annotated[feature.schema | None, Field(title=feature.title)], None)
    model = create_model("Patronus", __config__=ConfigDict(extra="forbid", title="Patronus appliance"), **fields)
    schema = model.model_json_schema()
    _spell_defaults(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _spell_defaults(node: Any) -> None:
    """Write defaults as a document writes them; pydantic gives the seconds and bytes they are kept as."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and type(node.get("default")) is int:
        write = {DURATION: write_duration, SIZE: write_size}.get(node.get("x-value", ""))
        node["default"] = write(node["default"]) if write else node["default"]
    for child in children:
        _spell_defaults(child)
