"""What field types are made of: a value that does not fit says what is expected and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Generic, TypeVar, cast

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    RootModel,
    Strict,
)
from pydantic.functional_serializers import PlainSerializer
from pydantic_core.core_schema import CoreSchema, no_info_before_validator_function

from patronus.values.schema_text import WithJsonSchema

Suggest = Callable[[str], str]
"""From what was written to what is probably meant, in the document's words; empty when that cannot be told."""


class Misfit(ValueError):  # noqa: N818 - it is the value that is wrong, not the program
    """A value that a field does not take; `hint` is the next step."""

    def __init__(self, expected: str, hint: str) -> None:
        super().__init__(f"expected {expected}")
        self.hint = hint


class Section(BaseModel):
    """Base of every model of the document: frozen, and an unknown key is an error."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, use_attribute_docstrings=False, defer_build=True
    )


_Root = TypeVar("_Root")


class SectionMap(RootModel[_Root], Generic[_Root]):
    """Base of a section that maps names to models; `RootModel[dict[...]]` itself would build its schema twice."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True, defer_build=True)


def no_guess(_written: str) -> str:
    """Suggest nothing."""
    return ""


def make_misfit(value: Any, expected: str, hint: str, suggest: Suggest = no_guess) -> Misfit:
    """Return the complaint about a value: what is probably meant if that can be told, else the type's own hint."""
    meant = suggest(value) if isinstance(value, str) else ""
    return Misfit(expected, f"write {meant}" if meant else hint)


def from_text(
    parse: Callable[[str], Any],
    expected: str,
    hint: str,
    suggest: Suggest = no_guess,
    write: Callable[[Any], str] = str,
    **schema: Any,
) -> tuple[Any, ...]:
    """Return the validators of a type written as a string and kept as what `parse` returns."""

    def read(value: Any) -> Any:
        # ipaddress takes any text behind `%` as an IPv6 scope; no value of the document has one.
        if not isinstance(value, str) or "%" in value:
            raise make_misfit(value, expected, hint, suggest)
        try:
            return parse(value)
        except ValueError as error:
            raise make_misfit(value, expected, hint, suggest) from error

    described = WithJsonSchema({"type": "string", "x-value": expected, **schema})
    return (BeforeValidator(read), PlainSerializer(write), described)


def match_whole(
    pattern: str, expected: str, hint: str, suggest: Suggest = no_guess, *, max_length: int = 253
) -> tuple[Any, ...]:
    """Return the annotation of a string that matches `pattern` whole."""

    def read(value: Any) -> str:
        # re keeps what it compiled; compiling every pattern of the schema beforehand would cost each boot.
        if type(value) in {bool, int, float}:
            raise make_misfit(value, expected, f"{hint}; write it in quotes if it is meant as text")
        if not isinstance(value, str) or len(value) > max_length or not re.fullmatch(pattern, value):
            raise make_misfit(value, expected, hint, suggest)
        return value

    schema = {"type": "string", "x-value": expected, "pattern": f"^{pattern}$", "maxLength": max_length}
    return (BeforeValidator(read), WithJsonSchema(schema))


Switch = Annotated[bool, Strict()]
"""true or false. `yes`, `on` and `"true"` are text and 1 is a number, in YAML 1.2 and here."""


def _as_list(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class _OrSingle:
    """Lets a list of one be written without brackets, in the validator and in the JSON Schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return no_info_before_validator_function(_as_list, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        array = handler(cast(CoreSchema, cast(dict[str, Any], schema)["schema"]))
        return {"anyOf": [array["items"], array]}


_Item = TypeVar("_Item")
Many = Annotated[tuple[_Item, ...], _OrSingle()]
"""A list; a single value may stand without brackets."""
