"""The JSON Schema of the whole document, from what the features declare."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, create_model

from patronus.features import FEATURES
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
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
