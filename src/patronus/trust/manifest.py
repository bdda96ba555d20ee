"""The manifest: what the signers say about the config they signed, and for which boxes it is."""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from patronus.trust import strictjson
from patronus.trust.fields import Fields
from patronus.trust.names import check_names
from patronus.trust.refusal import Reason, Refused
from patronus.trust.sshsig import ANY_KEY, FINGERPRINT
from patronus.values.limits import MAX_SERIAL

MAX_MANIFEST = 256 * 1024
MAX_SCHEMA = 65535
MAX_EDITS = 2**31 - 1
MAX_EDITORS = 64
ANY_DEVICE = "*"

_VERSION = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9}){0,3}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Target(NamedTuple):
    """Which boxes a bundle is for: any one listed match is enough. `devices=("*",)` is every box that trusts it."""

    devices: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Member(NamedTuple):
    """One member as the manifest lists it; size in bytes, sha256 in lower-case hex."""

    name: str
    size: int
    sha256: str


class Manifest(NamedTuple):
    """Times are UTC and whole seconds. `parent` is the digest of the payload this one was edited from.

    `local_edits` are the fingerprints of the device keys that may sign local edits on top of this one, ("*",) for the
    key of whichever box runs it. `edit` counts the local edits since the owners' generation; None in the owners' own.
    """

    serial: int
    schema: int
    minimum_image: str
    target: Target
    author: str
    created: datetime
    expires: datetime | None = None
    parent: str | None = None
    comment: str | None = None
    members: tuple[Member, ...] = ()
    local_edits: tuple[str, ...] = ()
    edit: int | None = None


def encode_manifest(manifest: Manifest) -> bytes:
    """The manifest's only spelling; optional fields that are not set are left out."""
    document: dict[str, object] = {
        "serial": manifest.serial,
        "schema": manifest.schema,
        "minimum_image": manifest.minimum_image,
        "target": {"devices": sorted(set(manifest.target.devices)), "groups": sorted(set(manifest.target.groups))},
        "author": manifest.author,
        "created": _format_time(manifest.created),
        "members": [member._asdict() for member in manifest.members],
    }
    optional = {
        "expires": _format_time(manifest.expires) if manifest.expires else None,
        "parent": manifest.parent,
        "comment": manifest.comment,
        "local_edits": sorted(set(manifest.local_edits)) or None,
        "edit": manifest.edit,
    }
    document.update({key: value for key, value in optional.items() if value is not None})
    return strictjson.encode(document)


def parse_manifest(data: bytes) -> Manifest:
    """The manifest from its only spelling. Raises Refused with every problem found."""
    if len(data) > MAX_MANIFEST:
        raise Refused([_problem(f"it has {len(data)} bytes, {MAX_MANIFEST} is the most")])
    wrong: list[str] = []
    try:
        fields = Fields(strictjson.decode(data, wrong), "", wrong)
    except ValueError as error:
        raise Refused([_problem(str(error))]) from None
    manifest = Manifest(
        serial=fields.number("serial", 1, MAX_SERIAL),
        schema=fields.number("schema", 1, MAX_SCHEMA),
        minimum_image=fields.text("minimum_image", _VERSION, "a version such as 1.4"),
        target=_read_target(fields.mapping("target"), wrong),
        author=fields.line("author", 128),
        created=fields.time("created"),
        expires=fields.time("expires") if fields.has("expires") else None,
        parent=fields.text("parent", _SHA256, "64 hex digits") if fields.has("parent") else None,
        comment=fields.line("comment", 500) if fields.has("comment") else None,
        members=_read_members(fields.items("members"), wrong),
        local_edits=_read_editors(fields.items("local_edits"), wrong) if fields.has("local_edits") else (),
        edit=fields.number("edit", 1, MAX_EDITS) if fields.has("edit") else None,
    )
    fields.finish()
    problems = [_problem(what) for what in wrong] + check_names(member.name for member in manifest.members)
    if not problems and encode_manifest(manifest) != data:
        problems = [_problem("it is not in its one canonical spelling (sorted keys and lists, no spaces, ASCII)")]
    if problems:
        raise Refused(problems)
    return manifest


def read_version(text: str) -> tuple[int, ...] | None:
    """The numbers a version starts with ("1.4.2-rc1" -> (1, 4, 2)), without trailing zeros; None if it has none."""
    found = _VERSION.match(text)
    if not found:
        return None
    numbers = [int(number) for number in found.group().split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)


def _read_target(document: dict[str, object], wrong: list[str]) -> Target:
    fields = Fields(document, "target.", wrong)
    target = Target(fields.ids("devices", also=ANY_DEVICE), fields.ids("groups"))
    fields.finish()
    if document and not (target.devices or target.groups):
        wrong.append("'target' names no device and no group")
    if ANY_DEVICE in target.devices and (len(target.devices) > 1 or target.groups):
        wrong.append("'target' names every device ('*') and others besides")
    return target


def _read_editors(entries: list[object], wrong: list[str]) -> tuple[str, ...]:
    found = tuple(entry for entry in entries if isinstance(entry, str))
    if len(found) != len(entries) or not all(entry == ANY_KEY or FINGERPRINT.fullmatch(entry) for entry in found):
        wrong.append("'local_edits' is not a list of fingerprints as ssh-keygen -l prints them")
    if ANY_KEY in found and len(found) > 1:
        wrong.append("'local_edits' names any key ('*') and others besides")
    if not 0 < len(found) <= MAX_EDITORS:
        wrong.append(f"'local_edits' does not list 1 to {MAX_EDITORS} keys")
    return found


def _read_members(entries: list[object], wrong: list[str]) -> tuple[Member, ...]:
    members = []
    for index, entry in enumerate(entries):
        where = f"members[{index}]"
        if not isinstance(entry, dict):
            wrong.append(f"'{where}' is not an object")
            continue
        fields = Fields(entry, where + ".", wrong)
        name = fields.string("name") or ""
        size = fields.number("size", 0, MAX_SERIAL)
        members.append(Member(name, size, fields.text("sha256", _SHA256, "64 hex digits")))
        fields.finish()
    return tuple(members)


def _format_time(time: datetime) -> str:
    return time.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def _problem(what: str) -> Reason:
    return Reason("bad_manifest", f"The bundle's manifest is wrong: {what}.", "Make the bundle with 'patronus sign'.")
