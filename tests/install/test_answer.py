"""The signed answer of an unattended installation: what it may say, and which disk it means."""

import json
from typing import Any

import pytest

from patronus.install.answer import MEMBER, Answer, choose_disk, encode_answer, read_answer
from patronus.install.disks import Disk
from patronus.install.events import InstallFailed
from patronus.values.problem import Refused

BLANK = Disk("/dev/sda", 64 * 10**9, "Fast", "S1", "sata", ())
FULL = Disk("/dev/sdb", 64 * 10**9, "Fast", "S2", "sata", ("Windows (ntfs)",))
SMALL = Disk("/dev/sdc", 10**9, "Old", "S3", "usb", (), "it is too small: 5.3 GB are needed")


def read(**fields: Any) -> Answer | None:
    complete = {"disk": "only", "erase": False, "then": "restart", **fields}
    return read_answer({MEMBER: json.dumps(complete).encode()})


def test_what_is_written_reads_back() -> None:
    answer = Answer("WD-1234 5", erase=True, then="restart")
    assert read_answer({MEMBER: encode_answer(answer)}) == answer
    assert read_answer({"config.yaml": b""}) is None


@pytest.mark.parametrize(
    "fields",
    [
        {"disk": ""},
        {"disk": "a\nb"},
        {"disk": "x" * 65},
        {"disk": 1},
        {"disk": None},
        {"erase": "yes"},
        {"erase": 1},
        {"then": "explode"},
        {"also": "this"},
    ],
)
def test_anything_else_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(Refused, match=r"install\.json is wrong"):
        read(**fields)


@pytest.mark.parametrize(
    "data", [b"", b"[]", b'{"disk":"only"}', b"{" + b" " * 5000 + b"}", b'{"disk":"a","disk":"b"}']
)
def test_broken_answers_are_refused(data: bytes) -> None:
    with pytest.raises(Refused, match=r"install\.json is wrong"):
        read_answer({MEMBER: data})


def test_the_only_usable_disk_is_meant_whatever_else_there_is() -> None:
    assert choose_disk(Answer("only"), [SMALL, BLANK]) == BLANK


def test_a_serial_number_means_one_disk() -> None:
    assert choose_disk(Answer("S2", erase=True), [BLANK, FULL]) == FULL


@pytest.mark.parametrize(
    ("answer", "disks", "reason"),
    [
        (Answer("only"), [BLANK, FULL], "2 could be meant: /dev/sda, /dev/sdb"),
        (Answer("only"), [], "there is none."),
        (Answer("only"), [SMALL], "too small"),
        (Answer("S9"), [BLANK], "there is none."),
        (Answer("S1"), [BLANK, BLANK._replace(path="/dev/sdz")], "2 could be meant"),
        (Answer("S2"), [BLANK, FULL], "does not allow to erase it"),
        (Answer("only"), [FULL], r"Windows \(ntfs\)"),
    ],
)
def test_what_is_not_clear_or_not_allowed_is_not_done(answer: Answer, disks: list[Disk], reason: str) -> None:
    with pytest.raises(InstallFailed, match=reason):
        choose_disk(answer, disks)
