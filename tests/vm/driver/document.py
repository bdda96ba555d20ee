"""Documents of the stories: a file in tests/vm/configs and small changes to it, each giving a new document."""

import copy
import json
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

CONFIGS = Path(__file__).resolve().parents[1] / "configs"


class Document:
    """A configuration as plain data. Paths are keys joined by dots, such as `interfaces.lan.ipv4.addresses`."""

    def __init__(self, data: dict[str, Any]) -> None:
        self._data = data

    @classmethod
    def load(cls, name: str) -> "Document":
        """The document tests/vm/configs/<name>.yaml."""
        return cls(YAML(typ="safe").load(CONFIGS / f"{name}.yaml"))

    @property
    def text(self) -> str:
        """The document to sign: JSON, which is YAML as well."""
        return json.dumps(self._data, indent=1)

    def get(self, path: str) -> Any:
        """What stands at a path."""
        value: Any = self._data
        for key in path.split("."):
            value = value[key]
        return copy.deepcopy(value)

    def put(self, path: str, value: object) -> "Document":
        """A copy with another value at a path; what is missing on the way there is made."""
        data = copy.deepcopy(self._data)
        place: Any = data
        *way, last = path.split(".")
        for key in way:
            place = place.setdefault(key, {})
        place[last] = value
        return Document(data)

    def add(self, path: str, *entries: object) -> "Document":
        """A copy with more entries at the end of the list at a path."""
        return self.put(path, [*self.get(path), *entries])

    def add_first(self, path: str, *entries: object) -> "Document":
        """A copy with more entries at the head of the list at a path."""
        return self.put(path, [*entries, *self.get(path)])

    def remove_named(self, path: str, name: str) -> "Document":
        """A copy without the entry of that name in the list at a path."""
        return self.put(path, [entry for entry in self.get(path) if entry.get("name") != name])
