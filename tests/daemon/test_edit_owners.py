"""Who may edit: the owners decide, and whatever they sign ends the edits; a box without owners decides itself."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.box import Box
from tests.daemon.edited import (
    ALLOWED,
    CALLER,
    apply,
    boot,
    edit,
    owners,
    refusal,
    rename,
    rollback,
    state,
    status,
)
from tests.documents import HOUSE, house

from patronus.boot import apply as boot_apply
from patronus.boot import load, revert
from patronus.daemon import handlers
from patronus.host import devicekey
from patronus.host.generations import Generations
from patronus.ops import trust as t
from patronus.trust import ANY_KEY, digest, read_signer, split


def test_no_edit_where_the_owners_do_not_allow_any(edited: Box) -> None:
    box = edited
    apply(box, owners(box, 11, HOUSE))
    before = state(box)
    assert "serial 11 does not allow local edits" in refusal(lambda: rename(box, "attic"))
    assert state(box) == before


def test_only_the_box_whose_key_the_owners_name_may_edit(edited: Box, mallory: Path) -> None:
    box = edited
    stranger = read_signer("m", mallory.with_suffix(".pub").read_bytes()).key.fingerprint
    own = devicekey.read(box.layout).public.fingerprint
    for serial, key in ((11, stranger), (12, own)):
        section = {**HOUSE["system"], "local_edits": {"allowed": True, "keys": [key]}}
        apply(box, owners(box, serial, house(system=section), local_edits=(key,)))
        if key == stranger:
            said = refusal(lambda: rename(box, "attic"))
            assert "not by the key of this box" in said and own in said
    assert rename(box, "attic").startswith("12.1-")


@pytest.mark.parametrize("section", [{}, {"allowed": False}, {"allowed": True, "keys": ["SHA256:" + "A" * 43]}])
def test_an_edit_cannot_change_who_may_edit(edited: Box, section: dict[str, Any]) -> None:
    box, before = edited, state(edited)
    document = house(system={**HOUSE["system"], "local_edits": section})
    said = refusal(lambda: edit(box, document))
    assert "system.local_edits: a local edit cannot change who may make local edits" in said
    assert state(box) == before


def test_a_bundle_of_the_owners_supersedes_every_edit_and_no_number_of_one_is_in_its_way(edited: Box) -> None:
    box = edited
    for name in ("attic", "cellar", "porch"):
        rename(box, name)
    result = apply(box, owners(box, 11))
    assert result.generation.startswith("11-")
    assert any("the local edits made on this box (3) end with it" in item.message for item in result.review.findings)
    assert (box.system.hostname, status(box).edits) == ("gw", 0)
    assert "serial 11 was already accepted" in refusal(lambda: apply(box, owners(box, 11, HOUSE)))
    assert rename(box, "attic").startswith("11.1-")


def test_a_bundle_edited_from_the_owners_own_notices_the_local_edits(edited: Box) -> None:
    box = edited
    (first,) = (box.layout.config / "generations").glob("10-*/bundle")
    parent = digest(split(first.read_bytes()).payload)
    rename(box, "attic")
    assert "Someone else changed it meanwhile" in refusal(lambda: apply(box, owners(box, 11, parent=parent)))


def test_owners_who_forbid_edits_end_them_for_good(edited: Box) -> None:
    box = edited
    local = rename(box, "attic")
    apply(box, owners(box, 11, HOUSE))
    before = state(box)
    assert "serial 11 does not allow local edits" in refusal(lambda: rollback(box, local))
    assert state(box) == before
    first = [item.generation for item in Generations(box.layout.config).records() if not item.edit][-1]
    assert rollback(box, first) == first
    assert "serial 11 does not allow local edits" in refusal(lambda: rename(box, "cellar")), "an older one allows them"


def test_going_back_to_an_edit_is_possible_while_edits_are(edited: Box) -> None:
    box = edited
    first, second = rename(box, "attic"), rename(box, "cellar")
    assert rollback(box, first) == first
    assert boot(box) == first
    third = rename(box, "porch")
    assert third.startswith("10.2-") and third != second
    apply(box, owners(box, 11))
    assert rollback(box, third) == third
    assert boot(box) == third


def test_the_manifest_and_the_document_must_agree(edited: Box) -> None:
    """What counts before parsing is the manifest; nobody shall be able to sign something else than they read."""
    box, before = edited, state(edited)
    for bundle in (owners(box, 11, HOUSE, local_edits=(ANY_KEY,)), owners(box, 12, ALLOWED, local_edits=())):
        assert "system.local_edits: the document lets" in refusal(lambda bundle=bundle: apply(box, bundle))  # type: ignore[misc]
    assert state(box) == before


def test_a_delivered_bundle_whose_manifest_disagrees_does_not_boot(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in (load, boot_apply):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    box.deliver("first.bundle", owners(box, 10, HOUSE, local_edits=(ANY_KEY,)))
    assert load.main() == 0
    assert boot_apply.main() == 1
    assert "the document lets nobody sign local edits" in box.layout.failure.read_text()


def test_a_box_set_up_without_an_owner_signs_its_own_edits(unowned: Box) -> None:
    box = unowned
    first = edit(box, HOUSE)
    assert "." not in first
    second = rename(box, "attic")
    assert int(second.partition("-")[0]) > int(first.partition("-")[0])
    assert boot(box) == second
    assert (box.system.hostname, status(box).edits) == ("attic", 0), "nobody has to merge anything"


def test_a_box_that_is_its_own_owner_renders_nothing_at_its_next_boot(
    unowned: Box, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a document renders to is for its owners to say."""
    (unowned.layout.vendor / "engine").write_text("ab" * 32)
    edit(unowned, HOUSE)
    generation = rename(unowned, "attic")
    assert boot(unowned) == generation
    assert "as it was rendered before" in capsys.readouterr().out


def test_a_local_edit_is_rendered_at_every_boot(edited: Box, capsys: pytest.CaptureFixture[str]) -> None:
    (edited.layout.vendor / "engine").write_text("ab" * 32)
    generation = rename(edited, "attic")
    for _ in range(2):
        assert boot(edited) == generation
        assert "rendered now" in capsys.readouterr().out


def test_an_enrolled_owner_beside_the_box_takes_over(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in (load, boot_apply, revert):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    shutil.rmtree(box.layout.vendor / "trust")
    devicekey.make(box.layout)
    public = box.key.with_suffix(".pub").read_text()
    handlers.HANDLERS["Enrol"](box.layout, t.EnrolRequest(own=True, keys=public), CALLER)
    edit(box, HOUSE)
    serial = Generations(box.layout.config).highest_serial() + 1
    assert apply(box, owners(box, serial, HOUSE)).generation.startswith(f"{serial}-")


def test_two_signatures_cannot_come_from_one_box(box: Box) -> None:
    shutil.rmtree(box.layout.vendor / "trust")
    devicekey.make(box.layout)
    request = t.EnrolRequest(own=True, threshold=2)
    assert "only 1 keys" in refusal(lambda: handlers.HANDLERS["Enrol"](box.layout, request, CALLER))
