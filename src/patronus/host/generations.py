"""The generations of a box: signed bundles on the config partition, written once and never rewritten.

/config/generations/<serial>-<digest16>/bundle       as it was delivered, byte for byte
/config/generations/<serial>-<digest16>/record.json  when it was confirmed, by whom
/config/confirmed -> generations/<serial>-<digest16> the one that boots
"""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import NamedTuple

from patronus.host.files import point_link, read_plain, sync_folder, write_atomically

KEPT = 50
"""Generations kept for history and rollback; the confirmed one always stays."""


class Record(NamedTuple):
    """What the box remembers of a generation. Times are seconds since 1970, 0 for never."""

    generation: str
    serial: int
    author: str
    comment: str
    confirmed_at: int = 0


class Generations:
    """The config partition as a store of generations."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.folder = config / "generations"

    @staticmethod
    def name(serial: int, bundle: bytes) -> str:
        """Name a generation so that two bundles with one serial never meet."""
        return f"{serial}-{_digest(bundle)}"

    @staticmethod
    def is_name_of(generation: str, bundle: bytes) -> bool:
        """Tell whether a generation is this bundle, whose serial nobody has read."""
        serial, _, digest = generation.partition("-")
        return serial.isdecimal() and digest == _digest(bundle)

    def confirmed(self) -> str | None:
        """Return the generation that boots; None on a box that has none yet."""
        link = self.config / "confirmed"
        return link.readlink().name if link.is_symlink() else None

    def read(self, generation: str, limit: int) -> bytes:
        """Return a bundle, at most `limit` + 1 bytes of it, so that a swollen file is seen as too large."""
        return read_plain(self.folder / generation / "bundle", limit)

    def keep(self, bundle: bytes, record: Record) -> None:
        """Store a verified bundle; an interrupted write leaves nothing that looks like a generation."""
        place = self.folder / record.generation
        if not place.exists():
            draft = self.folder / f".{record.generation}.new"
            shutil.rmtree(draft, ignore_errors=True)
            write_atomically(draft / "bundle", bundle, 0o600, durable=True)
            self._write_record(draft, record)
            draft.rename(place)
            sync_folder(self.folder)

    def confirm(self, record: Record) -> None:
        """Make a kept generation the one that boots, durably, and forget the oldest ones."""
        self._write_record(self.folder / record.generation, record)
        point_link(self.config / "confirmed", f"generations/{record.generation}", durable=True)
        self._prune()

    def records(self) -> list[Record]:
        """Return every kept generation, highest serial first."""
        found = [self._read_record(place) for place in self.folder.glob("[!.]*/record.json")]
        return sorted((record for record in found if record), key=lambda record: (-record.serial, record.generation))

    def record(self, generation: str) -> Record | None:
        """Return what is remembered of one generation."""
        return next((record for record in self.records() if record.generation == generation), None)

    def highest_serial(self) -> int:
        """Return the highest serial ever confirmed here; a new bundle has to be above it."""
        serials = [record.serial for record in self.records() if record.confirmed_at]
        # The record may be torn; the confirmed bundle's own name always tells its serial.
        confirmed = (self.confirmed() or "0").partition("-")[0]
        return max([*serials, int(confirmed) if confirmed.isdecimal() else 0])

    def _write_record(self, place: Path, record: Record) -> None:
        write_atomically(place / "record.json", json.dumps(record._asdict()).encode(), 0o600, durable=True)

    @staticmethod
    def _read_record(path: Path) -> Record | None:
        try:
            record = Record(**json.loads(path.read_bytes()))
        except (OSError, ValueError, TypeError, RecursionError):
            return None  # history only; what boots is the bundle, and that is verified
        sound = isinstance(record.serial, int) and isinstance(record.confirmed_at, int)
        return record if sound and record.generation == path.parent.name else None

    def _prune(self) -> None:
        """Forget the oldest, but neither what boots nor the highest serial, which keeps older bundles out."""
        highest = self.highest_serial()
        for record in self.records()[KEPT:]:
            if record.generation != self.confirmed() and not (record.confirmed_at and record.serial == highest):
                shutil.rmtree(self.folder / record.generation, ignore_errors=True)


def _digest(bundle: bytes) -> str:
    return hashlib.sha256(bundle).hexdigest()[:16]
