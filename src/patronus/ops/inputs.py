"""What a person hands over: files, folders of documents, standard input. Never more than a limit is read."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterable
from pathlib import Path

from patronus.host.files import read_bounded
from patronus.pipeline.load import MAX_DOCUMENT
from patronus.trust.format import MAX_BUNDLE
from patronus.values.problem import Problem, Refused

STDIN = Path("-")
STDIN_NAME = "stdin.yaml"
MAX_KEYS = 2**20
"""Bytes of a file with public keys."""


def read_input(path: Path, limit: int = MAX_BUNDLE) -> bytes:
    """Read a file, or standard input for `-`. Raises Refused, also when there is more than `limit` bytes."""
    raw = _read_beyond(path, limit)
    _check_size(path, raw, limit)
    return raw


def _read_beyond(path: Path, limit: int) -> bytes:
    """Read at most one byte more than may be there."""
    try:
        return sys.stdin.buffer.read(limit + 1) if path == STDIN else read_bounded(path, limit)
    except OSError as error:
        raise Refused([Problem("", f"{path} cannot be read: {error.strerror}", "check the name")]) from error


def _check_size(path: Path, raw: bytes, limit: int) -> None:
    if len(raw) > limit:
        what = "standard input" if path == STDIN else str(path)
        raise Refused([Problem("", f"{what} has more than {_write_limit(limit)}", "is it the right file?")])


def _write_limit(limit: int) -> str:
    return f"{limit // 2**20} MiB" if limit >= 2**20 else f"{limit // 2**10} KiB"


def is_bundle(raw: bytes) -> bool:
    """Tell a bundle from a document by its first bytes."""
    return raw.startswith(b"PATRONUS")


def read_documents(path: Path) -> dict[str, bytes]:
    """Read a document, or every `*.yaml` of a folder, by file name. Raises Refused."""
    if not path.is_dir():
        return {STDIN_NAME if path == STDIN else path.name: _read_document(path)}
    paths = sorted(path.glob("*.yaml"))
    if misnamed := sorted(path.glob("*.yml")):
        hint = "name every fragment *.yaml, or move it elsewhere"
        raise Refused([Problem("", f"{file} would not be read", hint) for file in misnamed])
    if not paths:
        raise Refused([Problem("", f"{path} holds no *.yaml file", "name the folder with your fragments")])
    problems = list(_find_odd(paths))
    if problems:
        raise Refused(problems)
    documents: dict[str, bytes] = {}
    left = MAX_DOCUMENT
    for file in paths:
        documents[file.name] = _read_document(file)
        left -= len(documents[file.name])
        if left < 0:
            message = f"the files of {path} have together more than {_write_limit(MAX_DOCUMENT)}"
            raise Refused([Problem("", message, "move long lists into URL tables or attached files")])
    return documents


def _read_document(path: Path) -> bytes:
    """Read one document. A bundle is told as what it is, one that is larger than a document may be as well."""
    raw = _read_beyond(path, MAX_DOCUMENT)
    if is_bundle(raw):
        hint = f"look into it with: patronus inspect {path}, or check it with: patronus verify {path} --trust FOLDER"
        raise Refused([Problem("", f"{path} is a signed bundle, no document", hint)])
    _check_size(path, raw, MAX_DOCUMENT)
    return raw


def _find_odd(paths: Iterable[Path]) -> Iterable[Problem]:
    """Yield what is no plain file: a pipe would wait for ever, a device never end. Links to plain files are fine."""
    for path in paths:
        try:
            plain = stat.S_ISREG(path.stat().st_mode)
        except OSError as error:
            yield Problem("", f"{path} cannot be read: {error.strerror}", "repair or remove it")
        else:
            if not plain:
                yield Problem("", f"{path} is not a plain file", "remove it from the folder")
