"""One YAML 1.2 text -> plain data, in one pass over the parser's events. Core schema only (YAML 1.2.2 section 10.3):
no dates, no sexagesimal numbers, no `yes` and `no`. Anchors, tags and merge keys are refused before anything is built
from them, for they can expand without bound. A key is always text, as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from patronus.values.problem import Problem, Refused

try:
    from _ruamel_yaml import CParser
except ImportError:  # Python versions for which nobody has built it
    CParser = None

MAX_DEPTH = 24
MAX_PROBLEMS = 50
"""A file with more is not a document with mistakes in it."""
_LONGEST_NUMBER = 20
"""Digits; no field takes a larger number."""

_NUMBER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_WORDS: dict[str, Any] = dict.fromkeys(["", "~", "null", "Null", "NULL"])
_WORDS |= dict.fromkeys(["true", "True", "TRUE"], True) | dict.fromkeys(["false", "False", "FALSE"], False)
_NEVER = re.compile(r"[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Control characters, line breaks other than LF, byte order marks, what is no character."""
_COMMENT = re.compile(r"(?:^| )#")
_QUOTE = "write it in quotes if it is meant as text"
_LEADING_ZERO = "write the number without it, or in quotes if it is meant as text"


def read_yaml(name: str, text: str) -> Any:
    """Return the data of one document; `name` is the file's. Raises Refused with every problem and its place."""
    text = text.replace("\r\n", "\n")
    if parse is not parse_slowly:
        # Versions of libyaml differ about YAML 1.2: 0.1.7 refuses `{mac: 52:54:00:00:00:01}`, 0.2.5 reads it. So that
        # a workstation and a box take the same documents, the parser in Python has the last word about what is refused.
        with suppress(YAMLError, ValueError, RecursionError):
            return _read(_Reader(name), text, parse)
    reader = _Reader(name)
    try:
        return _read(reader, text, parse_slowly)
    except MarkedYAMLError as error:
        reader.complain(error.problem_mark or error.context_mark, *_explain(error))
    except (YAMLError, ValueError, RecursionError):
        reader.problems.append(Problem("", f"{name}: not valid YAML", "check the file with a YAML-aware editor"))
    raise Refused(reader.problems)


def _read(reader: _Reader, text: str, events: Callable[[str], Iterator[Any]]) -> Any:
    reader.refuse_characters(text)
    for event in events(text):
        reader.take(event)
    if reader.problems:
        raise Refused(reader.problems)
    return reader.root


def parse_slowly(text: str) -> Iterator[Any]:
    """Yield the events of a text with the parser in Python."""
    yield from YAML(typ="safe", pure=True).parse(StringIO(text))


def parse_fast(text: str) -> Iterator[Any]:
    """Yield the events of a text with libyaml, thirty times as fast; a test holds it to the same data."""
    parser = CParser(text)
    try:
        while parser.check_event():
            yield parser.get_event()
    finally:
        parser.dispose()


parse = parse_fast if CParser else parse_slowly


def _explain(error: MarkedYAMLError) -> tuple[str, str]:
    said = error.problem or error.context or "cannot be read"
    began, here = error.context_mark, error.problem_mark
    if error.context and began and here and began.line < here.line:
        said += f" {error.context} that begins in line {began.line + 1}"
    return f"not valid YAML: {said}", "check indentation, colons and quotes there, and in the line before"


class _Reader:
    """Builds the data; what is wrong goes to `problems` and reading goes on, so that everything is told at once."""

    def __init__(self, name: str) -> None:
        self.problems: list[Problem] = []
        self.root: Any = None
        self._name = name
        self._open: list[tuple[dict[str, Any] | list[Any], list[str]]] = []
        self._documents = 0

    def refuse_characters(self, text: str) -> None:
        """Refuse what parsers differ about: control characters, rare line breaks, tabs outside comments."""
        odd = "\t" in text or _NEVER.search(text)
        for number, line in enumerate(text.split("\n"), 1) if odd else ():
            code = _COMMENT.split(line, maxsplit=1)[0]
            for found in [*_NEVER.finditer(line), *re.finditer("\t", code)][:1]:
                where = f"{self._name}:{number}:{found.start() + 1}"
                if found[0] == "\t":
                    message, hint = "a tab stands where YAML wants spaces", "indent with spaces, never with tabs"
                else:
                    message = f"the character U+{ord(found[0]):04X} is not allowed"
                    hint = "remove it; in quotes it can be written as an escape"
                self._note(Problem("", f"{where}: {message}", hint))
        if self.problems:
            raise Refused(self.problems)

    def take(self, event: Any) -> None:
        """Take the parser's next event."""
        if isinstance(event, NodeEvent):
            self._refuse_references(event)
        if isinstance(event, DocumentStartEvent):
            self._start(event)
        elif isinstance(event, CollectionEndEvent):
            self._open.pop()
        elif isinstance(event, CollectionStartEvent):
            container: dict[str, Any] | list[Any] = [] if isinstance(event, SequenceStartEvent) else {}
            self._add(event, container)
            self._open.append((container, []))
            if len(self._open) > MAX_DEPTH:
                self._stop(event, f"nested deeper than {MAX_DEPTH} levels", "no section needs that")
        elif isinstance(event, ScalarEvent):
            self._add(event, event.value if self._wants_key() else self._resolve(event))
        elif isinstance(event, AliasEvent):
            self._add(event, "")

    def complain(self, mark: Any, message: str, hint: str) -> None:
        """Note a problem at a place of the text."""
        where = f"{self._name}:{mark.line + 1}:{mark.column + 1}" if mark else self._name
        self._note(Problem("", f"{where}: {message}", hint))

    def _note(self, problem: Problem) -> None:
        self.problems.append(problem)
        if len(self.problems) >= MAX_PROBLEMS:
            raise Refused(self.problems)

    def _stop(self, event: Any, message: str, hint: str) -> None:
        self.complain(event.start_mark, message, hint)
        raise Refused(self.problems)

    def _start(self, event: DocumentStartEvent) -> None:
        self._documents += 1
        if self._documents > 1:
            self._stop(event, "a second document begins", "give each part a file of its own, in one folder")
        if event.version not in {None, (1, 2)} or event.tags:
            self.complain(event.start_mark, "YAML directives are not accepted", "remove the lines that begin with %")

    def _refuse_references(self, event: NodeEvent) -> None:
        if event.anchor is not None:
            self.complain(event.start_mark, "YAML anchors and aliases are not accepted", "write the value out")
        if getattr(event, "ctag", None) is not None:
            self.complain(event.start_mark, "YAML tags are not accepted", "write a plain value")

    def _wants_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1][0], dict) and not self._open[-1][1]

    def _add(self, event: Any, value: Any) -> None:
        if not self._open:
            self.root = value
            return
        container, key = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        elif key:
            container[key.pop()] = value
        elif isinstance(value, str):
            self._check_key(event, value, container)
            key.append(value)
        else:
            self._stop(event, "a list or mapping stands where a key is expected", "quote it if it is meant as text")

    def _check_key(self, event: Any, key: str, container: dict[str, Any]) -> None:
        if key in container:
            self.complain(event.start_mark, f"the key {key[:60]!r} stands twice in one mapping", "keep one of the two")
        if not key:
            self.complain(event.start_mark, "a key is empty", "write a name in front of the colon")
        if key == "<<" and not getattr(event, "style", None):
            self.complain(event.start_mark, "YAML merge keys are not accepted", "write the values out")
        self._check_text(event, key)

    def _resolve(self, event: ScalarEvent) -> Any:
        text = event.value
        if event.style:
            return self._check_text(event, text)
        if text in _WORDS:
            return _WORDS[text]
        if _NUMBER.fullmatch(text):
            return self._read_number(event, text)
        if _NOT_FINITE.fullmatch(text) or (_FLOAT.fullmatch(text) and "inf" in str(float(text))):
            self.complain(event.start_mark, f"{text[:20]} is no number a setting can have", _QUOTE)
            return 0
        return float(text) if _FLOAT.fullmatch(text) else self._check_text(event, text)

    def _read_number(self, event: ScalarEvent, text: str) -> int:
        if len(text) > _LONGEST_NUMBER:
            self.complain(event.start_mark, f"a number of {len(text)} digits is too large", _QUOTE)
            return 0
        if re.fullmatch(r"[-+]?0[0-9]+", text):
            self.complain(event.start_mark, f"{text} begins with 0: some read it as octal", _LEADING_ZERO)
        return int(text, {"0o": 8, "0x": 16}.get(text[:2], 10))

    def _check_text(self, event: Any, text: str) -> str:
        if any("\ud800" <= char <= "\udfff" for char in text):
            self.complain(event.start_mark, "half of a UTF-16 pair is not a character", "write the character itself")
        return text
