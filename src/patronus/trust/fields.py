"""Typed fields out of a JSON object, complaining instead of stopping, so that everything wrong is told at once."""

import re
from datetime import UTC, datetime

from patronus.trust.refusal import escape

ID = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class Fields:
    """Takes typed fields out of a JSON object; what is wrong goes to a list and a harmless value comes back."""

    def __init__(self, document: dict[str, object], where: str, wrong: list[str]) -> None:
        self._left = dict(document)
        self._where = where
        self._wrong = wrong

    def has(self, key: str) -> bool:
        return key in self._left

    def finish(self) -> None:
        self._wrong.extend(f"the key '{self._where}{escape(key)}' is unknown" for key in self._left)

    def _complain(self, key: str, expected: str) -> None:
        self._wrong.append(f"'{self._where}{key}' is not {expected}")

    def _take(self, key: str) -> object:
        if key not in self._left:
            self._wrong.append(f"'{self._where}{key}' is missing")
            return None
        value = self._left.pop(key)
        if value is None:
            self._complain(key, "allowed to be null")
        return value

    def number(self, key: str, low: int, high: int) -> int:
        value = self._take(key)
        if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
            return value
        if value is not None:
            self._complain(key, f"a whole number from {low} to {high}")
        return low

    def flag(self, key: str) -> bool:
        value = self._take(key)
        if isinstance(value, bool):
            return value
        if value is not None:
            self._complain(key, "true or false")
        return False

    def string(self, key: str) -> str | None:
        value = self._take(key)
        if isinstance(value, str):
            return value
        if value is not None:
            self._complain(key, "a string")
        return None

    def text(self, key: str, pattern: re.Pattern[str], expected: str) -> str:
        value = self.string(key)
        if value is not None and not pattern.fullmatch(value):
            self._complain(key, expected)
        return value or ""

    def line(self, key: str, limit: int) -> str:
        value = self.string(key)
        if value is not None and not (0 < len(value) <= limit and value.isprintable()):
            self._complain(key, f"one line of 1 to {limit} printable characters")
        return value or ""

    def time(self, key: str) -> datetime:
        value = self.text(key, TIME, "a UTC time such as 2026-11-22T12:00:00Z")
        try:
            return datetime.fromisoformat(value).astimezone(UTC)
        except ValueError:
            if TIME.fullmatch(value):
                self._complain(key, "a time that exists")
            return datetime.fromtimestamp(0, UTC)

    def mapping(self, key: str) -> dict[str, object]:
        value = self._take(key)
        if isinstance(value, dict):
            return value
        if value is not None:
            self._complain(key, "an object")
        return {}

    def items(self, key: str) -> list[object]:
        value = self._take(key)
        if isinstance(value, list):
            return value
        if value is not None:
            self._complain(key, "a list")
        return []

    def ids(self, key: str, also: str = "") -> tuple[str, ...]:
        found = []
        for value in self.items(key):
            if isinstance(value, str) and len(value) <= 63 and (ID.fullmatch(value) or value == also != ""):
                found.append(value)
            else:
                self._complain(key, "a list of ids (lower-case letters, digits, . _ - between them)")
        return tuple(found)
