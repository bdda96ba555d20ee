"""Local edits on a box: made, confirmed, booted, counted, refused."""

from __future__ import annotations

import shutil
from typing import Any

import pytest
from tests.box import Box, Tpm, sign_members
from tests.daemon.edited import (
    ALLOWED,
    CALLER,
    NO_DHCP,
    apply,
    boot,
    edit,
    owners,
    refusal,
    rename,
    state,
    status,
)
from tests.documents import write

from patronus.boot import apply as boot_apply
from patronus.boot import load, revert
from patronus.daemon import handlers
from patronus.host import devicekey
from patronus.host.generations import KEPT_EDITS, Generations, Record
from patronus.ops import editing as e
from patronus.ops import messages as m
from patronus.pipeline.load import load as load_yaml
from patronus.trust import ANY_KEY


def test_an_edit_runs_is_counted_and_boots_again(edited: Box) -> None:
    box = edited
    generation = rename(box, "attic")
    assert generation.startswith("10.1-")
    assert box.system.hostname == "attic"
    assert (status(box).generation, status(box).confirmed, status(box).edits) == (generation, generation, 1)
    assert rename(box, "cellar").startswith("10.2-")
    assert status(box).edits == 2
    box.system.hostname = ""
    assert boot(box).startswith("10.2-")
    assert box.system.hostname == "cellar"
    entries = handlers.history(box.layout, m.Nothing(), CALLER).entries
    assert [(entry.serial, entry.edit, entry.author) for entry in entries] == [
        (10, 2, "carol"), (10, 1, "carol"), (10, 0, "Alice"),
    ]  # fmt: skip


def test_several_settings_are_one_edit_on_what_runs_or_on_what_is_given(edited: Box) -> None:
    box = edited

    def document() -> dict[str, Any]:
        (text,) = handlers.show(box.layout, m.ShowRequest(), CALLER).files.values()
        return load_yaml({"document": text.encode()})

    edit(box, settings={"system.hostname": "attic", "ntp": "{}", "ntp.serve": "[lan]"}, base=status(box).generation)
    assert document() == {**ALLOWED, "system": {**ALLOWED["system"], "hostname": "attic"}, "ntp": {"serve": ["lan"]}}
    edit(box, NO_DHCP, settings={"system.hostname": "cellar"})
    assert document() == {**NO_DHCP, "system": {**NO_DHCP["system"], "hostname": "cellar"}}
    assert status(box).edits == 2


def test_the_plan_of_an_edit_changes_and_signs_nothing(edited: Box) -> None:
    box, before = edited, state(edited)
    request = e.EditRequest(files={"my.yaml": write(NO_DHCP).decode()})
    plan = handlers.HANDLERS["PlanEdit"](box.layout, request, CALLER)
    assert isinstance(plan, e.EditPlan)
    assert "kea-dhcp4-server.service" in plan.review.stop
    assert plan.base == before[0]
    assert state(box) == before
    assert all(call.startswith("systemctl is-active") for call in box.system.calls), "the status asked for here"


def test_an_edit_waits_for_its_confirmation_and_a_power_cut_undoes_it(edited: Box) -> None:
    box = edited
    assert rename(box, "attic", confirm_within=600).startswith("10.1-")
    assert status(box).pending is not None
    assert "still waits for its confirmation" in refusal(lambda: rename(box, "cellar"))
    assert boot(box).startswith("10-")
    assert status(box).edits == 0


def test_an_edit_that_is_not_confirmed_goes_back(edited: Box) -> None:
    box = edited
    rename(box, "attic", confirm_within=600)
    assert handlers.rollback(box.layout, m.RollbackRequest(), CALLER).generation.startswith("10-")
    assert box.system.hostname == "gw"
    rename(box, "cellar", confirm_within=600)
    handlers.confirm(box.layout, m.ConfirmRequest(), CALLER)
    assert boot(box).startswith("10.1-")


def test_the_owners_see_what_to_merge_with_their_comments(edited: Box) -> None:
    box = edited
    text = "# the attic\n" + _yaml() + "  # who is who\n"
    apply(box, sign_members(box.key, 11, {"config.yaml": text.encode()}, local_edits=(ANY_KEY,)))
    rename(box, "hq")
    shown = handlers.HANDLERS["PendingEdits"](box.layout, m.Nothing(), CALLER)
    assert isinstance(shown, e.PendingEdits)
    assert (shown.edits, shown.serial) == (1, 11)
    assert shown.files == {"config.yaml": text.replace("hostname: gw", "hostname: hq")}


def _yaml() -> str:
    return """\
version: 1
system:
  hostname: gw  # says the door
  local_edits: {allowed: true}
  admins:
    - name: alice
      ssh_keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDXrxW8GZIhJls68Jeq0bfbM6oQsqJ5hieBtcbqgxP+h alice@desk']
"""


def test_a_sealed_key_signs_edits_as_well(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    for step in (load, boot_apply, revert):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    box.system.tpm = Tpm(box.layout)
    devicekey.make(box.layout)
    box.deliver("first.bundle", owners(box, 10))
    assert (load.main() or boot_apply.main()) == 0
    assert rename(box, "attic").startswith("10.1-")
    box.system.tpm = None
    assert boot(box).startswith("10.1-"), "to boot it needs the public half alone"
    before = state(box)
    assert "does not give out the key" in refusal(lambda: rename(box, "cellar"))
    assert state(box) == before


def test_files_and_secrets_of_the_owners_stay(edited: Box) -> None:
    box = edited
    members = {"config.yaml": write(ALLOWED), "files/list.txt": b"192.0.2.1\n", "secrets/wg.age": b"sealed"}
    apply(box, sign_members(box.key, 11, members, local_edits=(ANY_KEY,)))
    generation = rename(box, "attic")
    assert boot(box) == generation
    handed = box.layout.chosen / "members"
    assert (handed / "files/list.txt").read_bytes() == b"192.0.2.1\n"
    assert (handed / "secrets/wg.age").read_bytes() == b"sealed"


def test_what_is_refused_changes_nothing_and_says_why(edited: Box) -> None:
    box, before = edited, state(edited)
    for request, words in (
        ({"settings": {"system.hostname": "no good"}}, "system.hostname"),
        ({"settings": {"system.hostname": "a: b: c"}}, "not valid YAML"),
        ({"settings": {"nowhere.at.all": "1"}}, "is not a known section"),
        (
            {"settings": {"dhcp.subnets[9].pools": "[]"}},
            "dhcp.subnets[9].pools: there is no list with such an entry",
        ),
        ({"settings": {"system.hostname.x": "1"}}, "there is no mapping"),
        ({"settings": {"..": "1"}}, "is not the place of a setting"),
        ({}, "the edit is empty"),
        ({"files": {"a.yaml": "version: 1\nsystem: &x {}\n"}}, "YAML anchors and aliases are not accepted"),
        ({"files": {"a.yaml": "\ud800"}}, "is not UTF-8"),
        ({"settings": {"system.hostname": "attic"}, "base": "9-x"}, "the edit was made on generation '9-x'"),
        ({"settings": {"system.hostname": "attic"}, "comment": "a\nb"}, "comment"),
    ):
        wanted = e.EditRequest.model_construct(**{**e.EditRequest().model_dump(), **request})
        assert words in refusal(lambda wanted=wanted: handlers.HANDLERS["Edit"](box.layout, wanted, CALLER)), request  # type: ignore[misc]
    assert state(box) == before


def test_a_locked_down_box_and_one_without_a_key_edit_nothing(edited: Box) -> None:
    box = edited
    shutil.rmtree(box.layout.device_key)
    assert "this box has no key of its own" in refusal(lambda: rename(box, "attic"))
    devicekey.make(box.layout)
    (box.layout.run / "generation").unlink()
    assert "the box is locked down" in refusal(lambda: rename(box, "attic"))


def test_nothing_to_merge_is_said(edited: Box) -> None:
    said = refusal(lambda: handlers.HANDLERS["PendingEdits"](edited.layout, m.Nothing(), CALLER))
    assert "no local edits run" in said


def test_an_edit_is_not_lost_to_a_key_made_anew(edited: Box) -> None:
    """The state partition was lost; what the key before has signed still boots."""
    box = edited
    local = rename(box, "attic")
    shutil.rmtree(box.layout.device_key)
    devicekey.make(box.layout)
    assert boot(box) == local
    assert rename(box, "cellar").startswith("10.2-")


def test_many_edits_push_out_edits_alone(edited: Box) -> None:
    """Neither what boots, nor its base, nor the owners' generations."""
    box = edited
    local = rename(box, "attic")
    generations = Generations(box.layout.config)
    for number in range(2, KEPT_EDITS + 5):
        bundle = b"edit %d" % number
        record = Record(Generations.name(10, bundle, number), 10, "carol", "", number, number)
        generations.keep(bundle, record, local, generations.base(local))
    first = [item.generation for item in generations.records() if not item.edit]
    confirmed = generations.record(local)
    assert confirmed
    generations.confirm(confirmed)
    kept = generations.records()
    assert [item.generation for item in kept if not item.edit] == first
    assert len([item for item in kept if item.edit]) == KEPT_EDITS + 1, "the confirmed one is older than those"
    assert generations.highest_serial() == 10
    shutil.rmtree(generations.folder / first[0])
    assert boot(box) == local, "the base is kept with the edit"
