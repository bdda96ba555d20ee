"""A local edit boots only with the owners' bundle beneath it: everything that must not pass for one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.box import DEVICE, Box, make_key, sign, sign_members
from tests.daemon.edited import (
    ALLOWED,
    apply,
    boot,
    owners,
    refusal,
    rename,
    state,
)
from tests.documents import HOUSE, house, write

from patronus.host import devicekey, trust
from patronus.host.generations import Generations
from patronus.trust import ANY_KEY, Target, digest, read_signer, split


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
