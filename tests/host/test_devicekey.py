"""The box's own key: made once, never readable by others, sealed where there is a TPM."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from tests.box import Box, Tpm, alice, box, mallory, system

from patronus.boot import devicekey as step
from patronus.host import devicekey
from patronus.host.layout import Layout
from patronus.host.sshkeygen import SshKeygen
from patronus.trust import NAMESPACE
from patronus.values.problem import Refused

__all__ = ["alice", "box", "mallory", "system"]
PAYLOAD = b"what is signed"


def private_files(layout: Layout) -> set[str]:
    return {path.name for path in layout.device_key.iterdir()}


def verifies(layout: Layout, signature: bytes) -> bool:
    return SshKeygen().verify(PAYLOAD, signature, devicekey.read(layout).public.text, NAMESPACE)


def test_a_box_makes_one_key_and_keeps_it(box: Box) -> None:
    devicekey.make(box.layout)
    made = devicekey.read(box.layout)
    assert not made.sealed
    assert made.public.type == "ssh-ed25519"
    assert private_files(box.layout) == {"key", "key.pub"}
    assert stat.S_IMODE((box.layout.device_key / "key").stat().st_mode) == 0o600
    assert verifies(box.layout, devicekey.sign(box.layout, PAYLOAD))
    devicekey.make(box.layout)
    assert devicekey.read(box.layout) == made
    assert devicekey.read_known(box.layout) == (made.public,)
    assert not list(box.layout.run.glob(".device-key-*")), "no copy stays behind"


def test_no_two_boxes_share_a_key(box: Box, tmp_path: Path) -> None:
    other = Layout(tmp_path / "other")
    for layout in (box.layout, other):
        devicekey.make(layout)
    assert devicekey.read(box.layout) != devicekey.read(other)


def test_with_a_tpm_the_private_half_never_reaches_the_disk(box: Box) -> None:
    box.system.tpm = Tpm(box.layout)
    devicekey.make(box.layout)
    assert devicekey.read(box.layout).sealed
    assert private_files(box.layout) == {"key.cred", "key.pub"}
    assert not [path for path in box.layout.root.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()]
    assert verifies(box.layout, devicekey.sign(box.layout, PAYLOAD))


def test_a_tpm_that_does_not_seal_leaves_a_key_in_plain(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    box.system.tpm = Tpm(box.layout)
    box.system.refuses = lambda call: call.startswith("systemd-creds encrypt")
    devicekey.make(box.layout)
    assert not devicekey.read(box.layout).sealed
    assert "kept in plain" in capsys.readouterr().out
    assert verifies(box.layout, devicekey.sign(box.layout, PAYLOAD))


def test_a_tpm_that_lost_the_key_is_told_and_what_to_do(box: Box) -> None:
    box.system.tpm = Tpm(box.layout)
    devicekey.make(box.layout)
    box.system.tpm.broken = True
    with pytest.raises(Refused) as caught:
        devicekey.sign(box.layout, PAYLOAD)
    assert "the TPM does not give out the key" in str(caught.value)
    assert all(problem.hint for problem in caught.value.problems)


def test_a_signature_of_another_sealed_key_is_refused(box: Box, mallory: Path) -> None:
    box.system.tpm = Tpm(box.layout)
    devicekey.make(box.layout)
    (box.layout.device_key / "key.pub").write_bytes(mallory.with_suffix(".pub").read_bytes())
    with pytest.raises(Refused, match="is not the one it is known by"):
        devicekey.sign(box.layout, PAYLOAD)


@pytest.mark.parametrize("left", ["nothing", "half"])
def test_a_power_cut_while_the_key_is_made_makes_another(box: Box, left: str) -> None:
    """The public half is written last: without it there is no key."""
    box.layout.device_key.mkdir(parents=True)
    if left == "half":
        (box.layout.device_key / "key").write_bytes(b"")
    with pytest.raises(Refused, match="no key of its own"):
        devicekey.read(box.layout)
    devicekey.make(box.layout)
    assert verifies(box.layout, devicekey.sign(box.layout, PAYLOAD))


def test_a_new_key_does_not_disown_what_the_last_one_signed(box: Box) -> None:
    """The state partition was lost, the configuration partition was not."""
    keys = []
    for _number in range(10):
        devicekey.make(box.layout)
        keys.append(devicekey.read(box.layout).public)
        for path in box.layout.device_key.iterdir():
            path.unlink()
    assert devicekey.read_known(box.layout) == tuple(keys[-8:])


def test_a_damaged_list_of_keys_vouches_for_nothing(box: Box) -> None:
    devicekey.make(box.layout)
    own = devicekey.read(box.layout).public
    listed = box.layout.config / "device_keys"
    listed.write_bytes(b"\xff\0\nssh-ed25519 AAAA\n" + own.text.encode() + b"\n\x1b[2J\n")
    assert devicekey.read_known(box.layout) == (own,)
    listed.unlink()
    assert devicekey.read_known(box.layout) == ()
    devicekey.publish(box.layout)
    assert devicekey.read_known(box.layout) == (own,)


def test_the_boot_step_says_which_key_it_is_and_where(
    box: Box, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(step, "Layout", lambda: box.layout)
    assert step.main() == 0
    fingerprint = devicekey.read(box.layout).public.fingerprint
    assert f"the key of this box is {fingerprint}, in plain on the state partition" in capsys.readouterr().out
