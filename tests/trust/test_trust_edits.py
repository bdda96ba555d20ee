"""Local edits: what a box signs itself counts on top of what its owners allowed, and nowhere else."""

import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.trust.support import KEYGEN, MANIFEST, MEMBERS, NOW, codes_of, flip, signed, store_of, verify_here

from patronus.trust import (
    ANY_KEY,
    PublicKey,
    Refused,
    Target,
    TrustStore,
    Verified,
    authenticate,
    digest,
    follow,
    inspect,
    pack,
    parse_store,
    render_store,
    split,
    verify_away,
    verify_edit,
)
from patronus.trust.manifest import encode_manifest, parse_manifest
from patronus.trust.names import RENDERED
from patronus.trust.rendered import encode_rendered
from patronus.values.tree import Rendered

Keys = Mapping[str, Path]
HERE = "gate-1"
FOR_HERE = Target(devices=(HERE,))


def key_of(path: Path) -> PublicKey:
    return store_of(path).signers[0].key


def owners(keys: Keys, **changes: Any) -> Verified:
    """A config of the owners that this box has accepted; it allows local edits unless told otherwise."""
    return _accepted(keys["alice"], **{"local_edits": (ANY_KEY,), **changes})


@cache
def _accepted(owner: Path, **changes: Any) -> Verified:
    return verify_here(signed([owner], **changes), store_of(owner))


def edit(signer: Path, base: Verified, members: Mapping[str, bytes] = MEMBERS, **changes: Any) -> bytes:
    """A local edit by this key on top of a config."""
    usual: dict[str, Any] = {
        "serial": base.manifest.serial,
        "parent": base.digest,
        "target": FOR_HERE,
        "local_edits": base.manifest.local_edits,
        "edit": 1,
    }
    return signed([signer], members, **{**usual, **changes})


def check(bundle: bytes, base: Verified, *device_keys: Path, device: str = HERE) -> Verified:
    """What the box with these keys of its own says, at apply and at every boot."""
    return verify_edit(
        bundle,
        base,
        [key_of(path) for path in device_keys],
        device=device,
        image_version="0.1.0",
        schema_version=1,
        now=NOW,
        keygen=KEYGEN,
    )


def test_an_edit_by_the_box_on_a_config_that_allows_it_counts(keys: Keys) -> None:
    base = owners(keys)
    verified = check(edit(keys["bob"], base, comment="from the console"), base, keys["bob"])
    assert verified.manifest.edit == 1
    assert verified.manifest.comment == "from the console"
    assert verified.store is None
    assert [signer.name for signer in verified.signers] == ["device"]


def test_an_owner_may_name_the_keys_that_may_edit(keys: Keys) -> None:
    base = owners(keys, local_edits=(key_of(keys["bob"]).fingerprint,))
    assert check(edit(keys["bob"], base), base, keys["bob"]).manifest.edit == 1
    bundle = edit(keys["mallory"], base)
    assert codes_of(lambda: check(bundle, base, keys["mallory"])) == ("edits_forbidden",)
    assert codes_of(lambda: check(bundle, base, keys["mallory"], keys["bob"])) == ("foreign_edit",)


def test_a_config_that_does_not_allow_edits_has_none_whatever_they_say_themselves(keys: Keys) -> None:
    base = owners(keys, local_edits=())
    for said in ((), (ANY_KEY,), (key_of(keys["bob"]).fingerprint,)):
        bundle = edit(keys["bob"], base, local_edits=said)
        assert codes_of(lambda bundle=bundle: check(bundle, base, keys["bob"])) == (  # type: ignore[misc]
            "edits_forbidden",
        )


class Fault(NamedTuple):
    """One thing that is wrong with an edit: fields of its manifest, its signer, its members."""

    code: str
    manifest: Mapping[str, Any] = {}
    signer: str = "bob"
    members: Mapping[str, bytes] = {}


def _store(keys: Keys) -> dict[str, bytes]:
    allowed, policy = render_store(store_of(keys["bob"]))
    return {"trust/allowed_signers": allowed, "trust/policy.json": policy}


FAULTS = {
    "no parent": Fault("wrong_parent", {"parent": None}),
    "forged parent": Fault("wrong_parent", {"parent": "cd" * 32}),
    "higher serial": Fault("bad_manifest", {"serial": 8}),
    "lower serial": Fault("bad_manifest", {"serial": 6}),
    "any box": Fault("other_device", {"target": Target(devices=("*",))}),
    "another box": Fault("other_device", {"target": Target(devices=("gate-2",))}),
    "a group": Fault("other_device", {"target": Target(devices=(HERE,), groups=("branch",))}),
    "its own policy": Fault("edit_policy", {"local_edits": ("SHA256:" + "A" * 43,)}),
    "no policy": Fault("edit_policy", {"local_edits": ()}),
    "no edit": Fault("not_an_edit", {"edit": None}),
    "newer schema": Fault("newer_schema", {"schema": 2}),
    "newer image": Fault("image_too_old", {"minimum_image": "9"}),
    "another box's key": Fault("foreign_edit", signer="mallory"),
    "an owner's key": Fault("foreign_edit", signer="alice"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_an_edit_with_one_fault_is_refused_for_it(keys: Keys, name: str) -> None:
    fault, base = FAULTS[name], owners(keys)
    bundle = edit(keys[fault.signer], base, **fault.manifest)
    assert fault.code in codes_of(lambda: check(bundle, base, keys["bob"]))


@given(st.sets(st.sampled_from(sorted(FAULTS)), max_size=4))
@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_only_an_edit_without_any_fault_counts(keys: Keys, names: set[str]) -> None:
    base = owners(keys)
    found = [FAULTS[name] for name in sorted(names)]
    manifest = {key: value for fault in found for key, value in fault.manifest.items()}
    signer = next((fault.signer for fault in found if fault.signer != "bob"), "bob")
    bundle = edit(keys[signer], base, **manifest)
    assert bool(codes_of(lambda: check(bundle, base, keys["bob"]))) == bool(names)


def test_an_edit_never_brings_a_trust_store(keys: Keys) -> None:
    base = owners(keys)
    bundle = edit(keys["bob"], base, {**MEMBERS, **_store(keys)})
    assert codes_of(lambda: check(bundle, base, keys["bob"])) == ("rotation_forbidden",)
    chain = [signed([keys["alice"]], {**MEMBERS, **_store(keys)}, edit=1)]
    assert codes_of(lambda: follow(store_of(keys["alice"]), chain, HERE, KEYGEN)) == ("broken_chain",)


def test_an_edit_never_says_what_it_renders_to(keys: Keys) -> None:
    """A kept tree that needs no rendering could hold what no document can say."""
    base = owners(keys)
    said = encode_rendered(Rendered("ab" * 32, "cd" * 32))
    bundle = edit(keys["bob"], base, {**MEMBERS, RENDERED: said})
    assert codes_of(lambda: check(bundle, base, keys["bob"])) == ("bad_member",)


def test_an_edit_is_made_on_the_owners_config_never_on_another_edit(keys: Keys) -> None:
    base = owners(keys)
    first = edit(keys["bob"], base)
    second = edit(keys["bob"], base, parent=digest(split(first).payload), edit=2)
    assert codes_of(lambda: check(second, base, keys["bob"])) == ("wrong_parent",)
    assert check(edit(keys["bob"], base, edit=2), base, keys["bob"]).manifest.edit == 2


def test_an_edit_does_not_move_to_another_config_of_the_owners(keys: Keys) -> None:
    old, new = owners(keys), owners(keys, serial=8)
    assert "wrong_parent" in codes_of(lambda: check(edit(keys["bob"], old), new, keys["bob"]))


@pytest.mark.parametrize("owner", ["alice", "bob"])
def test_owners_bundles_and_edits_are_never_taken_for_each_other(keys: Keys, owner: str) -> None:
    """Not even where one key is both: a box that is its own owner."""
    store = store_of(keys[owner])
    base = verify_here(signed([keys[owner]], local_edits=(ANY_KEY,)), store)
    theirs = signed([keys[owner]], serial=8, parent=base.digest, target=FOR_HERE)
    assert "not_an_edit" in codes_of(lambda: check(theirs, base, keys[owner]))
    local = edit(keys[owner], base, serial=8)
    assert codes_of(lambda: verify_here(local, store, parent=None)) == ("stray_edit",)
    assert codes_of(lambda: verify_away(local, store, schema_version=1, now=NOW, keygen=KEYGEN)) == ("stray_edit",)


def test_nothing_of_an_edit_is_read_before_its_signature(keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    base = owners(keys)
    bundle = edit(keys["mallory"], base)

    def read(_payload: bytes) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr(sys.modules["patronus.trust.verify"], "unpack", read)  # its package has a function of that name
    assert codes_of(lambda: check(bundle, base, keys["bob"])) == ("foreign_edit",)
    with pytest.raises(AssertionError, match="parsed"):
        check(edit(keys["bob"], base), base, keys["bob"])


@cache
def _edit_of_bob(bob: Path, parent: str) -> bytes:
    return signed([bob], serial=7, parent=parent, target=FOR_HERE, local_edits=(ANY_KEY,), edit=1)


@given(st.data())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_flipped_bit_of_an_edit_is_accepted(keys: Keys, data: st.DataObject) -> None:
    base = owners(keys)
    bundle = _edit_of_bob(keys["bob"], base.digest)
    bit = data.draw(st.integers(0, 8 * len(bundle) - 1))
    with pytest.raises(Refused):
        check(flip(bundle, bit), base, keys["bob"])


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({"local_edits": (ANY_KEY,)}, True),
        ({"local_edits": ("SHA256:" + "a" * 43, "SHA256:" + "b" * 43)}, True),
        ({"edit": 1}, True),
        ({"edit": 0}, False),
        ({"edit": -1}, False),
        ({"edit": True}, False),
        ({"local_edits": ("SHA256:short",)}, False),
        ({"local_edits": (ANY_KEY, "SHA256:" + "a" * 43)}, False),
        ({"local_edits": ("\x1b[2J",)}, False),
        ({"local_edits": (7,)}, False),
        ({"local_edits": tuple(f"SHA256:{number:043}" for number in range(65))}, False),
    ],
)
def test_what_a_manifest_may_say_about_edits(changes: dict[str, Any], good: bool) -> None:
    """What is left out is not allowed; every spelling but the one is refused."""
    try:
        payload = pack(MANIFEST._replace(**changes), MEMBERS)
    except Refused as refused:
        assert not good
        assert all(reason.message.isprintable() for reason in refused.reasons)
    else:
        assert good
        text = payload[4 : 4 + int.from_bytes(payload[:4], "big")]
        parsed = parse_manifest(text)
        assert encode_manifest(parsed) == text
        assert {key: getattr(parsed, key) for key in changes} == changes


def test_a_manifest_without_edits_is_the_same_bytes_as_before_there_were_any() -> None:
    assert b"edit" not in encode_manifest(MANIFEST).replace(b"edited", b"")
    with pytest.raises(Refused):
        parse_manifest(encode_manifest(MANIFEST)[:-1] + b',"local_edits":[]}')


def test_inspect_tells_an_edit_from_a_config_of_the_owners(keys: Keys) -> None:
    base = owners(keys)
    assert "local edit: 1" in inspect(edit(keys["bob"], base)).lines()
    assert "local edits by: *" in inspect(signed([keys["alice"]], local_edits=(ANY_KEY,))).lines()


def test_the_store_of_a_box_is_not_the_store_of_its_edits(keys: Keys) -> None:
    base = owners(keys)
    bundle = edit(keys["bob"], base)
    empty: TrustStore = parse_store(*render_store(store_of(keys["alice"])))
    assert codes_of(lambda: authenticate(bundle, empty, KEYGEN)) == ("unknown_signer",)
