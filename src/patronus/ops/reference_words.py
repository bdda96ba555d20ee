"""Words for the parts of a JSON Schema: what a value may be, its default, which mappings it holds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Node = dict[str, Any]
_EXPLAINED = re.compile(r"([^,:;`]+?),?:? ((?:such as|of at most|of lower-case|letters) .*)")
"""The name of a kind of value, and how it is written."""
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:+-]*")


def describe_kind(node: Node, root: Node) -> Node:
    """Return the schema behind references and behind `or nothing`."""
    if "$ref" in node:
        target: Node = root["$defs"][node["$ref"].rsplit("/", 1)[1]]
        return target
    options = [option for option in node.get("anyOf", ()) if option.get("type") != "null"]
    return describe_kind(options[0], root) if len(options) == 1 else node


def find_models(path: str, node: Node, root: Node) -> Iterator[tuple[str, str, Node]]:
    """Yield name, path and schema of each mapping with fixed keys that a value holds."""
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[1]
        target = root["$defs"][name]
        if "properties" in target:
            yield name, path, target
        else:
            yield from find_models(path, target, root)
    for option in node.get("anyOf", ()):
        yield from find_models(path, option, root)
    if "items" in node:
        yield from find_models(f"{path}[]", node["items"], root)
    for value in _mapping_values(node):
        yield from find_models(f"{path}.<name>", value, root)


def _mapping_values(node: Node) -> list[Node]:
    values = [*node.get("patternProperties", {}).values(), node.get("additionalProperties")]
    return [value for value in values if isinstance(value, dict)]


def describe_value(path: str, node: Node, root: Node, anchors: dict[str, str]) -> str:
    """Say what a value may be, with links to the mappings described elsewhere on the page."""
    kind = describe_kind(node, root)
    if path in anchors and "properties" in kind:
        return f"[mapping](#{anchors[path]})"
    if "x-value" in kind:
        return _split_value(kind["x-value"])[0]
    if "enum" in kind or "const" in kind:
        return ", ".join(f"`{value}`" for value in kind.get("enum", [kind.get("const")]))
    if "anyOf" in kind:
        return _describe_union(path, kind["anyOf"], root, anchors)
    if "items" in kind:
        return "list of: " + describe_value(f"{path}[]", kind["items"], root, anchors)
    for value in _mapping_values(kind):
        return "mapping of names to: " + describe_value(f"{path}.<name>", value, root, anchors)
    return _describe_scalar(kind)


def _split_value(text: str) -> tuple[str, str]:
    """Cut what a value is called from how it is written: `an IPv4 address such as 192.0.2.1`."""
    text = re.sub(r"^an? ", "", text)
    found = _EXPLAINED.fullmatch(text)
    return (found[1], found[2]) if found else (text, "")


def list_values(root: Node) -> dict[str, list[str]]:
    """Return how each kind of value is written, by its name, for those whose name is shorter than that."""
    found: dict[str, list[str]] = {}
    for name, words in sorted(set(map(_split_value, _walk(root)))):
        if words:
            found.setdefault(name, []).append(words)
    return found


def _walk(node: Any) -> Iterator[str]:
    if isinstance(node, dict) and "x-value" in node:
        yield node["x-value"]
    for child in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _walk(child)


def _describe_union(path: str, options: list[Node], root: Node, anchors: dict[str, str]) -> str:
    """`Many` is a union of an item and a list of such items."""
    options = [option for option in options if option.get("type") != "null"]
    if len(options) == 2 and options[1].get("items") == options[0]:
        return "one or more of: " + describe_value(path, options[0], root, anchors)
    return " or ".join(describe_value(path, option, root, anchors) for option in options)


def _describe_scalar(kind: Node) -> str:
    if kind.get("type") == "boolean":
        return "`true` or `false`"
    if kind.get("type") == "integer":
        return "number" + _describe_range(kind)
    return "text" + (f", at most {kind['maxLength']} characters" if "maxLength" in kind else "")


def _describe_range(kind: Node) -> str:
    low, high = kind.get("minimum"), kind.get("maximum")
    if low is not None and high is not None:
        return f" {low}-{high}"
    return f" from {low}" if low is not None else f" up to {high}" if high is not None else ""


def describe_default(node: Node) -> str:
    """Return the default as it would be written; `-` when there is none, or when only words can say it."""
    default = node.get("default")
    if isinstance(default, bool | int | float):
        return f"`{json.dumps(default)}`"
    if isinstance(default, str) and default:
        return f"`{default}`" if _PLAIN.fullmatch(default) else f"`{json.dumps(default)}`"
    if isinstance(default, list) and default and all(isinstance(item, str | int) for item in default):
        return f"`[{', '.join(map(str, default))}]`"
    return "-"
