"""What a bundle says its document renders to: two digests, one spelling of each."""

import pytest
from tests.trust.support import MEMBERS, make_payload

from patronus.trust import Refused
from patronus.trust.rendered import carried_rendering, encode_rendered
from patronus.values.tree import Rendered

GOOD = Rendered("0a" * 32, "0b" * 32)


def test_what_was_written_is_read() -> None:
    members = {**MEMBERS, "rendered.json": encode_rendered(GOOD)}
    assert carried_rendering(members) == GOOD
    assert make_payload(members)
    assert carried_rendering(MEMBERS) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b'{"engine":"","tree":""}',
        encode_rendered(GOOD).upper(),
        encode_rendered(GOOD._replace(tree="0b" * 33)),
        encode_rendered(GOOD)[:-1] + b',"more":1}',
        encode_rendered(GOOD)[:-1] + b',"tree":"' + b"0b" * 32 + b'"}',
        b"\xff" + encode_rendered(GOOD),
        b" " * 2000 + encode_rendered(GOOD),
        b"[" * 900,
    ],
)
def test_anything_else_is_refused_when_signing(raw: bytes) -> None:
    with pytest.raises(Refused) as refused:
        make_payload({**MEMBERS, "rendered.json": raw})
    assert set(refused.value.codes) == {"bad_member"}


def test_only_the_same_program_can_contradict() -> None:
    assert GOOD.contradicts(GOOD.engine, "0c" * 32)
    assert not GOOD.contradicts(*GOOD)
    assert not GOOD.contradicts("0c" * 32, "0c" * 32)
