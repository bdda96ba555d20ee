"""Both boot steps one after the other, from bundles on the config partition to the files daemons read."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable

import pytest
from tests.box import Box, sign, sign_members
from tests.documents import HOUSE, house, render_data, write

from patronus.boot import apply, enrolment, load
from patronus.host import units
from patronus.host.generations import Generations
from patronus.host.links import Nic
from patronus.pipeline.apply import running_manifest
from patronus.values.fragments import RULESET_PATH


@pytest.fixture(autouse=True)
def here(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the steps find the box at `/`."""
    for step in (load, apply):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)


def boot(box: Box) -> int:
    """Boot: what is in /run is gone, the steps run in order; return the code of the last one."""
    shutil.rmtree(box.layout.root / "run", ignore_errors=True)
    box.system.calls.clear()
    return load.main() or apply.main()


def why(box: Box) -> str:
    """Return why the box is locked down."""
    body = json.loads(box.layout.failure.read_bytes())
    return f"{body['reason']}: " + "; ".join(problem[1] for problem in body["problems"])


def test_a_delivered_bundle_becomes_the_confirmed_generation(box: Box) -> None:
    bundle = sign(box.key, 7, comment="first")
    box.deliver("first.bundle", bundle)
    assert boot(box) == 0
    store = Generations(box.layout.config)
    assert store.confirmed() == Generations.name(7, bundle)
    (record,) = store.records()
    assert (record.serial, record.author, record.comment, record.confirmed_at > 0) == (7, "Alice", "first", True)
    assert box.current("etc/hostname") == "gw\n"
    assert box.system.rulesets == [box.current(RULESET_PATH).encode()]
    assert not box.layout.failure.exists()


def test_the_next_boot_takes_it_again_without_the_delivery(box: Box) -> None:
    box.deliver("first.bundle", sign(box.key, 7))
    assert boot(box) == 0
    manifest = running_manifest(box.layout)
    (box.layout.config / "incoming/first.bundle").unlink()
    assert boot(box) == 0
    assert running_manifest(box.layout) == manifest
    assert len(Generations(box.layout.config).records()) == 1


@pytest.mark.parametrize("damage", [lambda raw: raw[:0], lambda raw: raw[:-1] + b"?"], ids=["empty", "altered"])
def test_a_damaged_generation_is_mended_by_its_owners_copy(box: Box, damage: Callable[[bytes], bytes]) -> None:
    """By the words of the recovery guide, and the box boots ever after."""
    bundle = sign(box.key, 7)
    box.deliver("first.bundle", bundle)
    assert boot(box) == 0
    (box.layout.config / "confirmed/bundle").write_bytes(damage(bundle))
    assert boot(box) == 1
    (box.layout.config / "confirmed").unlink()
    assert boot(box) == 0
    assert boot(box) == 0
    assert (box.layout.config / "confirmed/bundle").read_bytes() == bundle


def test_rules_come_before_any_service_and_nothing_is_waited_for(box: Box) -> None:
    box.deliver("first.bundle", sign(box.key, 7))
    assert boot(box) == 0
    starts = [index for index, call in enumerate(box.system.calls) if "reload-or-restart" in call]
    assert starts
    assert box.system.position("nft") < min(starts)
    assert all("--no-block" in box.system.calls[index] for index in starts)


def test_the_rules_are_loaded_before_a_card_gets_the_name_they_speak_of(box: Box) -> None:
    box.deliver("first.bundle", sign(box.key, 7))
    assert boot(box) == 0
    assert box.system.position("link property add dev wan altname eth0")
    assert box.system.position("nft") < box.system.position("name wan")


def test_a_service_that_runs_already_is_told_to_read_its_configuration_too(box: Box) -> None:
    box.deliver("first.bundle", sign(box.key, 7))
    assert boot(box) == 0
    (call,) = [call for call in box.system.calls if "reload-or-restart" in call]
    assert {"systemd-journald.service", "unbound.service"} <= set(call.split())


def test_nothing_is_applied_when_a_step_before_fails_without_a_word(box: Box) -> None:
    box.system.refuses = lambda call: call == "systemctl start -- patronus-ready.target"
    box.deliver("first.bundle", sign(box.key, 7))
    assert boot(box) == 1
    assert box.system.rulesets == []
    assert not box.layout.current.exists()


def test_an_earlier_choice_is_not_applied_after_a_later_one_failed(box: Box) -> None:
    box.deliver("first.bundle", sign(box.key, 7))
    assert boot(box) == 0
    shutil.rmtree(box.layout.config)
    assert load.main() == 1
    box.system.rulesets.clear()
    assert apply.main() == 1
    assert box.system.rulesets == []


def test_a_missing_card_is_a_warning_at_boot_and_the_rest_works(box: Box, capsys: pytest.CaptureFixture[str]) -> None:
    box.system.nics.pop()
    box.deliver("first.bundle", sign(box.key, 7))
    assert boot(box) == 0
    assert "<4>warning: interfaces.lan.match: no NIC has mac 52:54:00:00:00:02" in capsys.readouterr().err


def test_a_card_that_matches_twice_fails_secure(box: Box) -> None:
    box.system.nics.append(Nic("eth9", "52:54:00:00:00:02", "", ("eth9",)))
    box.deliver("first.bundle", sign(box.key, 7))
    assert boot(box) == 1
    assert "matches more than one: eth1, eth9" in why(box)
    assert box.system.rulesets == []
    assert Generations(box.layout.config).confirmed() is None


def test_a_document_this_image_has_no_profile_for_fails_secure_with_its_name(box: Box) -> None:
    (box.layout.root / "usr/lib/os-release").write_text('IMAGE_VERSION=1.2\nPATRONUS_PROFILES="dhcp"\n')
    box.deliver("first.bundle", sign(box.key, 7))
    assert boot(box) == 1
    assert "needs the image profile 'dns'" in why(box)
    assert Generations(box.layout.config).confirmed() is None


def test_a_signed_document_with_mistakes_fails_secure_and_tells_all_of_them(box: Box) -> None:
    box.deliver("first.bundle", sign(box.key, 7, house(zones={"LAN": {}}, ntp={"serv": []})))
    assert boot(box) == 1
    assert "expected a zone name" in why(box)
    assert "is not a known key here" in why(box)


@pytest.mark.parametrize("step", ["nft", "set dev eth0 down", "no-block reload-or-restart"])
def test_a_step_the_box_refuses_fails_secure_and_confirms_nothing(box: Box, step: str) -> None:
    box.system.refuses = lambda call: step in call
    box.deliver("first.bundle", sign(box.key, 7))
    assert boot(box) == 1
    assert "the configuration cannot be applied: could not" in why(box)
    assert Generations(box.layout.config).confirmed() is None


def test_a_disk_error_fails_secure(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("patronus.host.networkd.sync_files", full)
    box.deliver("first.bundle", sign(box.key, 7))
    assert boot(box) == 1
    assert "No space left on device" in why(box)


def test_an_error_nobody_thought_of_fails_secure(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("1\x1b[2J")

    monkeypatch.setattr(load, "choose", broken)
    assert boot(box) == 1
    assert why(box).startswith("choosing a configuration failed: ZeroDivisionError")


def test_fragments_boot_as_one_document(box: Box) -> None:
    members = {f"config/{n:02}-{key}.yaml": write({key: value}) for n, (key, value) in enumerate(HOUSE.items())}
    box.deliver("first.bundle", sign_members(box.key, 7, members))
    assert boot(box) == 0
    assert running_manifest(box.layout).to_json() == render_data(HOUSE).manifest.to_json()


def test_members_of_an_earlier_choice_are_not_mixed_in(box: Box) -> None:
    box.deliver("first.bundle", sign_members(box.key, 7, {"config/00-a.yaml": write(HOUSE)}))
    assert load.main() == 0
    box.deliver("second.bundle", sign(box.key, 8, house(ntp=None)))
    assert (load.main() or apply.main()) == 0
    assert running_manifest(box.layout).to_json() == render_data(house(ntp=None)).manifest.to_json()


def test_two_boots_of_one_document_render_the_same_tree(box: Box) -> None:
    box.deliver("first.bundle", sign(box.key, 7, HOUSE))
    assert boot(box) == 0
    first = box.layout.current.readlink()
    assert boot(box) == 0
    assert box.layout.current.readlink() == first


def test_a_box_that_trusts_nobody_asks_on_every_console_the_kernel_uses(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    (box.layout.vendor / "trust/allowed_signers").unlink()
    assert boot(box) == 1
    assert why(box).startswith("this box trusts nobody yet: ")
    assert box.layout.no_trust.exists()
    active = box.layout.root / "active"
    active.write_text("tty0 ttyS0 hvc0\n")
    monkeypatch.setattr(enrolment, "_CONSOLES", active)
    assert enrolment.main() == 0
    names = " ".join(f"patronus-enrol@{name}.service" for name in ("tty1", "ttyS0", "hvc0"))
    assert box.system.calls == [f"systemctl --no-block start -- {names}"]


def test_a_damaged_store_is_not_taken_for_none(box: Box) -> None:
    (box.layout.vendor / "trust/allowed_signers").write_text("rubbish")
    assert boot(box) == 1
    assert not box.layout.no_trust.exists()


def test_starting_over_clears_what_failed_before_it_starts_anything(box: Box) -> None:
    units.start_over()
    assert [call.split()[1] for call in box.system.calls] == ["stop", "reset-failed", "start"]
    assert box.system.calls[-1].endswith("patronus-configured.target")
