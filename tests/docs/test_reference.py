"""The configuration reference is the schema's, key by key."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from patronus.features import FEATURES
from patronus.ops.reference import write_reference
from patronus.pipeline.schema import document_schema

PAGE = Path(__file__).parents[2] / "docs/reference.md"


def all_fields(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(node, dict):
        yield from node.get("properties", {}).items()
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from all_fields(child)


def test_the_page_is_what_the_schema_says_now() -> None:
    assert PAGE.read_text("utf-8") == write_reference(), "docs/reference.md is out of date: run `make docs`"


def test_every_key_has_a_row() -> None:
    page = write_reference()
    fields = list(all_fields(document_schema()["$defs"]))
    assert len(fields) > 100
    assert [key for key, _ in fields if f"| `{key}` |" not in page] == []


def test_every_section_has_its_example() -> None:
    page = write_reference()
    assert page.count("```yaml") == len(FEATURES)


def test_defaults_are_written_as_a_document_writes_them() -> None:
    ssh = document_schema()["$defs"]["Ssh"]["properties"]
    assert ssh["login_grace_time"]["default"] == "1m"
    assert ssh["port"]["default"] == 22
    assert document_schema()["$defs"]["Journal"]["properties"]["max_size"]["default"] == "200M"
