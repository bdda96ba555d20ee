"""Walks the list of features: each has all its parts, so that nobody can forget one."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import pytest
from pydantic import AfterValidator, BaseModel, BeforeValidator, RootModel, Strict

from patronus import features
from patronus.features import FEATURES
from patronus.features.contract import Feature
from patronus.pipeline.load import load
from patronus.pipeline.plan import plan
from patronus.pipeline.render import render
from patronus.pipeline.schema import document_schema
from patronus.pipeline.validate import validate
from patronus.values.tree import Tree
from patronus.values.types import Section

REPOSITORY = Path(__file__).parents[2]
FOLDER = Path(features.__file__).parent
CASES = Path(__file__).parent
PARTS = ["__init__.py", "schema.py", "plan.py", "example.yaml", "README.md"]
OWNERS = {"root"}
GROUPS = {"root", "_kea", "unbound", "_chrony", "systemd-network", "ssh", "patronus-admin"}
"""Users and groups of the packages in the image, and of its sysusers.d."""

each_feature = pytest.mark.parametrize("feature", FEATURES, ids=lambda feature: feature.key)


def examples() -> dict[str, bytes]:
    return {f"{feature.key}.yaml": (FOLDER / feature.key / "example.yaml").read_bytes() for feature in FEATURES}


def render_examples(*keys: str) -> Tree:
    """Render the examples of some features as one document; all of them without `keys`."""
    document = load({**examples(), "version.yaml": b"version: 1"})
    return render(plan(validate({key: value for key, value in document.items() if not keys or key in keys})))


def models(kind: Any, seen: set[type[BaseModel]] | None = None) -> Iterator[type[BaseModel]]:
    """Yield every model a type is built from."""
    seen = set() if seen is None else seen
    for part in [kind, *get_args(kind)]:
        if isinstance(part, type) and issubclass(part, BaseModel):
            if part not in seen:
                seen.add(part)
                yield part
                for hint in hints_of(part).values():
                    yield from models(hint, seen)
        elif part is not kind:
            yield from models(part, seen)


def loose_parts(kind: Any, checked: tuple[Any, ...] = ()) -> Iterator[Any]:
    """Yield what of a field's type lets anything through: text without validator, numbers that may be text."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from loose_parts(get_args(kind)[0], (*checked, *kind.__metadata__))
    elif origin in {tuple, dict, Union, UnionType}:
        for part in get_args(kind):
            yield from loose_parts(part, checked if origin in {Union, UnionType} else ())
    elif (
        origin is Literal
        or kind in {NoneType, Ellipsis}
        or (isinstance(kind, type) and issubclass(kind, Enum | Section))
    ):
        return
    elif not any(isinstance(mark, BeforeValidator | AfterValidator | Strict) for mark in checked):
        yield kind


def is_closed(kind: Any) -> bool:
    """Tell whether a type lets only words or settings of its own through."""
    own = isinstance(kind, type) and issubclass(kind, Enum | Section)
    return own or get_origin(kind) is Literal or kind in {bool, NoneType, Ellipsis}


def hints_of(model: type[BaseModel]) -> dict[str, Any]:
    """Return the types of a model's fields, validators included."""
    hints = get_type_hints(model, include_extras=True)
    return {
        name: field.annotation if isinstance(hints[name], TypeVar) else hints[name]
        for name, field in model.model_fields.items()
    }


def test_a_loose_field_would_be_found() -> None:
    assert list(loose_parts(str)) == [str]
    assert list(loose_parts(bool)) == [bool]
    assert list(loose_parts(tuple[str, ...])) == [str]
    assert list(loose_parts(dict[str, int | None])) == [str, int]
    assert list(loose_parts(Annotated[str, AfterValidator(str)])) == []


@each_feature
def test_its_folder_has_every_part(feature: Feature[Any]) -> None:
    present = {path.name for path in (FOLDER / feature.key).iterdir()}
    assert [part for part in PARTS if part not in present] == []
    assert importlib.import_module(f"patronus.features.{feature.key}").FEATURE is feature


@each_feature
def test_it_has_a_golden_case_and_every_case_a_tree(feature: Feature[Any]) -> None:
    cases = sorted((CASES / feature.key / "cases").glob("*.yaml"))
    assert cases
    assert [case.name for case in cases if not case.with_suffix(".tree").is_dir()] == []


@each_feature
def test_its_readme_is_one_page_that_names_the_section(feature: Feature[Any]) -> None:
    text = (FOLDER / feature.key / "README.md").read_text()
    assert text.startswith("# ")
    assert feature.key in text
    assert 5 <= len(text.splitlines()) <= 120


@each_feature
def test_every_field_is_documented(feature: Feature[Any]) -> None:
    missing = [
        f"{model.__name__}.{name}"
        for model in models(feature.schema)
        if issubclass(model, Section)
        for name, field in model.model_fields.items()
        if not (field.description or "").rstrip().endswith((".", ")"))
    ]
    assert missing == []


@each_feature
def test_every_model_is_a_frozen_section_that_refuses_unknown_keys(feature: Feature[Any]) -> None:
    for model in models(feature.schema):
        assert model.model_config.get("frozen"), model
        assert model.__doc__, model
        if issubclass(model, Section):
            assert model.model_config.get("extra") == "forbid", model


@each_feature
def test_no_field_is_bare_text_or_a_number_that_may_be_text(feature: Feature[Any]) -> None:
    loose = {
        f"{model.__name__}.{name}": found
        for model in models(feature.schema)
        if issubclass(model, Section | RootModel)
        for name, hint in hints_of(model).items()
        if (found := list(loose_parts(hint)))
    }
    assert loose == {}


@each_feature
def test_its_title_and_key_are_plain_words(feature: Feature[Any]) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", feature.key)
    assert feature.title.strip() == feature.title != ""


@each_feature
def test_its_profile_is_one_of_the_image(feature: Feature[Any]) -> None:
    assert feature.profile is None or (REPOSITORY / "profiles" / feature.profile / "mkosi.conf").exists()


@each_feature
def test_its_example_is_about_it_alone(feature: Feature[Any]) -> None:
    document = load({"example.yaml": (FOLDER / feature.key / "example.yaml").read_bytes()})
    assert [key for key in document if key != "version"] == [feature.key]


def test_every_folder_is_a_feature_of_the_list() -> None:
    folders = {path.parent.name for path in FOLDER.glob("*/__init__.py")}
    assert folders == {feature.key for feature in FEATURES}


def test_the_examples_together_are_one_valid_document_without_warnings() -> None:
    appliance = validate(load({**examples(), "version.yaml": b"version: 1"}))
    assert appliance.warnings == ()
    assert render_examples().contents


def test_the_example_document_is_valid_without_warnings() -> None:
    example = REPOSITORY / "src" / "patronus" / "example.yaml"
    assert validate(load({"example.yaml": example.read_bytes()})).warnings == ()


def test_files_belong_to_users_of_the_image_and_stay_inside_the_tree() -> None:
    for path, entry in render_examples().manifest.entries.items():
        assert entry.owner in OWNERS, path
        assert entry.group in GROUPS, path
        assert entry.target or entry.mode & ~0o755 == 0, path
        assert re.fullmatch(r"etc(/[A-Za-z0-9_.:@-]+)+", path), path
        assert not {".", ".."} & set(path.split("/")), path


def test_every_fragment_names_the_section_it_comes_from() -> None:
    keys = {feature.key for feature in FEATURES}
    manifest = render_examples().manifest
    origins = [entry.origin for entry in manifest.entries.values()]
    origins += [unit.origin for unit in manifest.units] + [sysctl.origin for sysctl in manifest.sysctls]
    origins += [link.origin for link in manifest.links] + [check.origin for check in manifest.checks]
    assert [origin for origin in origins if re.split(r"[.\[]", origin)[0] not in keys] == []


def test_units_watch_files_that_exist() -> None:
    manifest = render_examples().manifest
    for unit in manifest.units:
        for watched in unit.files:
            assert any(path == watched or (watched.endswith("/") and path.startswith(watched))
                       for path in manifest.entries), (unit.name, watched)  # fmt: skip


def test_the_schema_of_the_document_names_every_section() -> None:
    assert list(document_schema()["properties"]) == ["version", *(feature.key for feature in FEATURES)]
