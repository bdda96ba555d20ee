"""The generations of a box: signed bundles on the config partition, written once and never changed.

/config/generations/<serial>-<digest16>/bundle       as it was delivered, byte for byte
/config/generations/<serial>-<digest16>/record.json  when it was confirmed, by whom
/config/generations/<serial>.<edit>-<digest16>/      a local edit, which has beside its bundle
/config/generations/<serial>.<edit>-<digest16>/base  the bundle of the owners it was made on
/config/confirmed -> generations/<serial>-<digest16> the one that boots
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import shutil
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from patronus.host.files import point_link, read_plain, sync_folder, write_atomically
from patronus.host.layout import KEPT_TREES
from patronus.host.room import discard, make_room, refuse_room
from patronus.values.problem import Problem, Refused

KEPT = 50
"""Generations of the owners kept for history and rollback; the confirmed one always stays."""
KEPT_EDITS = 30
"""Local edits kept likewise."""
_MAX_RECORD = 16 * 1024
"""Bytes; author and comment of a manifest, however they are escaped, are less than half of it."""
_LAST_SECOND = 253_402_300_799
"""The end of the year 9999: later times cannot be written as a date."""
_EDIT = re.compile(r"[0-9]+\.([0-9]+)-.*", re.DOTALL)


def edit_of(generation: str) -> int:
    """Return how many local edits a generation holds by its name: 0 for one of the owners."""
    found = _EDIT.fullmatch(generation)
    return int(found[1]) if found else 0


class Record(NamedTuple):
    """What the box remembers of a generation. Times are seconds since 1970, 0 for never."""

    generation: str
    serial: int
    author: str
    comment: str
    confirmed_at: int = 0
    edit: int = 0
    """Local edits since the generation of the owners it was made on; 0 for theirs."""


class Generations:
    """The config partition as a store of generations."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.folder = config / "generations"

    @staticmethod
    def name(serial: int, bundle: bytes, edit: int = 0) -> str:
        """Name a generation so that two bundles with one serial never meet."""
        return _prefix(serial, edit) + _digest(bundle)

    @staticmethod
    def is_name_of(generation: str, bundle: bytes) -> bool:
        """Tell whether a generation of the owners is this bundle, whose serial nobody has read."""
        serial, _, digest = generation.partition("-")
        return serial.isdecimal() and digest == _digest(bundle)

    def confirmed(self) -> str | None:
        """Return the generation that boots; None on a box that has none yet."""
        link = self.config / "confirmed"
        return link.readlink().name if link.is_symlink() else None

    def read(self, generation: str, limit: int) -> bytes:
        """Return a bundle, at most `limit` + 1 bytes of it, so that a swollen file is seen as too large."""
        return read_plain(self.folder / generation / "bundle", limit)

    def base(self, generation: str) -> Path:
        """Return where the owners' bundle lies that a generation is, or was made on."""
        return self.folder / generation / ("base" if edit_of(generation) else "bundle")

    def has(self, generation: str) -> bool:
        """Tell whether something is kept under this name, whatever became of it."""
        return generation in {place.name for place in self.folder.glob("[!.]*")}

    def keep(self, bundle: bytes, record: Record, running: str = "", base: Path | None = None) -> None:
        """Store a verified bundle; an interrupted write leaves nothing that looks like a generation.

        One that is here already is left alone, but what was damaged of it since is written anew. The oldest generations
        make room, but not the `running` one. `base` is the owners' bundle a local edit was made on: linked, so that it
        stays as long as the edit does. Raises Refused when it does not fit.
        """
        place, draft = self.folder / record.generation, self.folder / f".{record.generation}.new"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            for leftover in self.folder.glob(".*"):  # of a write or a removal that was cut
                discard(leftover)
            known = self._read_record(place / "record.json")
            if not self._holds(record.generation, bundle):
                make_room(self.folder, len(bundle), self._list_spare({running}))
                write_atomically(draft / "bundle", bundle, 0o600, durable=True)
                if base:
                    os.link(base, draft / "base")
                self._write_record(draft, known or record)
                discard(place)
                draft.rename(place)
                sync_folder(self.folder)
            elif known is None:
                self._write_record(place, record)
        except OSError as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise _refuse_write(place, error) from error

    def _holds(self, generation: str, bundle: bytes) -> bool:
        with suppress(OSError):
            return self.read(generation, len(bundle)) == bundle
        return False

    def confirm(self, record: Record) -> None:
        """Make a kept generation the one that boots, durably, and forget the oldest ones.

        The link decides. A cut before it leaves nothing of the confirmation, so that the serial can still be used; one
        after it leaves a record without a time, which `records` takes from the link and the next confirmation writes
        before the link moves on: the serial must be remembered even when an older generation boots.
        """
        self._settle_record()
        point_link(self.config / "confirmed", f"generations/{record.generation}", durable=True)
        self._write_record(self.folder / record.generation, record)
        self._prune()

    def forget_confirmed(self) -> None:
        """Let none of them boot any more, durably."""
        (self.config / "confirmed").unlink(missing_ok=True)
        sync_folder(self.config)

    def _settle_record(self) -> None:
        """Write the time of a confirmation that was cut before its record was written."""
        place = self.folder / (self.confirmed() or "none")
        record = self._read_record(place / "record.json")
        if record and not record.confirmed_at:
            self._write_record(place, self._date(record))

    def records(self) -> list[Record]:
        """Return every kept generation, highest serial first, and of local edits on one of them the last."""
        found = [self._read_record(place) for place in self.folder.glob("[!.]*/record.json")]
        whole = [self._date(record) for record in found if record]
        return sorted(whole, key=lambda record: (-record.serial, -record.edit, record.generation))

    def _date(self, record: Record) -> Record:
        """Take the time of a confirmation that was cut from the link, which is as old."""
        if record.confirmed_at or record.generation != self.confirmed():
            return record
        return record._replace(confirmed_at=max(1, int((self.config / "confirmed").lstat().st_mtime)))

    def record(self, generation: str) -> Record | None:
        """Return what is remembered of one generation."""
        return next((record for record in self.records() if record.generation == generation), None)

    def highest_serial(self) -> int:
        """Return the highest serial ever confirmed here; a new bundle has to be above it.

        Local edits have the serial of the owners' generation they were made on, so they keep no bundle out.
        """
        serials = [record.serial for record in self.records() if record.confirmed_at]
        # The record may be torn; the confirmed bundle's own name always tells its serial.
        confirmed = re.split("[.-]", self.confirmed() or "0")[0]
        return max([*serials, int(confirmed) if confirmed.isdecimal() else 0])

    def _write_record(self, place: Path, record: Record) -> None:
        write_atomically(place / "record.json", json.dumps(record._asdict()).encode(), 0o600, durable=True)

    @staticmethod
    def _read_record(path: Path) -> Record | None:
        try:
            record = Record(**json.loads(read_plain(path, _MAX_RECORD)))
        except (OSError, ValueError, TypeError, RecursionError):
            return None  # history only; what boots is the bundle, and that is verified
        return record if _is_sound(record) and record.generation == path.parent.name else None

    def _prune(self) -> None:
        """Forget the oldest."""
        needed, records = self._list_needed(), self.records()
        owners, edits = ([record for record in records if bool(record.edit) == local] for local in (False, True))
        for record in (*owners[KEPT:], *edits[KEPT_EDITS:]):
            if record.generation not in needed:
                discard(self.folder / record.generation)

    def _list_needed(self) -> set[str]:
        """What boots, and the owners' highest serial, which keeps older bundles out.

        What proves the trust store has a name of its own in the chain, and what an edit was made on one beside the
        edit: both outlive the generation.
        """
        highest = self.highest_serial()
        owners = [record for record in self.records() if record.confirmed_at and not record.edit]
        return {self.confirmed() or "", *(record.generation for record in owners if record.serial == highest)}

    def _list_spare(self, needed: Collection[str]) -> Iterator[Path]:
        """What may go: kept trees, deliveries that became generations, damaged generations, then the oldest.

        Edits go before what they were made on: as long as they are there its bytes are.
        """
        yield from self._list_trees()
        kept = [place for place in self.folder.iterdir() if place.name[0] != "."]
        if self.confirmed():  # else the next boot may look for a delivery
            yield from self._list_taken({place.name for place in kept})
        needed = {*needed, *self._list_needed()}
        ranks = {record.generation: (record.serial, not record.edit, record.edit) for record in self.records()}
        for place in sorted(kept, key=lambda place: (*ranks.get(place.name, (0, False, 0)), place.name)):
            if place.name not in needed:
                yield place

    def _list_trees(self) -> list[Path]:
        folder = self.config / KEPT_TREES
        with suppress(OSError):
            return [] if folder.is_symlink() else sorted(folder.iterdir())
        return []

    def _list_taken(self, kept: Collection[str]) -> Iterator[Path]:
        from patronus.trust.format import MAX_BUNDLE  # every boot loads this module, and hardly any needs room

        digests = {name.partition("-")[2] for name in kept}
        for path in sorted((self.config / "incoming").glob("*.bundle")):
            try:
                if _digest(read_plain(path, MAX_BUNDLE)) in digests:
                    yield path
            except OSError:
                continue  # nothing that was ever taken


def _prefix(serial: int, edit: int) -> str:
    return f"{serial}{f'.{edit}' if edit else ''}-"


def _is_sound(record: Record) -> bool:
    """Tell whether the rest of the program can go by a record that somebody may have written by hand."""
    texts = record.generation, record.author, record.comment
    if not all(isinstance(text, str) and _is_unicode(text) for text in texts):
        return False
    if any(type(number) is not int for number in (record.serial, record.confirmed_at, record.edit)):
        return False  # a bool is one to isinstance
    named = record.generation.startswith(_prefix(record.serial, record.edit)) and record.edit >= 0
    return named and 0 <= record.confirmed_at <= _LAST_SECOND


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # JSON can spell half of a surrogate pair
        return False
    return True


def _refuse_write(place: Path, error: OSError) -> Refused:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return refuse_room(place.parent, error.strerror or repr(error))
    hint = "see: journalctl -k; a damaged disk is replaced as in recovery in the user guide"
    return Refused([Problem("", f"{place} cannot be written: {error.strerror or error!r}", hint)])


def _digest(bundle: bytes) -> str:
    return hashlib.sha256(bundle).hexdigest()[:16]
