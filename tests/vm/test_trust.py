"""Stories about trust: what the owner did not sign changes nothing."""

from pathlib import Path

import pytest
from tests.vm.driver.house import House
from tests.vm.driver.owner import Owner

from patronus.trust.format import seal, split


@pytest.fixture
def stranger(tmp_path: Path) -> Owner:
    """Somebody with a key of his own."""
    return Owner.make(tmp_path, "stranger")


def assert_refused(house: House, bundle: Path, reason: str) -> None:
    """The bundle is refused with words that match, and everything on the box is as before."""
    before = house.state()
    assert "no-telnet" in before.ruleset, "the kernel's rules are looked at"

    applied = house.deliver(bundle, "--confirm-now", check=False)

    assert applied.code == 1, applied.text
    assert reason in applied.text
    assert house.state() == before


def test_a_bundle_signed_by_a_stranger_changes_nothing(house: House, stranger: Owner, tmp_path: Path) -> None:
    assert_refused(house, stranger.sign(house.base, tmp_path), "a key this trust store does not list")


def test_a_bundle_without_a_signature_changes_nothing(house: House, tmp_path: Path) -> None:
    draft = tmp_path / "draft.bundle"
    draft.write_bytes(seal(split(house.owner.sign(house.base, tmp_path).read_bytes()).payload, []))
    assert_refused(house, draft, "nobody has signed it")


def test_a_document_that_is_no_bundle_changes_nothing(house: House, tmp_path: Path) -> None:
    document = tmp_path / "document.bundle"
    document.write_text(house.base.text)
    assert_refused(house, document, "not a Patronus bundle")


def test_a_bundle_that_was_altered_changes_nothing(house: House, tmp_path: Path) -> None:
    signed = house.owner.sign(house.base, tmp_path).read_bytes()
    bundle = tmp_path / "altered.bundle"
    bundle.write_bytes(signed.replace(b"no-telnet", b"no-talent"))
    assert bundle.read_bytes() != signed
    assert_refused(house, bundle, "changed after it was signed")


def test_an_old_bundle_cannot_be_played_again(house: House) -> None:
    assert_refused(house, house.first_bundle, "was already accepted here")


def test_a_bundle_for_another_box_changes_nothing(house: House, tmp_path: Path) -> None:
    assert_refused(house, house.owner.sign(house.base, tmp_path, "--device", "another-box"), "for device another-box")


def test_a_config_for_a_profile_that_is_not_baked_in_names_it(house: House, tmp_path: Path) -> None:
    release = house.router.read("/usr/lib/os-release").replace(b"dhcp dns", b"dhcp")
    house.router.write("/run/os-release-without-dns", release)
    house.router.run("mount", "--bind", "/run/os-release-without-dns", "/usr/lib/os-release")
    try:
        assert_refused(house, house.owner.sign(house.base, tmp_path), "needs the image profile 'dns'")
    finally:
        house.router.run("umount", "/usr/lib/os-release")
