"""Local edits on a box: made, confirmed, booted, ended; and everything that is not allowed to pass for one."""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.box import DEVICE, Box, Tpm, make_key, sign, sign_members
from tests.documents import HOUSE, house, write

from patronus.boot import apply as boot_apply
from patronus.boot import load, revert
from patronus.daemon import handlers
from patronus.daemon.handlers import Caller
from patronus.host import devicekey, trust
from patronus.host.generations import KEPT_EDITS, Generations, Record
from patronus.ops import editing as e
from patronus.ops import messages as m
from patronus.ops import trust as t
from patronus.pipeline.load import load as load_yaml
from patronus.trust import ANY_KEY, Target, digest, read_signer, split
from patronus.values.problem import Refused

CALLER = Caller("carol", lambda _text: None)
ALLOWED = house(system={**HOUSE["system"], "local_edits": {"allowed": True}})
NO_DHCP = house(system=ALLOWED["system"], dhcp=None)


def owners(box: Box, serial: int, document: dict[str, Any] = ALLOWED, **changes: Any) -> bytes:
    """A bundle of the owners; the manifest says the same as the document unless told otherwise."""
    allowed = document["system"].get("local_edits", {}).get("allowed", False)
    return sign(box.key, serial, document, **{"local_edits": (ANY_KEY,) if allowed else (), **changes})


def apply(box: Box, bundle: bytes, confirm_within: int = 0) -> m.ApplyResult:
    request = m.ApplyRequest(bundle=base64.b64encode(bundle).decode(), confirm_within=confirm_within)
    return handlers.apply(box.layout, request, CALLER)


def edit(box: Box, document: dict[str, Any] | None = None, confirm_within: int = 0, **request: Any) -> str:
    """Edit on the box, the whole document or one setting; return the generation that runs then."""
    files = {} if document is None else {"my.yaml": write(document).decode()}
    wanted = e.EditRequest(files=files, confirm_within=confirm_within, **request)
    handler = handlers.HANDLERS["Edit"]
    result = handler(box.layout, wanted, CALLER)
    assert isinstance(result, m.ApplyResult)
    return result.generation


def rename(box: Box, name: str, **request: Any) -> str:
    return edit(box, settings={"system.hostname": name}, **request)


def rollback(box: Box, generation: str) -> str:
    request = m.RollbackRequest(generation=generation, confirm_within=0)
    return handlers.rollback(box.layout, request, CALLER).generation


def boot(box: Box) -> str:
    """Start again after a power cut: what runs then; empty when the box stays shut."""
    shutil.rmtree(box.layout.run)
    if load.main() or boot_apply.main():
        return ""
    return str((box.layout.run / "generation").readlink())


def status(box: Box) -> m.Status:
    return handlers.status(box.layout, m.Nothing(), CALLER)


def refusal(call: Callable[[], object]) -> str:
    """What is refused, with a next step for everything."""
    with pytest.raises(Refused) as caught:
        call()
    assert all(problem.message and problem.hint for problem in caught.value.problems)
    return str(caught.value)


def state(box: Box) -> tuple[Any, ...]:
    """What a refusal leaves as it is."""
    kept = sorted(str(path) for path in (box.layout.config / "generations").rglob("*"))
    return status(box).generation, status(box).confirmed, box.layout.current.readlink(), kept


@pytest.fixture
def edited(box: Box, monkeypatch: pytest.MonkeyPatch) -> Box:
    """A box that runs generation 10 of its owners, who allow local edits."""
    for step in (load, boot_apply, revert):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    devicekey.make(box.layout)
    box.deliver("first.bundle", owners(box, 10))
    assert (load.main() or boot_apply.main()) == 0
    box.system.calls.clear()
    return box


# --- what works --------------------------------------------------------------------------------------------------


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


# --- the owners decide -------------------------------------------------------------------------------------------


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


# --- the chain at boot -------------------------------------------------------------------------------------------


def forge(
    box: Box,
    key: Path,
    name: str = "",
    base: bytes | None = None,
    document: dict[str, Any] = ALLOWED,
    **changes: Any,
) -> str:
    """Lay an edit down as somebody with the disk in hand would, and make it the one that boots."""
    place = box.layout.config / "generations"
    (owners_own,) = place.glob("10-*/bundle")
    usual: dict[str, Any] = {
        "parent": digest(split(owners_own.read_bytes()).payload),
        "target": Target(devices=(DEVICE,)),
        "local_edits": (ANY_KEY,),
        "edit": 1,
    }
    bundle = sign(key, 10, document, **{**usual, **changes})
    name = name or Generations.name(10, bundle, 1)
    (place / name).mkdir()
    (place / name / "bundle").write_bytes(bundle)
    (place / name / "base").write_bytes(owners_own.read_bytes() if base is None else base)
    link = box.layout.config / "confirmed"
    link.unlink()
    link.symlink_to(f"generations/{name}")
    return name


def assert_shut(box: Box, reason: str) -> None:
    assert boot(box) == ""
    assert reason in box.layout.failure.read_text()


def test_a_forged_edit_with_the_boxs_own_key_would_boot(edited: Box) -> None:
    """What the other forgeries here lack is what they are refused for: this one lacks nothing."""
    name = forge(edited, edited.layout.device_key / "key")
    assert boot(edited) == name


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"parent": None}, "does not say on which config it was made"),
        ({"parent": "ab" * 32}, "was made on another config of the owners"),
        ({"target": Target(devices=("*",))}, "is not for this box alone"),
        ({"target": Target(devices=("another",))}, "for device another"),
        ({"local_edits": ()}, "changes who may make local edits"),
        ({"edit": None}, "is no local edit"),
        ({"edit": 2}, "holds another bundle than its name says"),
    ],
)
def test_an_edit_with_a_fault_boots_nothing(edited: Box, changes: dict[str, Any], reason: str) -> None:
    forge(edited, edited.layout.device_key / "key", **changes)
    assert_shut(edited, reason)


def test_an_edit_by_the_key_of_another_box_boots_nothing(edited: Box, tmp_path: Path) -> None:
    forge(edited, make_key(tmp_path, "other"))
    assert_shut(edited, "signed by a key that is not this box's")


@pytest.mark.parametrize("named", [False, True])
def test_a_key_written_to_the_disk_counts_unless_the_owners_named_theirs(
    edited: Box, mallory: Path, named: bool
) -> None:
    """The threat model in docs/decisions/local-edits.md: whoever writes the disk can add a key of their own."""
    box = edited
    allowed = (devicekey.read(box.layout).public.fingerprint,) if named else (ANY_KEY,)
    section = {**HOUSE["system"], "local_edits": {"allowed": True, "keys": list(allowed) if named else []}}
    document = house(system=section)
    base = sign(box.key, 10, document, local_edits=allowed)
    (box.layout.config / "device_keys").write_bytes(mallory.with_suffix(".pub").read_bytes())
    parent = digest(split(base).payload)
    name = forge(box, mallory, base=base, document=document, parent=parent, local_edits=allowed)
    if named:
        assert_shut(box, "but not by the key of this box")
    else:
        assert boot(box) == name


def test_an_edit_on_a_base_by_a_stranger_boots_nothing(edited: Box, mallory: Path) -> None:
    base = sign(mallory, 10, ALLOWED, local_edits=(ANY_KEY,))
    forge(edited, edited.layout.device_key / "key", base=base, parent=digest(split(base).payload))
    assert_shut(edited, "a key this trust store does not list")


def test_an_edit_on_an_edit_boots_nothing(edited: Box) -> None:
    """The chain ends at the owners: the box cannot vouch for its own permission."""
    local = rename(edited, "attic")
    bundle = (edited.layout.config / "generations" / local / "bundle").read_bytes()
    forge(edited, edited.layout.device_key / "key", base=bundle, parent=digest(split(bundle).payload))
    assert_shut(edited, "a key this trust store does not list")


def test_an_edit_on_owners_who_forbid_them_boots_nothing(edited: Box) -> None:
    base = owners(edited, 10, HOUSE)
    forge(edited, edited.layout.device_key / "key", base=base, parent=digest(split(base).payload))
    assert_shut(edited, "serial 10 does not allow local edits")


def test_an_edit_without_its_base_boots_nothing(edited: Box) -> None:
    name = rename(edited, "attic")
    (edited.layout.config / "generations" / name / "base").unlink()
    assert_shut(edited, "base cannot be read")


def test_edits_that_changed_places_boot_nothing(edited: Box) -> None:
    """Both are good where they belong."""
    box = edited
    places = [box.layout.config / "generations" / rename(box, name) for name in ("attic", "cellar")]
    bundles = [(place / "bundle").read_bytes() for place in places]
    for place, bundle in zip(places, reversed(bundles), strict=True):
        (place / "bundle").write_bytes(bundle)
    assert_shut(box, "holds another bundle than its name says")


def test_an_edit_beside_a_newer_base_boots_nothing(edited: Box) -> None:
    box = edited
    local = rename(box, "attic")
    newer = apply(box, owners(box, 11)).generation
    place = box.layout.config / "generations"
    (place / local / "base").unlink()
    (place / local / "base").write_bytes((place / newer / "bundle").read_bytes())
    (box.layout.config / "confirmed").unlink()
    (box.layout.config / "confirmed").symlink_to(f"generations/{local}")
    assert_shut(box, "was made on another config of the owners")


def test_a_named_pipe_for_a_base_holds_no_boot_up(edited: Box) -> None:
    name = rename(edited, "attic")
    base = edited.layout.config / "generations" / name / "base"
    base.unlink()
    os.mkfifo(base)
    assert_shut(edited, "base cannot be read")


def test_an_edit_under_the_name_of_an_owners_generation_boots_nothing(edited: Box) -> None:
    forge(edited, edited.layout.device_key / "key", name="10-0123456789abcdef")
    assert_shut(edited, "a key this trust store does not list")


def test_an_owners_bundle_under_the_name_of_an_edit_boots_nothing(edited: Box) -> None:
    box = edited
    name = rename(box, "attic")
    place = box.layout.config / "generations" / name
    (place / "bundle").write_bytes((place / "base").read_bytes())
    assert_shut(box, "is signed by a key that is not this box's")


@pytest.mark.parametrize("where", [4, 90, -1])
@pytest.mark.parametrize("file", ["bundle", "base"])
def test_a_tampered_edit_or_base_boots_nothing(edited: Box, file: str, where: int) -> None:
    name = rename(edited, "attic")
    path = edited.layout.config / "generations" / name / file
    content = bytearray(path.read_bytes())
    content[where] ^= 1
    path.unlink()  # the base is a hard link to the owners' own
    path.write_bytes(content)
    assert boot(edited) == ""


def test_no_way_from_outside_brings_an_edit(edited: Box) -> None:
    """Edits are made here; a bundle that claims to be one is refused wherever bundles come in, replayed ones too."""
    box = edited
    local = rename(box, "attic")
    bundle = (box.layout.config / "generations" / local / "bundle").read_bytes()
    before = state(box)
    assert "a key this trust store does not list" in refusal(lambda: apply(box, bundle))
    assert state(box) == before
    (box.layout.config / "confirmed").unlink()
    for place in (box.layout.config / "incoming").glob("*.bundle"):
        place.unlink()
    box.deliver("edit.bundle", bundle)
    assert_shut(box, "a key this trust store does not list")


def test_an_edit_survives_the_exchange_of_the_owners_keys(edited: Box, mallory: Path) -> None:
    """Its base was signed by a key that counted at its time."""
    from patronus.trust import TrustStore, render_store

    box = edited
    store = TrustStore((read_signer("m", mallory.with_suffix(".pub").read_bytes()),), 1)
    allowed, policy = render_store(store)
    members = {"config.yaml": write(ALLOWED), "trust/allowed_signers": allowed, "trust/policy.json": policy}
    apply(box, sign_members(box.key, 11, members, local_edits=(ANY_KEY,)))
    local = rename(box, "attic")
    assert boot(box) == local
    assert [signer.name for signer in trust.read_trust(box.layout).store.signers] == ["m"]
    assert "trust/policy.json" not in {path.name for path in (box.layout.chosen / "members").rglob("*")}
    assert not (box.layout.chosen / "members/trust").exists(), "an edit carries no trust store on"


# --- the box as its own owner --------------------------------------------------------------------------------------


@pytest.fixture
def unowned(box: Box, monkeypatch: pytest.MonkeyPatch) -> Box:
    """A box that trusts nobody but itself: enrolled with its own key, nothing runs yet."""
    for step in (load, boot_apply, revert):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    shutil.rmtree(box.layout.vendor / "trust")
    devicekey.make(box.layout)
    done = handlers.HANDLERS["Enrol"](box.layout, t.EnrolRequest(own=True), CALLER)
    assert isinstance(done, t.Enrolled)
    assert [key.fingerprint for key in done.trust.keys] == [devicekey.read(box.layout).public.fingerprint]
    return box


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


# --- who asks, and what for ----------------------------------------------------------------------------------------


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
