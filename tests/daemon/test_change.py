"""Apply, confirm, go back: what a caller of patronusd can do to the running generation."""

from __future__ import annotations

import base64
import errno
import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from tests.box import Box, sign, sign_members
from tests.documents import HOUSE, house, render_data, write

from patronus.boot import apply as boot_apply
from patronus.boot import failsecure, load, revert
from patronus.daemon import change, handlers
from patronus.daemon.handlers import Busy, Caller
from patronus.host import units
from patronus.host.generations import Generations
from patronus.host.kept_tree import KeptTrees
from patronus.host.run import CommandFailed, Done
from patronus.ops import messages as m
from patronus.ops import wire
from patronus.pipeline import confirm as timer
from patronus.trust.rendered import FALSE_RENDERING, encode_rendered
from patronus.values.fragments import RULESET_PATH
from patronus.values.problem import WARNING, Refused
from patronus.values.tree import Rendered

CALLER = Caller("alice", lambda _text: None)
OTHER = house(nat={"port_forwards": []})
NO_DHCP = house(dhcp=None)


def apply(box: Box, bundle: bytes, confirm_within: int = 600) -> m.ApplyResult:
    request = m.ApplyRequest(bundle=base64.b64encode(bundle).decode(), confirm_within=confirm_within)
    return handlers.apply(box.layout, request, CALLER)


def plan(box: Box, bundle: bytes) -> m.Review:
    return handlers.plan(box.layout, m.BundleRequest(bundle=base64.b64encode(bundle).decode()), CALLER)


def confirm(box: Box, generation: str = "") -> str:
    return handlers.confirm(box.layout, m.ConfirmRequest(generation=generation), CALLER).generation


def rollback(box: Box, generation: str = "", confirm_within: int = 600) -> str:
    request = m.RollbackRequest(generation=generation, confirm_within=confirm_within)
    return handlers.rollback(box.layout, request, CALLER).generation


def status(box: Box) -> m.Status:
    return handlers.status(box.layout, m.Nothing(), CALLER)


def state(box: Box) -> tuple[str, str, bool]:
    """What runs, what would boot, and whether something waits for a confirmation."""
    now = status(box)
    return now.generation, now.confirmed, now.pending is not None


@pytest.fixture
def running(box: Box, monkeypatch: pytest.MonkeyPatch) -> str:
    """Boot the house as generation 10; return its name."""
    for step in (load, boot_apply, revert):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    box.deliver("first.bundle", sign(box.key, 10))
    assert (load.main() or boot_apply.main()) == 0
    box.system.calls.clear()
    return status(box).generation


@pytest.fixture(autouse=True)
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the program that goes back waited for the moment, in seconds; nothing really waits."""
    found: list[float] = []
    monkeypatch.setattr(revert, "sleep", found.append)
    return found


def test_a_change_waits_for_its_confirmation_and_then_stays(box: Box, running: str) -> None:
    result = apply(box, sign(box.key, 11, OTHER))
    assert result.generation.startswith("11-")
    assert state(box) == (result.generation, running, True)
    pending = status(box).pending
    assert pending is not None
    assert (pending.generation, pending.previous, pending.author) == (result.generation, running, "Alice")
    assert 590 < pending.seconds_left <= 600
    assert confirm(box, result.generation) == result.generation
    assert state(box) == (result.generation, result.generation, False)
    assert "systemctl stop patronus-revert.timer patronus-revert.service" in box.system.calls


def test_the_timer_is_systemds_and_runs_before_anything_changes(box: Box, running: str) -> None:
    apply(box, sign(box.key, 11, NO_DHCP), confirm_within=90)
    armed = box.system.position("systemd-run --unit=patronus-revert.service --on-active=8")
    assert armed < box.system.position("systemctl stop -- ")
    assert armed < box.system.calls.index("nft")
    assert "AccuracySec=50ms" in box.system.calls[armed]


def test_one_rule_changed_touches_no_service(box: Box, running: str) -> None:
    review = apply(box, sign(box.key, 11, OTHER)).review
    assert [file.path for file in review.files] == [RULESET_PATH]
    assert not review.stop + review.start + review.reload + review.restart
    verbs = (" start ", " restart ", " reload ", " stop -- ")
    assert not [call for call in box.system.calls if any(verb in call for verb in verbs)]
    assert len(box.system.rulesets) == 2


def test_a_plan_changes_nothing(box: Box, running: str) -> None:
    before = state(box), box.layout.current.readlink(), Generations(box.layout.config).records()
    box.system.calls.clear()
    review = plan(box, sign(box.key, 11, NO_DHCP))
    assert "kea-dhcp4-server.service" in review.stop
    assert "-" in review.files[0].text
    assert box.system.calls == []
    assert (state(box), box.layout.current.readlink(), Generations(box.layout.config).records()) == before


def test_the_tree_is_kept_for_the_next_boot_when_it_is_the_one_that_was_signed(box: Box, running: str) -> None:
    engine, digest = "ab" * 32, render_data(OTHER).manifest.digest
    (box.layout.vendor / "engine").write_text(f"{engine}\n")
    result = apply(box, claiming(box, 11, engine, digest))
    confirm(box)
    assert KeptTrees.of(box.layout).read(result.generation, Rendered(engine, digest))


def claiming(box: Box, serial: int, engine: str, tree: str) -> bytes:
    """A bundle whose signers say what its document renders to."""
    members = {"config.yaml": write(OTHER), "rendered.json": encode_rendered(Rendered(engine, tree))}
    return sign_members(box.key, serial, members)


def test_a_bundle_that_says_what_is_not_so_is_refused(box: Box, running: str) -> None:
    (box.layout.vendor / "engine").write_text(f"{'ab' * 32}\n")
    for verb in (apply, plan):
        with pytest.raises(Refused, match="renders to something else than the same program makes of it here") as caught:
            verb(box, claiming(box, 11, "ab" * 32, "cd" * 32))
        assert "sign the document anew" in str(caught.value)
    assert state(box) == (running, running, False)
    assert apply(box, claiming(box, 11, "ef" * 32, "cd" * 32)), "another program may well render something else"


def test_a_kept_generation_that_says_what_is_not_so_stays_a_way_back(box: Box, running: str) -> None:
    false = apply(box, claiming(box, 11, "ab" * 32, "cd" * 32), confirm_within=0).generation
    (box.layout.vendor / "engine").write_text(f"{'ab' * 32}\n")
    assert FALSE_RENDERING._replace(severity=WARNING) in change.prepare_kept(box.layout, false).warnings
    assert apply(box, sign(box.key, 12), confirm_within=0)
    assert rollback(box, false) == false
    assert not KeptTrees.of(box.layout).has(false)


def test_going_back_restores_every_file_and_the_rules(box: Box, running: str) -> None:
    tree, rules = box.layout.current.readlink(), box.system.rulesets[-1]
    apply(box, sign(box.key, 11, NO_DHCP))
    assert box.layout.current.readlink() != tree
    assert rollback(box) == running
    assert state(box) == (running, running, False)
    assert box.layout.current.readlink() == tree
    assert box.system.rulesets[-1] == rules
    assert "kea-dhcp4-server.service" in box.system.active


def test_the_timer_goes_back_without_patronusd(
    box: Box, running: str, waits: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    new = apply(box, sign(box.key, 11, NO_DHCP), confirm_within=90).generation
    assert revert.main() == 0
    (waited,) = waits
    assert 80 < waited <= 90, "started early, it still goes back at the deadline and not before"
    assert state(box) == (running, running, False)
    assert f"generation {new} was not confirmed: back at {running}" in capsys.readouterr().out
    assert revert.main() == 0, "a second time there is nothing to do"


def test_a_power_cut_boots_the_confirmed_generation(box: Box, running: str) -> None:
    import shutil

    apply(box, sign(box.key, 11, NO_DHCP))
    shutil.rmtree(box.layout.root / "run")
    assert (load.main() or boot_apply.main()) == 0
    assert state(box) == (running, running, False)


PROMISCUOUS = house(interfaces={**HOUSE["interfaces"], "lan": {**HOUSE["interfaces"]["lan"], "promiscuous": True}})


@pytest.mark.parametrize(
    ("step", "before", "after"),
    [
        ("systemctl stop -- ", HOUSE, NO_DHCP),
        ("nft", HOUSE, OTHER),
        ("systemctl reload-or-restart -- ", HOUSE, PROMISCUOUS),
        ("systemctl restart -- ", HOUSE, house(ntp={"serve": ["lan"], "orphan_stratum": 12})),
        ("systemctl start -- ", NO_DHCP, HOUSE),
    ],
)
def test_a_step_the_box_refuses_goes_back_at_once_and_says_why(
    box: Box, running: str, step: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    apply(box, sign(box.key, 11, before), confirm_within=0)
    running = state(box)[0]
    refused: list[str] = []

    def refuse_once(call: str) -> bool:
        if refused or not (call == step or (step != "nft" and call.startswith(step))):
            return False
        refused.append(call)
        return True

    box.system.refuses = refuse_once
    with pytest.raises(Refused) as caught:
        apply(box, sign(box.key, 12, after))
    assert refused
    assert f"the box is back at generation {running}" in str(caught.value)
    assert state(box) == (running, running, False)
    assert status(box).units == tuple(unit.model_copy(update={"active": True}) for unit in status(box).units)


def test_a_service_that_dies_at_once_goes_back_and_names_its_section(box: Box, running: str) -> None:
    apply(box, sign(box.key, 11, NO_DHCP))
    confirm(box)
    without = status(box).generation
    box.system.dies = {"kea-dhcp4-server.service"}
    with pytest.raises(Refused) as caught:
        apply(box, sign(box.key, 12))
    (problem,) = caught.value.problems
    assert problem.path == "dhcp"
    assert "kea-dhcp4-server.service does not run" in problem.message
    assert state(box) == (without, without, False)


def test_a_disk_error_goes_back_at_once(box: Box, running: str, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def full_once(*_arguments: object) -> None:
        calls.append(1)
        if len(calls) == 1:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("patronus.host.networkd.sync_files", full_once)
    with pytest.raises(Refused, match="No space left on device"):
        apply(box, sign(box.key, 11, OTHER))
    assert state(box) == (running, running, False)


def test_a_checkers_refusal_changes_nothing_and_names_the_section(box: Box, running: str) -> None:
    tree = box.layout.current.readlink()
    box.system.refuses = lambda call: call.startswith("unbound-checkconf")
    with pytest.raises(Refused) as caught:
        apply(box, sign(box.key, 11, NO_DHCP))
    assert [problem.path for problem in caught.value.problems] == ["dns"]
    assert "unbound-checkconf refuses it" in caught.value.problems[0].message
    assert box.layout.current.readlink() == tree
    assert state(box) == (running, running, False)
    assert not [call for call in box.system.calls if call.startswith("systemd-run")]


def test_without_a_timer_nothing_is_changed_and_nothing_waits(box: Box, running: str) -> None:
    box.system.refuses = lambda call: call.startswith("systemd-run")
    with pytest.raises(CommandFailed):
        apply(box, sign(box.key, 11, OTHER))
    assert state(box) == (running, running, False)
    assert len(box.system.rulesets) == 1


@pytest.fixture
def gone() -> Iterator[Caller]:
    """Somebody whose connection ended after the question: Ctrl-C, or a lost SSH."""
    ours, theirs = socket.socketpair()
    with theirs:
        connection = wire.Connection(theirs, 1000)
        ours.close()
        yield Caller("alice", lambda text: connection.send({"parameters": {"progress": text}, "continues": True}))


def test_a_caller_who_went_away_neither_stops_nor_halves_a_change(box: Box, running: str, gone: Caller) -> None:
    with pytest.raises(BrokenPipeError):
        gone.tell("anybody there?")
    request = m.ApplyRequest(bundle=base64.b64encode(sign(box.key, 11, OTHER)).decode())
    new = handlers.apply(box.layout, request, gone).generation
    assert state(box) == (new, running, True)
    assert handlers.rollback(box.layout, m.RollbackRequest(), gone).generation == running
    assert state(box) == (running, running, False)
    handlers.apply(box.layout, request, gone)
    assert handlers.confirm(box.layout, m.ConfirmRequest(), gone).generation == new
    assert handlers.rollback(box.layout, m.RollbackRequest(generation=running), gone).generation == running
    assert state(box) == (running, new, True)


def test_no_progress_is_told_between_the_timer_and_the_change(box: Box, running: str) -> None:
    """Whatever a caller can do there would leave a timer without a change, and every other change refused."""
    armed: list[bool] = []
    caller = Caller("alice", lambda _text: armed.append(timer.read_pending(box.layout) is not None))
    handlers.apply(box.layout, m.ApplyRequest(bundle=base64.b64encode(sign(box.key, 11, OTHER)).decode()), caller)
    assert armed == [False, False, False]


def test_a_second_change_has_to_wait_for_the_first(box: Box, running: str) -> None:
    first = apply(box, sign(box.key, 11, OTHER)).generation
    with pytest.raises(Refused, match=f"generation {first} still waits"):
        apply(box, sign(box.key, 12, NO_DHCP))
    assert state(box) == (first, running, True)


def test_zero_seconds_means_confirmed_at_once(box: Box, running: str) -> None:
    new = apply(box, sign(box.key, 11, OTHER), confirm_within=0).generation
    assert state(box) == (new, new, False)


def test_confirming_needs_the_right_generation_and_one_that_waits(box: Box, running: str) -> None:
    with pytest.raises(Refused, match="no change waits"):
        confirm(box)
    new = apply(box, sign(box.key, 11, OTHER)).generation
    with pytest.raises(Refused, match=f"generation {new} waits for a confirmation, not '12-x'"):
        confirm(box, "12-x")
    assert confirm(box) == new


def test_confirming_the_same_again_is_no_mistake_when_the_answer_was_lost(box: Box, running: str) -> None:
    new = apply(box, sign(box.key, 11, OTHER)).generation
    assert confirm(box, new) == confirm(box, new) == new
    with pytest.raises(Refused, match="no change waits"):
        confirm(box, running)
    assert state(box) == (new, new, False)


def test_what_was_lost_of_a_change_that_waits_is_written_again_with_the_next_try(box: Box, running: str) -> None:
    bundle = sign(box.key, 11, OTHER)
    new = apply(box, bundle).generation
    (box.layout.config / "generations" / new / "record.json").unlink()
    with pytest.raises(Refused, match=r"(?s)not on the config partition.*apply it again: patronus rollback"):
        confirm(box)
    rollback(box)
    apply(box, bundle)
    assert confirm(box) == new


def test_a_generation_whose_record_was_damaged_is_a_way_back_all_the_same(box: Box, running: str) -> None:
    apply(box, sign(box.key, 11, OTHER), confirm_within=0)
    path = box.layout.config / "generations" / running / "record.json"
    path.write_text(path.read_text().replace('"Alice"', "5"))
    assert [entry.serial for entry in history(box)] == [11]
    assert rollback(box, running) == running
    assert confirm(box) == running
    assert [(entry.serial, entry.author, entry.confirmed) for entry in history(box)] == [
        (11, "Alice", False),
        (10, "Alice", True),
    ]


def history(box: Box) -> tuple[m.HistoryEntry, ...]:
    return handlers.history(box.layout, m.Nothing(), CALLER).entries


@pytest.mark.parametrize("name", ["", ".", "..", "../trust", ".draft", "9-0", "10-0\ud800"])
def test_what_is_no_generation_is_refused_by_its_name(box: Box, running: str, name: str) -> None:
    (box.layout.config / "generations/.draft").mkdir()
    with pytest.raises(Refused, match="this box has no generation"):
        change.prepare_kept(box.layout, name)


def test_a_generation_that_would_not_boot_is_no_way_back(box: Box, running: str) -> None:
    new = apply(box, sign(box.key, 11, OTHER), confirm_within=0).generation
    bundle = box.layout.config / "generations" / running / "bundle"
    bundle.write_bytes((box.layout.config / "generations" / new / "bundle").read_bytes())
    with pytest.raises(Refused, match="holds another bundle than its name says"):
        rollback(box, running)
    bundle.unlink()
    with pytest.raises(Refused, match=f"generation {running} cannot be read"):
        rollback(box, running)
    assert state(box) == (new, new, False)


def test_what_was_not_applied_to_its_end_cannot_be_confirmed(
    box: Box, running: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken, pytest.raises(RuntimeError):
        broken.setattr("patronus.host.networkd.sync_files", Mock(side_effect=RuntimeError("as when patronusd dies")))
        apply(box, sign(box.key, 11, NO_DHCP))
    pending = status(box).pending
    assert pending is not None
    with pytest.raises(Refused, match="was not applied to its end"):
        confirm(box, pending.generation)
    assert state(box) == (running, running, True)
    assert rollback(box) == running
    assert "kea-dhcp4-server.service" in box.system.active


def test_serials_only_grow_but_history_may_be_applied_again(box: Box, running: str) -> None:
    new = apply(box, sign(box.key, 11, OTHER), confirm_within=0).generation
    for serial in (10, 11):
        with pytest.raises(Refused, match="already accepted here"):
            apply(box, sign(box.key, serial, NO_DHCP))
    assert rollback(box, running) == running
    assert state(box) == (running, new, True)
    confirm(box)
    assert state(box) == (running, running, False)
    with pytest.raises(Refused, match="already accepted here"):
        apply(box, sign(box.key, 11, NO_DHCP))


def test_what_was_not_confirmed_does_not_use_up_its_serial(box: Box, running: str) -> None:
    bundle = sign(box.key, 11, OTHER)
    new = apply(box, bundle).generation
    rollback(box)
    assert apply(box, bundle).generation == new


@pytest.mark.parametrize(
    ("bundle", "reason"),
    [
        (b"", "ends after 0 of"),
        (b"rubbish", "not a Patronus bundle"),
        (b"PATRONUS" + bytes(200), "format version 0"),
    ],
)
def test_what_is_no_bundle_changes_nothing(box: Box, running: str, bundle: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        apply(box, bundle)
    assert state(box) == (running, running, False)


def test_a_strangers_bundle_changes_nothing_and_is_not_kept(box: Box, running: str, mallory: Path) -> None:
    with pytest.raises(Refused, match="does not list"):
        apply(box, sign(mallory, 99, OTHER))
    assert len(Generations(box.layout.config).records()) == 1


def test_a_change_that_came_in_between_keeps_its_own_deadline(
    box: Box, running: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply(box, sign(box.key, 11, NO_DHCP), confirm_within=90)

    def confirm_and_change_again(_seconds: float) -> None:
        confirm(box)
        apply(box, sign(box.key, 12, OTHER))

    monkeypatch.setattr(revert, "sleep", confirm_and_change_again)
    assert revert.main() == 0
    generation, confirmed, waiting = state(box)
    assert (generation[:3], confirmed[:3], waiting) == ("12-", "11-", True)


def test_a_bundle_edited_from_another_generation_is_refused(box: Box, running: str) -> None:
    with pytest.raises(Refused, match="edited from abababab"):
        apply(box, sign(box.key, 11, OTHER, parent="ab" * 32))


def test_a_locked_down_box_takes_a_good_bundle_and_can_go_back_to_being_locked_down(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step in (load, revert):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    assert load.main() == 1
    new = apply(box, sign(box.key, 1)).generation
    assert state(box) == (new, "", True)
    assert status(box).failure is not None
    assert revert.main() == 0
    assert state(box) == ("", "", False)
    assert box.system.rulesets[-1] == b"# locked down\n"
    assert "unbound.service" not in box.system.active
    apply(box, sign(box.key, 1))
    confirm(box)
    assert status(box).failure is None


def test_after_a_boot_that_failed_half_way_the_rules_are_loaded_again(
    box: Box, running: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.system.refuses = lambda call: "no-block" in call
    assert (load.main() or boot_apply.main()) == 1
    box.system.refuses = lambda _call: False
    loaded = len(box.system.rulesets)
    apply(box, sign(box.key, 11, house(ntp={"serve": ["lan", "guest"]})))
    assert len(box.system.rulesets) == loaded + 1
    revert.main()
    assert box.system.rulesets[-1] == b"# locked down\n"


@pytest.fixture
def shut(box: Box, running: str) -> str:
    """A box whose confirmed generation could not be applied at boot; return the name of that generation."""
    box.system.refuses = lambda call: "no-block" in call
    assert (load.main() or boot_apply.main()) == 1
    box.system.refuses = lambda _call: False
    (box.layout.run / "generation").unlink()  # by patronus-failsecure.service, which loads these rules, too
    box.system.rulesets.append(b"# locked down\n")
    return running


def test_the_confirmed_generation_that_fails_again_leaves_the_box_locked_down(box: Box, shut: str) -> None:
    box.system.dies = {"unbound.service"}
    with pytest.raises(Refused, match="the box is back at generation none"):
        rollback(box, shut)
    assert box.system.rulesets[-2:] != [b"# locked down\n"] * 2, "it was tried"
    assert box.system.rulesets[-1] == b"# locked down\n"
    assert state(box) == ("", shut, False)


def test_the_confirmed_generation_tried_again_goes_back_unless_it_is_confirmed_again(box: Box, shut: str) -> None:
    rollback(box, shut)
    assert revert.main() == 0
    assert box.system.rulesets[-1] == b"# locked down\n"
    rollback(box, shut)
    assert confirm(box) == shut
    assert revert.main() == 0
    assert box.system.rulesets[-1] != b"# locked down\n"
    assert state(box) == (shut, shut, False)
    assert status(box).failure is None


def test_a_try_on_a_locked_down_box_leaves_it_its_accounts(
    box: Box, running: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever tried it has to be let in again; what the consoles allow stays as well, and nothing else does."""
    first = house(system={**HOUSE["system"], "console": {"access": "disabled"}})
    closed = apply(box, sign(box.key, 11, first), confirm_within=0).generation
    accounts = {path.name: path.read_bytes() for path in (box.layout.current / "etc/userdb").iterdir()}
    monkeypatch.setattr(failsecure, "Layout", lambda: box.layout)
    monkeypatch.setattr(failsecure, "_CONSOLES", Path("/dev/null"))
    box.system.refuses = lambda call: "no-block" in call and "stop" not in call
    assert (load.main() or boot_apply.main()) == 1
    failsecure.main()
    box.system.refuses = lambda _call: False
    rollback(box, running)
    assert "patronus-console.service" not in box.system.active
    assert revert.main() == 0
    assert state(box) == ("", closed, False)
    assert {path.name: path.read_bytes() for path in (box.layout.current / "etc/userdb").iterdir()} == accounts
    assert json.loads(box.current("etc/patronus/console.json"))["access"] == "disabled"
    assert "patronus-console.service" in box.system.active
    assert box.system.rulesets[-1] == b"# locked down\n"
    assert "unbound.service" not in box.system.active
    assert not (box.layout.current / "etc/unbound").exists()


def test_a_confirm_that_was_ended_before_it_could_say_so_still_counts(box: Box, running: str) -> None:
    new = apply(box, sign(box.key, 11, OTHER)).generation
    store = Generations(box.layout.config)
    record = store.record(new)
    assert record is not None
    store.confirm(record._replace(confirmed_at=1))
    assert revert.main() == 0
    assert state(box) == (new, new, False)


def cut_confirmation(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """The link has moved, and the disk takes no record any more."""
    with monkeypatch.context() as full, pytest.raises(OSError, match="No space"):
        full.setattr(Generations, "_write_record", Mock(side_effect=OSError(errno.ENOSPC, "No space left on device")))
        confirm(box)


def test_going_back_from_what_a_cut_confirmation_kept_is_not_said_to_be_done(
    box: Box, running: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both the box and its words are of the new one."""
    new = apply(box, sign(box.key, 11, OTHER)).generation
    cut_confirmation(box, monkeypatch)
    with pytest.raises(Refused, match=f"(?s){new} was confirmed already.*patronus rollback {running}"):
        rollback(box)
    assert state(box) == (new, new, False)
    assert rollback(box, running) == running
    assert confirm(box) == running
    assert state(box) == (running, running, False)


def test_a_box_that_was_locked_down_is_not_so_any_more_after_a_cut_confirmation(
    box: Box, shut: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = apply(box, sign(box.key, 11, OTHER)).generation
    cut_confirmation(box, monkeypatch)
    assert revert.main() == 0
    assert state(box) == (new, new, False)
    assert status(box).failure is None


def test_two_changes_at_once_are_one_too_many(box: Box, running: str) -> None:
    with timer.changing(box.layout), pytest.raises(Busy):
        apply(box, sign(box.key, 11, OTHER))
    apply(box, sign(box.key, 11, OTHER))


def test_the_lock_is_free_after_a_failure(box: Box) -> None:
    with pytest.raises(ZeroDivisionError), timer.changing(box.layout):
        raise ZeroDivisionError
    with timer.changing(box.layout):
        pass


@pytest.fixture
def failing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the next change on the box refuses every ruleset; what systemd starts then runs as well."""
    monkeypatch.setattr(failsecure, "Layout", lambda: box.layout)
    monkeypatch.setattr(failsecure, "_show", lambda _banner: None)
    run = box.system.run

    def run_and_start(*argv: str, **options: Any) -> Done:
        done = run(*argv, **options)
        if argv[-1] == "patronus-failsecure.service":
            failsecure.main()
        return done

    monkeypatch.setattr(units, "run", run_and_start)


@pytest.mark.usefixtures("failing")
def test_a_box_that_cannot_go_back_fails_secure_and_says_so(
    box: Box, running: str, waits: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    apply(box, sign(box.key, 11, OTHER), confirm_within=90)
    box.system.refuses = lambda call: call == "nft"
    waits.clear()

    assert revert.main() == 1

    assert state(box) == ("", running, False), "nothing waits for ever"
    assert len(waits) == 1 + 2, "until the deadline, then between three attempts"
    failure = status(box).failure
    assert failure is not None
    assert failure.reason == "going back failed"
    assert "refused: nft" in failure.findings[0].message
    assert [call for call in box.system.calls if call.startswith("nft -f")], "the lockdown rules were loaded"
    said = capsys.readouterr().err
    assert "attempt 3 of 3" in said
    assert "<2>going back failed: " in said
    box.system.refuses = lambda _call: False
    good = sign(box.key, 12, OTHER)
    assert "unbound.service" in plan(box, good).start, "what was tried before is not in force"
    assert apply(box, good, confirm_within=0).generation.startswith("12-")
    assert status(box).failure is None
    assert not (box.layout.root / "run/issue.d/50-patronus.issue").exists()


@pytest.fixture
def locked(box: Box, running: str, failing: None) -> Box:
    """A box that runs half of a change it could not undo; its services are stopped in the end but for one."""
    apply(box, sign(box.key, 11, house(ntp={"serve": ["lan", "guest"]})))
    box.system.refuses = lambda call: call == "nft"
    with pytest.raises(Refused, match="locked down"):
        rollback(box)
    box.system.refuses = lambda _call: False
    assert not {"unbound.service", "kea-dhcp4-server.service", "systemd-networkd.service"} & box.system.active
    box.system.active.add("unbound.service")
    box.system.calls.clear()
    return box


def test_what_runs_on_a_locked_down_box_gets_its_files_and_settings_anew(locked: Box, running: str) -> None:
    rollback(locked, running)

    calls = locked.system.calls
    assert any(call.startswith("systemctl reload-or-restart") and "networkd" in call for call in calls)
    assert any(call.startswith("systemctl restart") and "chrony.service" in call for call in calls)
    assert any(call.startswith("systemctl re") and "unbound.service" in call for call in calls)
    assert "sysctl" in calls


def test_what_runs_on_a_locked_down_box_and_is_not_wanted_is_stopped(locked: Box) -> None:
    apply(locked, sign(locked.key, 12, house(dns=None)))

    assert "unbound.service" not in locked.system.active
    assert "kea-dhcp4-server.service" in locked.system.active


def test_a_rendered_tree_that_was_damaged_is_written_anew(locked: Box, running: str) -> None:
    for ruleset in locked.layout.trees.glob(f"*/{RULESET_PATH}"):
        ruleset.write_bytes(b"no ruleset")

    rollback(locked, running)

    assert b"no ruleset" not in locked.system.rulesets[-1]


@pytest.mark.usefixtures("failing")
def test_an_apply_that_fails_and_cannot_go_back_fails_secure_at_once(box: Box, running: str) -> None:
    box.system.refuses = lambda call: call == "nft"
    with pytest.raises(Refused, match=r"going back failed too .*so the box is locked down"):
        apply(box, sign(box.key, 11, OTHER))
    assert state(box) == ("", running, False)


@pytest.mark.usefixtures("failing")
def test_a_rollback_that_fails_is_told_and_fails_secure(box: Box, running: str) -> None:
    apply(box, sign(box.key, 11, OTHER))
    box.system.refuses = lambda call: call == "nft"
    with pytest.raises(Refused, match="going back failed, so the box is locked down"):
        rollback(box)
    assert state(box) == ("", running, False)


def test_going_back_is_tried_again(box: Box, running: str) -> None:
    apply(box, sign(box.key, 11, OTHER), confirm_within=90)
    answers = iter([True, True, False])
    box.system.refuses = lambda call: call == "nft" and next(answers)
    assert revert.main() == 0
    assert list(answers) == [], "two refusals, then it worked"
    assert state(box) == (running, running, False)


@pytest.mark.usefixtures("failing")
def test_a_service_that_does_not_run_any_more_is_no_reason_to_close_the_box(
    box: Box, running: str, capsys: pytest.CaptureFixture[str]
) -> None:
    apply(box, sign(box.key, 11, NO_DHCP), confirm_within=90)
    box.system.dies = {"kea-dhcp4-server.service"}
    assert revert.main() == 0
    assert state(box) == (running, running, False)
    assert status(box).failure is None
    assert "attempt 3 of 3: kea-dhcp4-server.service does not run" in capsys.readouterr().err


@pytest.mark.usefixtures("failing")
def test_a_tree_that_is_damaged_fails_secure(box: Box, running: str) -> None:
    apply(box, sign(box.key, 11, OTHER))
    pending = timer.read_pending(box.layout)
    assert pending is not None
    (box.layout.trees / pending.previous_tree / "manifest.json").write_text("{")
    assert revert.main() == 1
    assert state(box) == ("", running, False)
    failure = status(box).failure
    assert failure is not None
    assert "the rendered files are damaged" in failure.findings[0].message


@pytest.mark.usefixtures("failing")
def test_a_way_back_that_was_ended_again_and_again_fails_secure(box: Box, running: str) -> None:
    """systemd gives up after five starts and starts this instead (OnFailure=)."""
    apply(box, sign(box.key, 11, OTHER))
    assert failsecure.main() == 0
    assert state(box) == ("", running, False)
    failure = status(box).failure
    assert failure is not None
    assert failure.reason == "going back failed"


def test_status_names_those_whose_signatures_count(box: Box, running: str) -> None:
    assert handlers.status(box.layout, m.Nothing(), CALLER).trust.startswith("1 of 1 keys (alice), SHA256:")


def test_nobody_but_root_can_hold_the_lock(box: Box) -> None:
    """A viewer who held it would keep every change off, and the way back at the deadline with it."""
    with timer.changing(box.layout):
        assert stat.S_IMODE(box.layout.lock.stat().st_mode) == 0o600


HOLDER = """
import sys, time
from pathlib import Path
from patronus.host.layout import Layout
from patronus.pipeline.confirm import changing
with changing(Layout(Path(sys.argv[1]))):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(box: Box) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the lock and does not let go."""
    environment = {"PYTHONPATH": ":".join(sys.path)}
    command = [sys.executable, "-c", HOLDER, str(box.layout.root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def test_the_deadline_ends_whoever_hangs_in_a_change(box: Box, holder: subprocess.Popen[bytes]) -> None:
    with timer.changing_now(box.layout):
        assert holder.wait(10) == -signal.SIGKILL
    with timer.changing(box.layout):
        pass


def test_the_lock_never_names_a_process_that_is_dead(box: Box, holder: subprocess.Popen[bytes]) -> None:
    """Its number may belong to somebody else by then, who would be ended in its place."""
    with box.layout.lock.open("r+") as lock:
        assert timer.lock_holder(lock) == holder.pid
        holder.kill()
        holder.wait(10)
        assert timer.lock_holder(lock) is None
    assert box.layout.lock.read_bytes() == b""


def test_history_diff_and_show(box: Box, running: str) -> None:
    new = apply(box, sign(box.key, 11, NO_DHCP, comment="no leases"), confirm_within=0).generation
    entries = handlers.history(box.layout, m.Nothing(), CALLER).entries
    assert [(entry.generation, entry.comment, entry.running, entry.confirmed) for entry in entries] == [
        (new, "no leases", True, True),
        (running, "", False, False),
    ]
    review = handlers.diff(box.layout, m.DiffRequest(old=running), CALLER)
    assert "kea-dhcp4-server.service" in review.stop
    shown = handlers.show(box.layout, m.ShowRequest(), CALLER)
    assert json.loads(shown.files["config.yaml"]) == NO_DHCP
    with pytest.raises(Refused, match="this box has no generation '5-x'"):
        handlers.show(box.layout, m.ShowRequest(generation="5-x"), CALLER)


def test_secret_files_are_never_shown(box: Box, running: str) -> None:
    secret = {"name": "bob", "password_hash": "$6$saltsalt$" + "a" * 86}
    admins = [*HOUSE["system"]["admins"], secret]
    new = sign(box.key, 11, house(system={**HOUSE["system"], "admins": admins}))
    texts = [file.text for file in plan(box, new).files]
    apply(box, new)
    shown = handlers.show(box.layout, m.ShowRequest(rendered=True), CALLER)
    assert "a" * 86 not in "".join([*texts, *shown.files.values()])
    assert any("bob" in path for path in shown.files)


def test_bytes_that_are_no_base64_are_refused(box: Box, running: str) -> None:
    with pytest.raises(Refused, match="not base64"):
        handlers.apply(box.layout, m.ApplyRequest(bundle="ä"), CALLER)
