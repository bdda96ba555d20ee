"""The signed answer to the installer's questions: the member install.json of a bundle, for a box without a keyboard.

    {"disk": "only", "erase": false, "then": "power-off"}

`disk` is "only" (there must be exactly one that can be used) or a serial number. `erase` allows a disk with
something on it. `then` is what the box does when it is done.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from patronus.install.disks import Disk
from patronus.install.events import InstallFailed
from patronus.trust import strictjson
from patronus.trust.fields import Fields
from patronus.values.problem import Problem, Refused

MEMBER = "install.json"
MAX_ANSWER = 4096
ONLY = "only"
POWER_OFF, RESTART = "power-off", "restart"

_DISK = re.compile(r"[!-~](?:[ -~]{0,62}[!-~])?")
_THEN = re.compile(f"{POWER_OFF}|{RESTART}")


class Answer(NamedTuple):
    """What the owner signed; the defaults harm the least."""

    disk: str
    erase: bool = False
    then: str = POWER_OFF


def encode_answer(answer: Answer) -> bytes:
    """The member's bytes."""
    return strictjson.encode(answer._asdict())


def read_answer(members: Mapping[str, bytes]) -> Answer | None:
    """The answer among a verified bundle's members, None if it has none. Raises Refused."""
    data = members.get(MEMBER)
    if data is None:
        return None
    wrong: list[str] = []
    answer = Answer("")
    try:
        if len(data) > MAX_ANSWER:
            raise ValueError(f"it has {len(data)} bytes, {MAX_ANSWER} is the most")  # noqa: TRY301 - told as the rest
        fields = Fields(strictjson.decode(data, wrong), "", wrong)
        disk = fields.text("disk", _DISK, f'"{ONLY}" or the serial number of a disk')
        erase = fields.flag("erase")
        answer = Answer(disk, erase, fields.text("then", _THEN, f'"{POWER_OFF}" or "{RESTART}"'))
        fields.finish()
    except ValueError as error:
        wrong.append(str(error))
    if wrong:
        hint = "make it with the options --install-... of 'patronus sign'"
        raise Refused([Problem("", f"{MEMBER} is wrong: {what}", hint) for what in wrong])
    return answer


def choose_disk(answer: Answer, disks: Sequence[Disk]) -> Disk:
    """The one disk the answer means. Raises InstallFailed when that is none, or not clear."""
    meant = [disk for disk in disks if answer.disk in (ONLY, disk.serial)]
    usable = [disk for disk in meant if not disk.obstacle]
    if len(usable) != 1:
        raise InstallFailed(_explain(answer, meant, usable), "sign another answer, or install by hand")
    [disk] = usable
    if disk.content and not answer.erase:
        message = (
            f"There is something on {disk.path} ({disk.what_is_on_it}), and the answer does not allow to erase it."
        )
        raise InstallFailed(message, "sign the bundle again with --install-erase, or install by hand")
    return disk


def _explain(answer: Answer, meant: Sequence[Disk], usable: Sequence[Disk]) -> str:
    wanted = (
        "The answer wants the only disk" if answer.disk == ONLY else "The answer wants the disk of one serial number"
    )
    if usable:
        return f"{wanted}, but {len(usable)} could be meant: {', '.join(disk.path for disk in usable)}."
    reasons = "; ".join(f"{disk.path}: {disk.obstacle}" for disk in meant)
    return f"{wanted}, but there is none{f' ({reasons})' if reasons else ''}."
