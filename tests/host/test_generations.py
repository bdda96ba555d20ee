"""The store of generations on the config partition: nothing half-written counts, the confirmed one always boots."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.host.power import every_cut

from patronus.host import generations as module
from patronus.host.generations import Generations, Record


def bundle(serial: int) -> bytes:
    return f"bundle {serial}".encode()


def record(serial: int, confirmed_at: int = 0) -> Record:
    return Record(Generations.name(serial, bundle(serial)), serial, "alice", f"change {serial}", confirmed_at)


def keep(config: Path, serial: int) -> Generations:
    store = Generations(config)
    store.keep(bundle(serial), record(serial))
    return store


def keep_and_confirm(config: Path, serial: int) -> Generations:
    store = keep(config, serial)
    store.confirm(record(serial, confirmed_at=1000 + serial))
    return store


def test_an_empty_partition_has_nothing(tmp_path: Path) -> None:
    store = Generations(tmp_path)
    assert (store.confirmed(), store.records(), store.highest_serial()) == (None, [], 0)
    assert store.record("1-0") is None


@pytest.mark.parametrize(
    ("name", "is_it"),
    [
        (Generations.name(7, b"x"), True),
        (Generations.name(1234567, b"x"), True),
        (Generations.name(7, b"y"), False),
        (Generations.name(7, b"x")[1:], False),
        (f"x{Generations.name(7, b'x')}", False),
        (f"1-{Generations.name(7, b'x')}", False),
        ("", False),
    ],
)
def test_a_name_is_known_to_be_a_bundles_whatever_its_serial(name: str, is_it: bool) -> None:
    assert Generations.is_name_of(name, b"x") is is_it


def test_one_serial_of_two_bundles_is_two_names() -> None:
    assert Generations.name(5, b"one") != Generations.name(5, b"two")


def test_what_is_kept_is_read_back_byte_for_byte(tmp_path: Path) -> None:
    store = keep(tmp_path, 3)
    assert store.records() == [record(3)]
    assert store.read(record(3).generation, 100) == bundle(3)
    assert len(store.read(record(3).generation, 4)) == 5, "one byte more than the limit tells that it is too large"
    assert store.confirmed() is None
    assert store.highest_serial() == 0, "only what was confirmed counts"


def test_a_kept_generation_is_never_rewritten(tmp_path: Path) -> None:
    store = keep_and_confirm(tmp_path, 3)
    before = {path: path.stat().st_ino for path in (store.folder / record(3).generation).iterdir()}
    store.keep(bundle(3), record(3))
    assert {path: path.stat().st_ino for path in (store.folder / record(3).generation).iterdir()} == before
    assert store.record(record(3).generation) == record(3, 1003)


def truncate(place: Path) -> None:
    (place / "bundle").write_bytes(b"")


def flip(place: Path) -> None:
    (place / "bundle").write_bytes(bundle(3)[:-1] + b"x")


def swell(place: Path) -> None:
    (place / "bundle").write_bytes(bundle(3) + b"x")


def lose_record(place: Path) -> None:
    (place / "record.json").unlink()


def replace_bundle(place: Path) -> None:
    (place / "bundle").unlink()
    (place / "bundle").mkdir()


def replace_folder(place: Path) -> None:
    shutil.rmtree(place)
    place.write_bytes(b"")


@pytest.mark.parametrize("damage", [truncate, flip, swell, lose_record, replace_bundle, replace_folder, shutil.rmtree])
def test_what_was_damaged_is_whole_again_when_its_owner_brings_it_again(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    """At every moment the power may go, too: what can be read is right, and the next try makes it whole."""

    def prepare(config: Path) -> None:
        damage(keep_and_confirm(config, 3).folder / record(3).generation)

    for config in every_cut(tmp_path, prepare, lambda place: Generations(place).keep(bundle(3), record(3))):
        store = keep(config, 3)
        assert store.read(record(3).generation, 100) == bundle(3)
        assert [item._replace(confirmed_at=0) for item in store.records()] == [record(3)]
        assert store.highest_serial() == 3
        assert [path.name for path in store.folder.iterdir()] == [record(3).generation]


def test_what_is_known_of_a_generation_outlives_the_mending_of_its_bundle(tmp_path: Path) -> None:
    store = keep_and_confirm(tmp_path, 3)
    truncate(store.folder / record(3).generation)
    keep(tmp_path, 3)
    assert store.records() == [record(3, 1003)]


def test_records_come_with_the_newest_first(tmp_path: Path) -> None:
    for serial in (2, 10, 9):
        keep(tmp_path, serial)
    assert [item.serial for item in Generations(tmp_path).records()] == [10, 9, 2]


def test_an_interrupted_keep_leaves_nothing_that_looks_like_a_generation(tmp_path: Path) -> None:
    present = []

    def action(place: Path) -> None:
        keep(place, 7)

    for config in every_cut(tmp_path, lambda _place: None, action):
        store = Generations(config)
        present.append(len(store.records()))
        for item in store.records():
            assert store.read(item.generation, 100) == bundle(7)
        keep_and_confirm(config, 7)
        assert store.confirmed() == record(7).generation
        assert [path.name for path in store.folder.iterdir()] == [record(7).generation]
    assert present[0] == 0
    assert present[-1] == 1


def every_cut_of_a_confirm(folder: Path) -> Iterator[Generations]:
    """What is left when the power goes at any moment of confirming the second generation after the first."""

    def prepare(config: Path) -> None:
        keep_and_confirm(config, 1)
        keep(config, 2)

    for config in every_cut(folder, prepare, lambda place: Generations(place).confirm(record(2, 1002))):
        yield Generations(config)


def test_an_interrupted_confirm_boots_the_old_or_the_new_one(tmp_path: Path) -> None:
    seen = set()
    for store in every_cut_of_a_confirm(tmp_path):
        confirmed = store.confirmed()
        assert confirmed is not None
        seen.add(confirmed)
        assert store.read(confirmed, 100) in {bundle(1), bundle(2)}
        assert store.highest_serial() >= int(confirmed.partition("-")[0])
    assert seen == {record(1).generation, record(2).generation}


def test_an_interrupted_confirm_counts_whole_or_not_at_all(tmp_path: Path) -> None:
    seen = set()
    for store in every_cut_of_a_confirm(tmp_path):
        is_in_force = store.confirmed() == record(2).generation
        kept = store.record(record(2).generation)
        assert kept is not None
        assert bool(kept.confirmed_at) == is_in_force, "history says what boots"
        assert store.highest_serial() == (2 if is_in_force else 1), "a serial is used up by what is in force"
        keep_and_confirm(store.folder.parent, 1)
        assert store.highest_serial() == (2 if is_in_force else 1), "nor is it free again after going back"
        seen.add(is_in_force)
    assert seen == {False, True}


def test_a_time_the_cut_left_out_is_written_once_and_stays(tmp_path: Path) -> None:
    store = keep_and_confirm(tmp_path, 2)
    (store.folder / record(2).generation / "record.json").write_text(json.dumps(record(2)._asdict()))
    os.utime(tmp_path / "confirmed", (5000, 5000), follow_symlinks=False)
    assert store.record(record(2).generation) == record(2, 5000)
    for cut in every_cut(tmp_path / "cuts", lambda place: _copy(tmp_path, place), _go_back):
        assert Generations(cut).record(record(2).generation) == record(2, 5000)
        assert Generations(cut).highest_serial() == 2


def _copy(config: Path, place: Path) -> None:
    shutil.copytree(config / "generations", place / "generations")
    shutil.copy2(config / "confirmed", place / "confirmed", follow_symlinks=False)
    keep(place, 1)


def _go_back(config: Path) -> None:
    Generations(config).confirm(record(1, 1001))


def test_damaged_records_are_left_out_and_the_bundle_still_boots(tmp_path: Path) -> None:
    store = keep_and_confirm(tmp_path, 4)
    for damage in (b"", b"{}", b"[]", b"null", b'{"generation": 1}', b"\xff", b'{"a": {"b": []}}', b"[" * 200_000):
        (store.folder / record(4).generation / "record.json").write_bytes(damage)
        assert store.records() == []
        assert store.confirmed() == record(4).generation
        assert store.highest_serial() == 4


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("generation", 4),
        ("serial", "4"),
        ("serial", 5),
        ("serial", -4),
        ("serial", 10**400),
        ("author", 5),
        ("author", None),
        ("author", "half of a pair: \ud800"),
        ("comment", {}),
        ("confirmed_at", -1),
        ("confirmed_at", 10**30),
        ("confirmed_at", True),
        ("confirmed_at", 1.5),
    ],
)
def test_a_record_nobody_here_would_write_is_left_out(tmp_path: Path, field: str, value: object) -> None:
    """History can be told, and the next bundle need not have a serial that none can have."""
    store = keep_and_confirm(tmp_path, 4)
    odd = json.dumps({**record(4)._asdict(), field: value})
    (store.folder / record(4).generation / "record.json").write_text(odd)
    assert store.records() == []
    assert store.highest_serial() == 4


def test_a_record_that_is_no_plain_file_or_has_no_end_is_left_out_at_once(tmp_path: Path) -> None:
    store = keep_and_confirm(tmp_path, 4)
    keep_and_confirm(tmp_path, 5)
    path = store.folder / record(4).generation / "record.json"
    path.unlink()
    os.mkfifo(path)
    assert [item.serial for item in store.records()] == [5]
    path.unlink()
    with path.open("wb") as swollen:
        swollen.truncate(1 << 40)
    assert [item.serial for item in store.records()] == [5]


def test_a_record_that_speaks_of_another_generation_is_left_out(tmp_path: Path) -> None:
    store = keep(tmp_path, 4)
    keep(tmp_path, 5)
    (store.folder / record(4).generation / "record.json").write_bytes(
        (store.folder / record(5).generation / "record.json").read_bytes()
    )
    assert [item.serial for item in store.records()] == [5]


def test_the_confirmed_one_and_the_highest_serial_outlive_pruning(tmp_path: Path) -> None:
    keep_and_confirm(tmp_path, 100)
    keep_and_confirm(tmp_path, 1)
    for serial in range(200, 200 + module.KEPT + 5):
        keep(tmp_path, serial)
    store = keep_and_confirm(tmp_path, 2)
    kept = {item.serial for item in store.records()}
    assert store.confirmed() == record(2).generation
    assert 2 in kept
    assert store.highest_serial() == 100
    assert len(kept) <= module.KEPT + 2


def test_a_link_that_points_nowhere_is_still_the_confirmed_one(tmp_path: Path) -> None:
    store = keep_and_confirm(tmp_path, 4)
    (store.folder / record(4).generation).rename(tmp_path / "gone")
    assert store.confirmed() == record(4).generation
