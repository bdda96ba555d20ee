"""Enrolment at the console: what a person types, what the box answers, and what it trusts afterwards."""

from __future__ import annotations

import io
import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.box import DEVICE, Box, sign
from tests.documents import HOUSE

from patronus.boot import apply as boot_apply
from patronus.boot import load
from patronus.console import enrol as program
from patronus.console.enrol import Hangup, Terminal, enrol
from patronus.daemon.caller import Caller
from patronus.daemon.handlers import HANDLERS, Busy
from patronus.daemon.sticks import plugged_in
from patronus.host import stick, trust, units
from patronus.ops import trust as t
from patronus.ops.errors import CallFailed
from patronus.ops.registry import Operation
from patronus.trust import Target
from patronus.values.problem import Refused

CALLER = Caller("root", lambda _text: None)


@pytest.fixture
def blank(box: Box, monkeypatch: pytest.MonkeyPatch) -> Box:
    """A box whose image trusts nobody, after a boot; its console talks to the real handlers."""
    shutil.rmtree(box.layout.vendor / "trust")
    for step in (load, boot_apply):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    monkeypatch.setattr(units, "start_over", lambda: load.main() or boot_apply.main())

    def call(operation: Operation[Any, Any], request: Any, _progress: object = None) -> Any:
        try:
            return HANDLERS[operation.name](box.layout, request, CALLER)
        except Busy as busy:
            raise CallFailed("another change is under way") from busy

    monkeypatch.setattr(program, "call", call)
    assert load.main() == 1
    return box


def converse(*lines: str | bytes) -> str:
    """Type these lines; return what the screen showed. The lines must be all that is asked for."""
    source = io.BytesIO(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
    screen = io.StringIO()
    try:
        enrol(Terminal(source, screen))
    finally:
        shown = screen.getvalue()
        assert all(" " <= char <= "~" or char == "\n" for char in shown), "something else than plain characters"
    assert source.read() == b""
    return shown


def hang_up_after(*lines: str | bytes) -> str:
    """Type these lines and go away; return what the screen showed."""
    source = io.BytesIO(b"".join((line.encode() if isinstance(line, str) else line) + b"\n" for line in lines))
    screen = io.StringIO()
    with pytest.raises(Hangup):
        enrol(Terminal(source, screen))
    assert all(" " <= char <= "~" or char == "\n" for char in screen.getvalue())
    return screen.getvalue()


def public(key: Path) -> str:
    return key.with_suffix(".pub").read_text().strip()


def enrolled(box: Box) -> bool:
    return (box.layout.config / "trust/allowed_signers").exists()


def test_the_boot_of_a_box_that_trusts_nobody_asks_for_enrolment(blank: Box) -> None:
    assert blank.layout.no_trust.exists()
    assert "this box trusts nobody" in blank.layout.failure.read_text()


def test_a_key_typed_seen_and_agreed_to_is_enrolled_and_the_waiting_bundle_runs(blank: Box) -> None:
    blank.deliver("first.bundle", sign(blank.key, 10))

    shown = converse(public(blank.key), "", "", "yes")

    assert DEVICE in shown
    store = trust.read_trust(blank.layout).store
    assert shown.count(store.signers[0].key.fingerprint) == 2, "when typed, and before agreeing"
    assert store.fingerprint in shown
    assert "ssh-ed25519, alice" in shown
    assert "Generation 10-" in shown
    assert [signer.name for signer in store.signers] == ["alice"]
    assert str((blank.layout.run / "generation").readlink()).startswith("10-")
    assert not blank.layout.no_trust.exists()
    assert not blank.layout.failure.exists()
    assert not (blank.layout.root / "run/issue.d/50-patronus.issue").exists()
    files = [blank.layout.config / "trust" / name for name in ("allowed_signers", "policy.json")]
    assert [file.stat().st_mode & 0o777 for file in files] == [0o644, 0o644]
    assert load.main() == 0, "the next boot trusts them as well"


def test_without_a_waiting_bundle_the_person_is_told_what_to_do_next(blank: Box, mallory: Path) -> None:
    blank.deliver("other.bundle", sign(mallory, 10))
    shown = converse(public(blank.key), "", "", "yes")
    assert "No configuration runs yet" in shown
    assert "a key this trust store does not list" in shown
    assert f"Sign one for device {DEVICE}" in shown


def test_nothing_is_enrolled_without_a_yes(blank: Box) -> None:
    for answer in ("", "y", "YES", "no", "yes please"):
        shown = hang_up_after(public(blank.key), "", "", answer)
        assert "Nothing was enrolled." in shown
        assert not enrolled(blank)


def test_mistakes_are_told_and_asked_again(blank: Box, mallory: Path) -> None:
    shown = converse(
        "", "ssh-ed25519 AAAA", "hello", "ssh-dss AAAAB3NzaC1kc3MAAAA x", public(blank.key), public(mallory), "",
        "3", "x", "2", "hq offices", "yes",
    )  # fmt: skip
    assert "the key cannot be used" in shown
    assert "key type ssh-dss is not accepted" in shown
    assert shown.count("A number from 1 to 2.") == 2
    assert "Signatures needed: 2 of 2. Groups: hq, offices." in shown
    store = trust.read_trust(blank.layout).store
    assert (store.threshold, store.groups) == (2, ("hq", "offices"))
    assert [signer.name for signer in store.signers] == ["alice", "mallory"]


@pytest.mark.parametrize(
    "line",
    [
        b"\x1b]0;owned\x07\x1b[2J",
        b"ssh-ed25519 \x00\xff\xfe",
        b"* ssh-ed25519 AAAA",
        b"a" * 100_000,
        b"ssh-ed25519 " + b"A" * 100_000,
        "ssh-ed25519 ‮ AAAA".encode(),
        b"cert-authority alice ssh-ed25519 AAAA",
    ],
)
def test_hostile_lines_enrol_nothing_and_reach_no_screen(blank: Box, line: bytes) -> None:
    hang_up_after(line, "", "yes", "yes")
    assert not enrolled(blank)


def test_a_hostile_comment_is_only_a_name(blank: Box) -> None:
    words = public(blank.key).split()[:2]
    converse(f'{" ".join(words)} \x1b[2J*,bob \u202e namespaces="x"', "", "", "yes")
    (signer,) = trust.read_trust(blank.layout).store.signers
    assert signer.names == ("2J-bob-namespaces-x",)


def test_a_group_nobody_can_be_in_is_refused(blank: Box) -> None:
    shown = hang_up_after(public(blank.key), "", "BAD*", "yes")
    assert "'groups' is not a list of ids" in shown
    assert not enrolled(blank)


def test_enrolled_on_another_console_meanwhile(blank: Box, mallory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    request = t.EnrolRequest(keys=public(mallory))

    class Slow(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            line = super().readline(size)
            if line == b"yes\n":
                HANDLERS["Enrol"](blank.layout, request, CALLER)
            return line

    screen = io.StringIO()
    enrol(Terminal(Slow(f"{public(blank.key)}\n\n\nyes\n".encode()), screen))
    assert "this box has a trust store already" in screen.getvalue()
    assert "This box has been enrolled." in screen.getvalue()
    assert [signer.name for signer in trust.read_trust(blank.layout).store.signers] == ["mallory"]


def test_nothing_is_enrolled_over_a_store_baked_or_enrolled(box: Box, mallory: Path) -> None:
    request = t.EnrolRequest(keys=public(mallory))
    with pytest.raises(Refused, match="the image has a trust store baked in"):
        HANDLERS["Enrol"](box.layout, request, CALLER)
    shutil.move(box.layout.vendor / "trust", box.layout.config / "trust")
    with pytest.raises(Refused, match="this box has a trust store already"):
        HANDLERS["Enrol"](box.layout, request, CALLER)
    assert [signer.name for signer in trust.read_trust(box.layout).store.signers] == ["alice"]


def test_a_bundle_for_a_group_is_for_its_members(blank: Box) -> None:
    offices = Target(groups=("offices",))
    blank.deliver("first.bundle", sign(blank.key, 10, HOUSE, target=offices))
    shown = converse(public(blank.key), "", "", "yes")
    assert f"The bundle is for group offices; this is device {DEVICE}." in shown
    shutil.rmtree(blank.layout.config / "trust")
    shown = converse(public(blank.key), "", "offices", "yes")
    assert "Generation 10-" in shown


def test_what_the_box_trusts_is_told(box: Box, blank: Box) -> None:
    shown = HANDLERS["Trust"](blank.layout, None, CALLER)
    assert isinstance(shown, t.Trust)
    assert (shown.origin, shown.device, shown.keys) == ("none", DEVICE, ())
    converse(public(blank.key), "", "hq", "yes")
    shown = HANDLERS["Trust"](blank.layout, None, CALLER)
    assert isinstance(shown, t.Trust)
    assert (shown.origin, shown.threshold, shown.groups, shown.exchanges) == ("enrolled", 1, ("hq",), 0)
    assert shown.exchangeable
    assert shown.keys[0].fingerprint.startswith("SHA256:")


# --- a stick -----------------------------------------------------------------------------------------------------


def test_keys_from_a_stick_are_shown_and_agreed_to_like_typed_ones(blank: Box, plugged: Path, mallory: Path) -> None:
    shutil.copy(blank.key.with_suffix(".pub"), plugged / "alice.pub")
    (plugged / "notes.txt").write_text("not looked at")
    shown = converse("stick", public(mallory), "", "1", "", "yes")
    assert [signer.name for signer in trust.read_trust(blank.layout).store.signers] == ["alice", "mallory"]
    assert "Signatures needed: 1 of 2" in shown
    verbs = [call for call in blank.system.calls if "run-stick.mount" in call]
    assert verbs == ["systemctl start -- run-stick.mount", "systemctl stop -- run-stick.mount"]


def test_a_stick_that_is_read_at_another_console_costs_nothing_typed(blank: Box, plugged: Path) -> None:
    with plugged_in(blank.layout):
        shown = hang_up_after(public(blank.key), "stick", "", "")
    assert "another change is under way" in shown
    assert "Signatures needed: 1 of 1" in shown, "the key that was typed is still offered"


def test_allowed_signers_on_a_stick(blank: Box, plugged: Path, mallory: Path) -> None:
    (plugged / "allowed_signers").write_text(f"# owners\n\nroot@hq {' '.join(public(mallory).split()[:2])}\n")
    converse("stick", "", "", "yes")
    assert [signer.name for signer in trust.read_trust(blank.layout).store.signers] == ["root@hq"]


def test_no_stick_and_a_stick_that_cannot_be_mounted(blank: Box) -> None:
    assert "there is no stick with the label PATRONUS" in hang_up_after("stick")
    blank.system.active.add(stick.DEVICE)
    blank.system.refuses = lambda call: "start" in call
    assert "the stick cannot be read" in hang_up_after("stick")


@pytest.mark.parametrize("content", [b"", b"\x00" * 200_000, b"\x1b[2J\n" * 50_000, b"A" * 70_000, b"# nothing\n"])
def test_rubbish_on_a_stick_enrols_nothing(blank: Box, plugged: Path, content: bytes) -> None:
    (plugged / "evil.pub").write_bytes(content)
    (plugged / "allowed_signers").symlink_to("/etc/passwd")
    (plugged / "folder.pub").mkdir()
    hang_up_after("stick", "", "stick", "", "yes")
    assert not enrolled(blank)
