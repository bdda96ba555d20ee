"""A configuration partition that fills up: real file systems of a few megabytes, in a mount namespace of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from patronus.host.generations import Generations, Record
from patronus.host.room import RESERVE
from patronus.values.problem import Refused

MIB = 1024 * 1024
OWN_MOUNTS = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c")
MAY_MOUNT = subprocess.run([*OWN_MOUNTS, "true"], capture_output=True).returncode == 0
pytestmark = pytest.mark.skipif(not MAY_MOUNT, reason="this kernel refuses user namespaces")


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """An empty file system of 8 MiB. It lives as long as the process whose view of the files it is seen through."""
    program = 'mount -t tmpfs -o size=8m,mode=0700 none "$0" && echo mounted && exec cat'
    with subprocess.Popen([*OWN_MOUNTS, program, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == b"mounted\n"
        yield Path(f"/proc/{holder.pid}/root") / tmp_path.relative_to("/")
        assert holder.stdin
        holder.stdin.close()


def bundle(serial: int, size: int = 3 * MIB // 2) -> bytes:
    return serial.to_bytes(8) * (size // 8)


def record(serial: int, content: bytes, confirmed_at: int = 0) -> Record:
    return Record(Generations.name(serial, content), serial, "alice", "", confirmed_at)


def keep(config: Path, serial: int, *, confirm: bool = True, running: str = "", size: int = 3 * MIB // 2) -> str:
    store, content = Generations(config), bundle(serial, size)
    store.keep(content, record(serial, content), running)
    if confirm:
        store.confirm(record(serial, content, confirmed_at=1))
    return Generations.name(serial, content)


def serials(config: Path) -> list[int]:
    return sorted(item.serial for item in Generations(config).records())


@pytest.mark.parametrize("linked", [False, True])
def test_kept_trees_go_before_any_generation(config: Path, linked: bool) -> None:
    """They only save time. A link somebody laid in place of their folder leads nowhere."""
    for serial in (1, 2):
        keep(config, serial)
    (config / "elsewhere").mkdir()
    (config / "elsewhere/tree").write_bytes(bytes(3 * MIB))
    if linked:
        (config / "rendered").symlink_to("elsewhere")
    else:
        (config / "elsewhere").rename(config / "rendered")
    keep(config, 3)
    assert serials(config) == ([2, 3] if linked else [1, 2, 3])
    assert (config / "rendered/tree").exists() == linked


def test_a_full_partition_takes_the_next_bundle_and_forgets_the_oldest(config: Path) -> None:
    for serial in range(1, 20):
        keep(config, serial)
        assert Generations(config).confirmed() == Generations.name(serial, bundle(serial))
    assert serials(config) == [16, 17, 18, 19]
    assert Generations(config).read(Generations.name(19, bundle(19)), 2 * MIB) == bundle(19)


def test_what_boots_what_runs_and_the_highest_serial_stay(config: Path) -> None:
    highest = keep(config, 9)
    confirmed = keep(config, 1)
    running = keep(config, 2, confirm=False)
    for serial in range(3, 7):
        keep(config, serial, confirm=False, running=running)
    assert serials(config) == [1, 2, 6, 9]
    assert {highest, running, confirmed} < {path.name for path in (config / "generations").iterdir()}
    assert Generations(config).highest_serial() == 9


def test_what_cannot_fit_is_refused_and_costs_no_older_generation(config: Path) -> None:
    for serial in (1, 2, 3):
        keep(config, serial)
    before = serials(config)
    for serial in (4, 5):
        with pytest.raises(Refused) as caught:
            keep(config, serial, size=6 * MIB)
        (problem,) = caught.value.problems
        assert f"{config}/generations has no room for this bundle: {6 * MIB} bytes" in problem.message
        assert "see recovery in the user guide" in problem.hint
    assert serials(config) == before
    assert {path.name[0] for path in (config / "generations").iterdir()} == {"1", "2", "3"}
    keep(config, 6)


def test_a_write_that_fails_half_way_leaves_nothing(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(config, 1)
    monkeypatch.setattr("patronus.host.room.RESERVE", -16 * MIB)  # it looks as if there were room
    with pytest.raises(Refused, match="no room for this bundle: No space left on device"):
        keep(config, 2, size=12 * MIB)
    assert [path.name for path in (config / "generations").iterdir()] == [Generations.name(1, bundle(1))]


def test_drafts_that_a_cut_left_make_room_first(config: Path) -> None:
    keep(config, 1)
    for name in (".7-0123456789abcdef.new", ".8-0123456789abcdef.old"):
        (config / "generations" / name).mkdir()
        (config / "generations" / name / "bundle").write_bytes(bytes(2 * MIB))
    keep(config, 2)
    assert len(list((config / "generations").iterdir())) == 2


def test_deliveries_that_were_taken_go_before_any_generation(config: Path) -> None:
    (config / "incoming").mkdir()
    (config / "incoming/first.bundle").write_bytes(bundle(1))
    (config / "incoming/other.bundle").write_bytes(b"never taken")
    os.mkfifo(config / "incoming/pipe.bundle")
    for serial in (1, 2, 3):
        keep(config, serial)
    assert (config / "incoming/first.bundle").exists(), "nobody needed its room"
    keep(config, 4)
    assert serials(config) == [1, 2, 3, 4]
    assert {path.name for path in (config / "incoming").iterdir()} == {"other.bundle", "pipe.bundle"}


def test_without_a_confirmed_generation_no_delivery_is_deleted(config: Path) -> None:
    (config / "incoming").mkdir()
    (config / "incoming/first.bundle").write_bytes(bundle(1))
    for serial in range(1, 6):
        keep(config, serial, confirm=False)
    assert (config / "incoming/first.bundle").exists()


def test_a_bundle_that_proves_the_trust_store_is_not_given_up_in_vain(config: Path) -> None:
    chained = keep(config, 1)
    (config / "chain").hardlink_to(config / "generations" / chained / "bundle")
    for serial in range(2, 8):
        keep(config, serial)
    assert serials(config) == [1, 5, 6, 7]
    assert (config / "chain").read_bytes() == bundle(1)
    assert shutil.disk_usage(config).free >= RESERVE - 65536, "the records are not counted"


def edit(config: Path, number: int, base: str, running: str) -> str:
    """Keep a local edit on the generation `base`, made while `running` ran, and let it boot."""
    store, content = Generations(config), bundle(100 + number)
    generation = Generations.name(1, content, number)
    made = Record(generation, 1, "alice", "", 1, edit=number)
    store.keep(content, made, running, store.base(running))
    assert (store.folder / generation / "base").samefile(store.folder / base / "bundle")
    store.confirm(made)
    return generation


def test_edits_make_room_oldest_first_and_what_they_stand_on_stays(config: Path) -> None:
    owners = keep(config, 1)
    running = owners
    for number in range(1, 8):
        running = edit(config, number, owners, running)
    assert [item.edit for item in Generations(config).records()] == [7, 6, 5, 0]
    assert Generations(config).base(running).read_bytes() == bundle(1)


def test_a_generation_goes_together_with_the_edits_made_on_it(config: Path) -> None:
    """The bytes they share are free when the last name is gone, not before."""
    owners = keep(config, 1)
    edit(config, 1, owners, owners)
    keep(config, 2)
    keep(config, 3, size=5 * MIB)
    assert [(item.serial, item.edit) for item in Generations(config).records()] == [(3, 0), (2, 0)]


def test_a_link_is_not_taken_for_what_it_leads_to(config: Path) -> None:
    """Neither its room nor its bytes: the oldest generation goes as it would without it."""
    for serial in (1, 2, 3):
        keep(config, serial)
    (config / "elsewhere").mkdir()
    (config / "elsewhere/file").write_bytes(bytes(2 * MIB))
    (config / "generations/0-link").symlink_to("../elsewhere")
    keep(config, 4)
    assert serials(config) == [2, 3, 4]
    assert (config / "elsewhere/file").exists()
