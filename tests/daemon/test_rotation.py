"""A signed bundle exchanges the trust store: with the confirmation, and for good."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.box import Box, sign, sign_members
from tests.documents import HOUSE, house, render_data, write

from patronus.boot import apply as boot_apply
from patronus.boot import load, revert
from patronus.daemon import handlers
from patronus.daemon.handlers import Caller
from patronus.host import trust
from patronus.host.generations import Generations
from patronus.host.kept_tree import KeptTrees
from patronus.ops import messages as m
from patronus.trust import Target, TrustStore, read_signer, render_store
from patronus.trust.rendered import encode_rendered
from patronus.values.problem import Refused
from patronus.values.tree import Rendered

CALLER = Caller("alice", lambda _text: None)
OTHER = house(nat={"port_forwards": []})


def store_of(*keys: Path, **policy: Any) -> TrustStore:
    return TrustStore(tuple(read_signer(key.stem, key.with_suffix(".pub").read_bytes()) for key in keys), 1, **policy)


def rotation(
    key: Path, serial: int, store: TrustStore, more: Mapping[str, bytes] | None = None, **changes: Any
) -> bytes:
    """A bundle by this key that carries a trust store."""
    allowed, policy = render_store(store)
    members = {"config.yaml": write(HOUSE), "trust/allowed_signers": allowed, "trust/policy.json": policy}
    return sign_members(key, serial, {**members, **(more or {})}, **changes)


def apply(box: Box, bundle: bytes, confirm_within: int = 600) -> m.ApplyResult:
    request = m.ApplyRequest(bundle=base64.b64encode(bundle).decode(), confirm_within=confirm_within)
    return handlers.apply(box.layout, request, CALLER)


def refusal(box: Box, bundle: bytes) -> str:
    with pytest.raises(Refused) as caught:
        apply(box, bundle)
    return str(caught.value)


def boot(box: Box) -> str:
    """Start again after a power cut: what runs then; empty when the box stays shut."""
    for path in (box.layout.run / "generation", box.layout.pending, box.layout.current):
        path.unlink(missing_ok=True)
    if load.main() or boot_apply.main():
        return ""
    return str((box.layout.run / "generation").readlink())


def names(box: Box) -> list[str]:
    return [signer.name for signer in trust.read_trust(box.layout).store.signers]


@pytest.fixture
def running(box: Box, monkeypatch: pytest.MonkeyPatch) -> Box:
    """The house as generation 10, signed by alice."""
    for step in (load, boot_apply, revert):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    box.deliver("first.bundle", sign(box.key, 10))
    assert boot(box)
    return box


def test_the_new_store_counts_from_the_confirmation_on(running: Box, mallory: Path) -> None:
    box = running
    result = apply(box, rotation(box.key, 11, store_of(mallory)))
    assert any("another trust store is in force" in finding.message for finding in result.review.findings)
    assert any("not among the new keys: alice" in finding.message for finding in result.review.findings)
    assert names(box) == ["alice"]

    handlers.confirm(box.layout, m.ConfirmRequest(), CALLER)

    assert names(box) == ["mallory"]
    assert "a key this trust store does not list" in refusal(box, sign(box.key, 12, OTHER))
    assert apply(box, sign(mallory, 12, OTHER), confirm_within=0).generation.startswith("12-")


def test_going_back_drops_it(running: Box, mallory: Path) -> None:
    box = running
    apply(box, rotation(box.key, 11, store_of(mallory)))
    handlers.rollback(box.layout, m.RollbackRequest(), CALLER)
    assert names(box) == ["alice"]
    assert "a key this trust store does not list" in refusal(box, sign(mallory, 12, OTHER))


def test_a_power_cut_before_the_confirmation_drops_it(running: Box, mallory: Path) -> None:
    box = running
    apply(box, rotation(box.key, 11, store_of(mallory)))
    assert boot(box).startswith("10-")
    assert names(box) == ["alice"]


def test_it_survives_a_restart_and_so_does_what_the_old_key_signed(running: Box, mallory: Path) -> None:
    box = running
    apply(box, rotation(box.key, 11, store_of(mallory)), confirm_within=0)
    assert boot(box).startswith("11-"), "signed by a key that counts no more"
    assert names(box) == ["mallory"]
    assert "a key this trust store does not list" in refusal(box, sign(box.key, 12, OTHER))
    first = next(record.generation for record in Generations(box.layout.config).records() if record.serial == 10)
    handlers.rollback(box.layout, m.RollbackRequest(generation=first, confirm_within=0), CALLER)
    assert names(box) == ["mallory"], "an older document, not an older trust"
    assert boot(box) == first


@pytest.mark.parametrize("stays", [True, False])
def test_who_counts_no_more_vouches_for_no_kept_tree(
    running: Box, mallory: Path, stays: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    box, engine = running, "ab" * 32
    (box.layout.vendor / "engine").write_text(f"{engine}\n")
    claim = {"rendered.json": encode_rendered(Rendered(engine, render_data(HOUSE).manifest.digest))}
    kept = apply(box, rotation(box.key, 11, store_of(mallory, *([box.key] if stays else [])), claim), confirm_within=0)
    assert KeptTrees.of(box.layout).has(kept.generation), "they counted when it was signed"
    for _ in range(2):
        assert boot(box) == kept.generation
        assert ("as it was rendered before" in capsys.readouterr().out) == stays
        assert KeptTrees.of(box.layout).has(kept.generation) == stays


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_power_cut_in_the_confirmation_loses_both_or_none(
    running: Box, mallory: Path, confirmed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = running
    apply(box, rotation(box.key, 11, store_of(mallory)))

    def cut(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        if confirmed:
            patched.setattr(trust, "settle_rotation", cut)
        else:
            patched.setattr(Generations, "confirm", cut)
        handlers.confirm(box.layout, m.ConfirmRequest(), CALLER)
    assert names(box) == ["alice"]
    assert boot(box).startswith("11-" if confirmed else "10-")
    assert names(box) == (["mallory"] if confirmed else ["alice"])
    assert not list(box.layout.config.rglob("next"))


def test_a_bundle_delivered_with_the_disk_may_bring_a_store(running: Box, mallory: Path) -> None:
    box = running
    (box.layout.config / "confirmed").unlink()
    box.deliver("second.bundle", rotation(box.key, 20, store_of(box.key, mallory)))
    assert boot(box).startswith("20-")
    assert names(box) == ["alice", "mallory"]


def test_a_chain_that_was_tampered_with_boots_nothing(running: Box, mallory: Path) -> None:
    box = running
    apply(box, rotation(box.key, 11, store_of(mallory)), confirm_within=0)
    (link,) = box.layout.config.glob("trust/rotations/*/*.bundle")
    link.unlink()
    link.write_bytes(rotation(mallory, 12, store_of(mallory)))
    assert boot(box) == ""
    assert "does not list" in box.layout.failure.read_text()


def test_an_image_with_another_store_baked_in_begins_anew(running: Box, mallory: Path) -> None:
    box = running
    apply(box, rotation(box.key, 11, store_of(mallory)), confirm_within=0)
    for name, content in zip(("allowed_signers", "policy.json"), render_store(store_of(mallory, box.key)), strict=True):
        (box.layout.vendor / "trust" / name).write_bytes(content)
    assert names(box) == ["mallory", "alice"]
    assert boot(box).startswith("11-")


def test_a_store_may_put_the_box_into_groups_and_nothing_else_can(running: Box) -> None:
    box = running
    offices = Target(groups=("offices",))
    said = refusal(box, sign(box.key, 11, target=offices))
    assert "The bundle is for group offices; this is device 0123456789abcdef, groups homes." in said
    (box.layout.config / "device.json").write_text('{"id": "0123456789abcdef", "groups": ["offices"]}')
    assert "The bundle is for group offices" in refusal(box, sign(box.key, 11, target=offices))
    mine = Target(devices=("0123456789abcdef",))
    apply(box, rotation(box.key, 12, store_of(box.key, groups=("offices",)), target=mine), confirm_within=0)
    assert apply(box, sign(box.key, 13, OTHER, target=offices), confirm_within=0).generation.startswith("13-")
    said = refusal(box, sign(box.key, 14, target=Target(groups=("homes",))))
    assert "The bundle is for group homes; this is device 0123456789abcdef, groups offices." in said


def test_after_so_many_exchanges_the_next_one_is_refused(
    running: Box, mallory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = running
    for module in ("patronus.trust.chain", "patronus.daemon.change"):
        monkeypatch.setattr(f"{module}.MAX_ROTATIONS", 1)
    apply(box, rotation(box.key, 11, store_of(box.key, mallory)), confirm_within=0)
    assert "exchanged 1 times" in refusal(box, rotation(box.key, 12, store_of(box.key)))
    assert apply(box, sign(box.key, 12, OTHER)).generation.startswith("12-")
