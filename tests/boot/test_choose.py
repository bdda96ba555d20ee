"""What a boot runs: the confirmed generation or nothing; on a new box the best of what was delivered."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.box import Box, sign

from patronus.boot import load
from patronus.boot.choose import MOST_DELIVERED, Choice, choose
from patronus.boot.failure import record_failure
from patronus.host.generations import Generations, Record
from patronus.trust import Target
from patronus.values.problem import Problem, Refused


def refusals(box: Box) -> str:
    """What `choose` is refused with; every reason has a message and says what to do."""
    with pytest.raises(Refused) as caught:
        choose(box.layout)
    assert caught.value.problems
    assert all(problem.message and problem.hint for problem in caught.value.problems)
    return str(caught.value)


def confirm(box: Box, bundle: bytes, serial: int) -> Path:
    """Make a bundle the confirmed generation; return its file."""
    store = Generations(box.layout.config)
    record = Record(Generations.name(serial, bundle), serial, "Alice", "", confirmed_at=1)
    store.keep(bundle, record)
    store.confirm(record)
    return store.folder / record.generation / "bundle"


def test_a_box_without_anything_says_what_it_needs(box: Box) -> None:
    assert "this box has no configuration yet" in refusals(box)


def test_the_confirmed_generation_wins_over_a_newer_delivery(box: Box) -> None:
    confirm(box, sign(box.key, 5), 5)
    box.deliver("new.bundle", sign(box.key, 9))
    chosen = choose(box.layout)
    assert (chosen.record.serial, chosen.delivered) == (5, False)
    assert chosen.record.confirmed_at == 1


def test_an_old_serial_boots_again_and_again(box: Box) -> None:
    confirm(box, sign(box.key, 9), 9)
    confirm(box, sign(box.key, 5), 5)
    assert choose(box.layout).record.serial == 5


@pytest.mark.parametrize("where", [4, 90, -1])
def test_a_tampered_confirmed_generation_boots_nothing_at_all(box: Box, where: int) -> None:
    path = confirm(box, sign(box.key, 5), 5)
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.write_bytes(content)
    box.deliver("good.bundle", sign(box.key, 9))
    refusals(box)


def test_a_bundle_under_the_name_of_another_is_refused(box: Box) -> None:
    confirm(box, sign(box.key, 5), 5).write_bytes(sign(box.key, 4))
    assert "holds another bundle than its name says" in refusals(box)


def test_a_confirmed_generation_of_a_stranger_is_refused(box: Box, mallory: Path) -> None:
    confirm(box, sign(mallory, 5), 5)
    assert "a key this trust store does not list" in refusals(box)


def test_a_confirmed_generation_that_is_gone_is_refused_by_name(box: Box) -> None:
    path = confirm(box, sign(box.key, 5), 5)
    path.unlink()
    assert f"generation {path.parent.name} cannot be read" in refusals(box)


def test_a_swollen_confirmed_generation_is_refused(box: Box) -> None:
    path = confirm(box, sign(box.key, 5), 5)
    with path.open("ab") as file:
        file.truncate(17 * 2**20)
    assert "MiB" in refusals(box)


def test_of_several_deliveries_the_highest_serial_wins(box: Box) -> None:
    for serial in (5, 12, 9):
        box.deliver(f"{20 - serial}.bundle", sign(box.key, serial))
    chosen = choose(box.layout)
    assert (chosen.record.serial, chosen.delivered, chosen.passed_over) == (12, True, ())


def test_bad_deliveries_are_passed_over_and_told(box: Box, mallory: Path) -> None:
    box.deliver("a.bundle", b"rubbish")
    box.deliver("b.bundle", sign(mallory, 99))
    box.deliver("c.bundle", sign(box.key, 3))
    box.deliver("note.txt", b"not looked at")
    chosen = choose(box.layout)
    assert chosen.record.serial == 3
    assert [problem.message.partition(":")[0] for problem in chosen.passed_over] == ["a.bundle", "b.bundle"]


def test_every_bad_delivery_is_told_when_none_is_good(box: Box, mallory: Path) -> None:
    box.deliver("a.bundle", b"rubbish")
    box.deliver("b.bundle", sign(mallory, 99))
    said = refusals(box)
    assert "a.bundle: This file is not a Patronus bundle." in said
    assert "b.bundle: " in said


def test_a_delivery_that_cannot_be_read_is_one_bad_delivery(box: Box) -> None:
    (box.layout.config / "incoming/folder.bundle").mkdir(parents=True)
    box.deliver("good.bundle", sign(box.key, 3))
    assert choose(box.layout).record.serial == 3


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target": Target(devices=("other",))}, "The bundle is for device other"),
        ({"minimum_image": "1.3"}, "needs image 1.3 or later"),
        ({"schema": 2}, "written for schema 2"),
    ],
)
def test_a_delivery_for_another_box_image_or_schema_is_refused(box: Box, changes: dict[str, Any], said: str) -> None:
    box.deliver("a.bundle", sign(box.key, 1, **changes))
    assert said in refusals(box)


def test_a_box_that_trusts_nobody_says_so(box: Box) -> None:
    (box.layout.vendor / "trust/allowed_signers").unlink()
    box.deliver("a.bundle", sign(box.key, 1))
    assert "this box trusts nobody" in refusals(box)


def test_an_enrolled_store_counts_only_without_a_baked_one(box: Box, mallory: Path) -> None:
    enrolled, baked = box.layout.config / "trust", box.layout.vendor / "trust"
    enrolled.mkdir()
    for name in ("allowed_signers", "policy.json"):
        (enrolled / name).write_bytes((baked / name).read_bytes())
    public = mallory.with_suffix(".pub").read_text()
    (enrolled / "allowed_signers").write_text(f'mallory namespaces="patronus-config" {public}')
    box.deliver("a.bundle", sign(mallory, 1))
    assert "a key this trust store does not list" in refusals(box)
    (baked / "allowed_signers").unlink()
    assert choose(box.layout).record.serial == 1


def test_the_choice_is_handed_over_whole(box: Box) -> None:
    bundle = sign(box.key, 3)
    box.deliver("a.bundle", bundle)
    chosen: Choice = choose(box.layout)
    load.write_choice(box.layout, chosen)
    assert (box.layout.chosen / "bundle").read_bytes() == bundle
    assert (box.layout.chosen / "members/config.yaml").read_bytes() == chosen.verified.members["config.yaml"]
    body = json.loads((box.layout.chosen / "record.json").read_bytes())
    assert (body["record"]["serial"], body["delivered"], body["rendered"]) == (3, True, None)


def test_the_banner_can_do_nothing_to_a_terminal(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "\x1b[2J\x9b1m \\d \\u202e\u202e\r\n\0" + "x" * 100_000
    problems = [Problem(hostile, hostile, hostile)] * 50
    assert record_failure(box.layout, "the reason", problems) == 1
    banner = (box.layout.root / "run/issue.d/50-patronus.issue").read_text()
    assert "THIS BOX IS LOCKED DOWN: THE REASON" in banner
    assert all(char.isprintable() or char == "\n" for char in banner)
    assert banner.count("\\") % 2 == 0
    assert "\\d" not in banner.replace("\\\\", "")
    assert len(banner) < 20_000
    journal = capsys.readouterr().err
    assert all(char.isprintable() or char == "\n" for char in journal)
    assert len(journal.splitlines()) == 50
    assert all(line.startswith("<2>") for line in journal.splitlines())
    assert json.loads(box.layout.failure.read_bytes())["reason"] == "the reason"


def test_a_named_pipe_holds_nothing_up(box: Box) -> None:
    """Whoever reads one waits until somebody writes."""
    box.deliver("good.bundle", sign(box.key, 5))
    os.mkfifo(box.layout.config / "incoming/pipe.bundle")
    chosen = choose(box.layout)
    assert chosen.record.serial == 5
    assert ["no plain file" in problem.message for problem in chosen.passed_over] == [True]

    path = confirm(box, sign(box.key, 6), 6)
    path.unlink()
    os.mkfifo(path)
    assert "no plain file" in refusals(box)


def test_a_boot_looks_at_the_deliveries_whose_names_come_last(box: Box) -> None:
    bundle = sign(box.key, 7)
    for number in range(MOST_DELIVERED + 1):
        box.deliver(f"{number:03}.bundle", b"no bundle" if number else bundle)
    assert "this box has no" not in refusals(box)
    box.deliver("999.bundle", bundle)
    assert choose(box.layout).record.serial == 7
