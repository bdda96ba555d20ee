"""How a type describes itself in the JSON Schema."""

from __future__ import annotations

from typing import Any

import pydantic
from pydantic import GetJsonSchemaHandler
from pydantic_core.core_schema import CoreSchema


class WithJsonSchema(pydantic.WithJsonSchema):
    """Pydantic's own, but each use gets a copy: 2.10 writes a field's default into what other fields show too."""

    def __get_pydantic_json_schema__(self, core_schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return dict(pydantic.WithJsonSchema.__get_pydantic_json_schema__(self, core_schema, handler))
