"""A bundle that carries the next trust store: who may, what is refused, and how the store in force is proven."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.trust.support import KEYGEN, MEMBERS, NOW, codes_of, flip, make_payload, signed, store_of, verify_here

from patronus.trust import (
    Chain,
    Refused,
    Target,
    TrustStore,
    Verified,
    add_signature,
    describe,
    exchanges,
    follow,
    inspect,
    parse_store,
    render_store,
    seal,
    verify_kept,
)

Keys = Mapping[str, Path]


def carrying(store: TrustStore) -> dict[str, bytes]:
    """The usual members and a trust store."""
    allowed, policy = render_store(store)
    return {**MEMBERS, "trust/allowed_signers": allowed, "trust/policy.json": policy}


def rotation(keys: Sequence[Path], store: TrustStore, serial: int = 7, **changes: Any) -> bytes:
    """A bundle by these keys that brings this store."""
    return signed(keys, carrying(store), serial=serial, **changes)


def walk(root: TrustStore, *bundles: bytes, device: str = "gate-1") -> Chain:
    return follow(root, bundles, device, KEYGEN)


def kept(bundle: bytes, chain: Chain) -> Verified:
    return verify_kept(bundle, chain, device="gate-1", image_version="0.1.0", schema_version=1, now=NOW, keygen=KEYGEN)


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (b'{"threshold":1,"groups":["a","a.b-c"]}', ""),
        (b'{"groups":[],"threshold":1}', ""),
        (b'{"rotation":false,"threshold":1}', ""),
        (b'{"threshold":1,"rotation":1}', "'rotation' is not true or false"),
        (b'{"threshold":1,"rotation":null}', "'rotation' is not allowed to be null"),
        (b'{"threshold":1,"groups":"a"}', "'groups' is not a list"),
        (b'{"threshold":1,"groups":["*"]}', "'groups' is not a list of ids"),
        (b'{"threshold":1,"groups":["A"]}', "'groups' is not a list of ids"),
        (b'{"threshold":1,"groups":["' + b'","'.join(b"g%d" % n for n in range(65)) + b'"]}', "64 is the most"),
    ],
)
def test_what_a_policy_may_say(keys: Keys, policy: bytes, words: str) -> None:
    allowed, _ = render_store(store_of(keys["alice"]))
    try:
        store = parse_store(allowed, policy)
    except Refused as refused:
        assert words and words in str(refused)
    else:
        assert not words
        assert parse_store(*render_store(store)) == store


def test_a_store_that_nobody_could_satisfy_is_neither_signed_nor_accepted(keys: Keys) -> None:
    allowed, _ = render_store(store_of(keys["alice"]))
    for files in (
        {"trust/allowed_signers": allowed, "trust/policy.json": b'{"threshold":2}'},
        {"trust/allowed_signers": b"# nobody\n", "trust/policy.json": b'{"threshold":1}'},
        {"trust/allowed_signers": b"bob ssh-dss AAAA\n", "trust/policy.json": b'{"threshold":1}'},
    ):
        assert codes_of(lambda files=files: make_payload({**MEMBERS, **files})) == ("bad_store",)  # type: ignore[misc]


def test_half_a_store_is_refused(keys: Keys) -> None:
    allowed, policy = render_store(store_of(keys["alice"]))
    assert "bad_member" in codes_of(lambda: make_payload({**MEMBERS, "trust/allowed_signers": allowed}))
    assert "bad_member" in codes_of(lambda: make_payload({**MEMBERS, "trust/policy.json": policy}))
    assert "bad_member" in codes_of(lambda: make_payload({**MEMBERS, "trust/other": policy}))


def test_a_bundle_is_accepted_by_the_old_store_and_brings_the_new_one(keys: Keys) -> None:
    old, new = store_of(keys["alice"]), store_of(keys["bob"])
    bundle = rotation([keys["alice"]], new)
    verified = verify_here(bundle, old)
    assert verified.store == new
    assert exchanges(verified, walk(old))
    assert codes_of(lambda: verify_here(rotation([keys["bob"]], new), old)) == ("unknown_signer",)


def test_the_old_threshold_decides_not_the_new_one(keys: Keys) -> None:
    old = store_of(keys["alice"], keys["bob"], threshold=2)
    new = store_of(keys["alice"])
    assert codes_of(lambda: verify_here(rotation([keys["alice"]], new), old)) == ("too_few_signers",)
    assert verify_here(rotation([keys["alice"], keys["bob"]], new), old).store == new


def test_a_policy_may_forbid_the_exchange(keys: Keys) -> None:
    old, new = store_of(keys["alice"])._replace(rotation=False), store_of(keys["bob"])
    assert codes_of(lambda: verify_here(rotation([keys["alice"]], new), old)) == ("rotation_forbidden",)
    assert codes_of(lambda: walk(old, rotation([keys["alice"]], new))) == ("broken_chain",)


def test_a_person_is_told_what_differs_and_who_counts_no_more(keys: Keys) -> None:
    old = store_of(keys["alice"], keys["ecdsa"])
    new = store_of(keys["bob"], keys["ecdsa"], threshold=2)._replace(groups=("hq",), rotation=False)
    verified = verify_here(rotation([keys["alice"]], new), old)
    told, retired = describe(old, new, verified.signers)
    alice, bob = (store_of(keys[name]).signers[0].key.fingerprint for name in ("alice", "bob"))
    assert (told.code, retired.code) == ("new_trust", "signer_retired")
    assert f"adds bob ({bob}); removes alice ({alice}); 2 keys must sign instead of 1" in told.message
    assert "groups of the box become hq" in told.message
    assert "no bundle may exchange it again" in told.message
    assert alice in retired.message
    assert [reason.code for reason in describe(old, old, verified.signers)] == ["new_trust"]


def test_inspect_shows_the_store_unverified_and_a_second_signer_looks_at_it(keys: Keys) -> None:
    bundle = rotation([keys["mallory"]], store_of(keys["bob"]))
    assert any("new trust store: bob (SHA256:" in line for line in inspect(bundle).lines())
    payload = make_payload(carrying(store_of(keys["bob"])))
    broken = seal(payload.replace(b'{"threshold":1}', b'{"threshold":9}'), [])
    assert codes_of(lambda: add_signature(broken, str(keys["alice"]), KEYGEN)) == ("member_altered",)


# --- the chain ---------------------------------------------------------------------------------------------------


def test_a_chain_leads_over_every_store_to_the_last(keys: Keys) -> None:
    alice, bob, ecdsa = (store_of(keys[name]) for name in ("alice", "bob", "ecdsa"))
    chain = walk(alice, rotation([keys["alice"]], bob, 7), rotation([keys["bob"]], ecdsa, 9))
    assert chain.store == ecdsa
    assert [era.until for era in chain.eras] == [7, 9, None]
    assert chain.last_serial == 9


def test_groups_stay_unless_the_new_policy_names_some(keys: Keys) -> None:
    alice, bob = store_of(keys["alice"])._replace(groups=("branch",)), store_of(keys["bob"])
    first = rotation([keys["alice"]], bob, 7)
    assert walk(alice, first).store.groups == ("branch",)
    none = rotation([keys["bob"]], bob._replace(groups=()), 8)
    assert walk(alice, first, none).store.groups == ()


def test_links_that_prove_nothing_break_the_chain(keys: Keys) -> None:
    alice, bob = store_of(keys["alice"]), store_of(keys["bob"])
    good = rotation([keys["alice"]], bob, 7)
    cases: list[tuple[tuple[bytes, ...], str]] = [
        ((rotation([keys["mallory"]], bob),), "unknown_signer"),
        ((good, rotation([keys["alice"]], alice, 9)), "unknown_signer"),  # a retired key brings nothing back
        ((good, rotation([keys["bob"]], alice, 7)), "broken_chain"),  # serials grow
        ((good, good), "unknown_signer"),
        ((signed([keys["alice"]]),), "broken_chain"),  # no store in it
        ((rotation([keys["alice"]], bob, target=Target(devices=("gate-3",))),), "broken_chain"),
        ((flip(good, 8 * (len(good) - 40)),), "bad_signature"),
        ((b"",), "truncated"),
    ]
    for bundles, code in cases:
        assert code in codes_of(lambda bundles=bundles: walk(alice, *bundles))  # type: ignore[misc]


def test_an_old_generation_is_vouched_for_by_the_store_of_its_time_only(keys: Keys) -> None:
    alice, bob = store_of(keys["alice"]), store_of(keys["bob"])
    exchange = rotation([keys["alice"]], bob, 9)
    chain = walk(alice, exchange)
    assert kept(signed([keys["alice"]], serial=5), chain).trusted_by == alice
    assert kept(exchange, chain).trusted_by == alice, "the confirmed generation itself was signed by the old key"
    assert kept(signed([keys["bob"]], serial=10), chain).trusted_by == bob
    assert codes_of(lambda: kept(signed([keys["alice"]], serial=10), chain)) == ("unknown_signer",)
    assert codes_of(lambda: kept(signed([keys["mallory"]], serial=5), chain)) == ("unknown_signer",)


def test_a_generation_for_a_group_the_box_has_left_still_boots(keys: Keys) -> None:
    old = store_of(keys["alice"])._replace(groups=("branch",))
    exchange = rotation([keys["alice"]], old._replace(groups=("hq",)), 9, target=Target(groups=("branch",)))
    chain = walk(old, exchange)
    assert chain.store.groups == ("hq",)
    assert kept(exchange, chain).manifest.serial == 9
    later = signed([keys["alice"]], serial=10, target=Target(groups=("branch",)))
    assert codes_of(lambda: kept(later, chain)) == ("other_device",)


def test_no_store_comes_back_that_was_replaced(keys: Keys) -> None:
    alice, both = store_of(keys["alice"]), store_of(keys["alice"], keys["bob"])
    exchange = rotation([keys["alice"]], both, 9)
    chain = walk(alice, exchange)
    assert not exchanges(kept(exchange, chain), chain), "it is in force already"
    assert not exchanges(kept(rotation([keys["alice"]], alice, 8), chain), chain), "never confirmed, and older"
    assert exchanges(verify_here(rotation([keys["alice"]], alice, 10), chain.store), chain)
