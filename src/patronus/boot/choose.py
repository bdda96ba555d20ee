"""Chooses what this boot runs: the confirmed generation, or on a box without one the best delivered bundle."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from patronus.host import devicekey, identity
from patronus.host.files import read_plain
from patronus.host.generations import Generations, Record, edit_of
from patronus.host.layout import Layout
from patronus.host.sshkeygen import SshKeygen
from patronus.host.trust import Trust, read_trust, settle_rotation
from patronus.trust.chain import exchanges, verify_kept
from patronus.trust.edits import verify_edit
from patronus.trust.format import MAX_BUNDLE
from patronus.trust.verify import Verified, verify
from patronus.values.problem import Problem, Refused
from patronus.values.version import SCHEMA_VERSION

MOST_DELIVERED = 16


class Choice(NamedTuple):
    """A verified bundle. `delivered` is true when no generation was confirmed before."""

    record: Record
    bundle: bytes
    verified: Verified
    delivered: bool
    rotates: bool = False
    """Whether the trust store it carries comes into force when this delivery is confirmed."""
    passed_over: tuple[Problem, ...] = ()
    """What is wrong with other delivered bundles."""


def choose(layout: Layout) -> Choice:
    """Return the generation to boot. Raises Refused with every reason when there is none."""
    identity.read_device(layout)  # made up here at the first boot, also on a box that trusts nobody
    settle_rotation(layout)
    trust = read_trust(layout)
    generations = Generations(layout.config)
    confirmed = generations.confirmed()
    if confirmed is None:
        return _choose_delivered(layout, trust)
    try:
        bundle = generations.read(confirmed, MAX_BUNDLE)
    except OSError as error:
        hint = "bring the config partition another one from outside: see recovery in the user guide"
        raise Refused([Problem("", f"generation {confirmed} cannot be read: {error.strerror}", hint)]) from error
    verified = verify_kept_generation(layout, trust, confirmed, bundle)
    if record_of(verified, bundle).generation != confirmed:
        hint = "somebody changed the config partition; bring it a signed bundle: see recovery in the user guide"
        raise Refused([Problem("", f"generation {confirmed} holds another bundle than its name says", hint)])
    record = generations.record(confirmed) or record_of(verified, bundle)
    return Choice(record, bundle, verified, delivered=False)


def _choose_delivered(layout: Layout, trust: Trust) -> Choice:
    problems: list[Problem] = []
    choices: list[Choice] = []
    for path in _delivered(layout):
        try:
            bundle = _read(path)
            verified = verify_new(layout, trust, bundle, highest_serial=None)
        except Refused as refused:
            problems += [problem._replace(message=f"{path.name}: {problem.message}") for problem in refused.problems]
            continue
        rotates = exchanges(verified, trust.chain)
        choices.append(Choice(record_of(verified, bundle), bundle, verified, delivered=True, rotates=rotates))
    if choices:
        best = max(choices, key=lambda choice: (choice.record.serial, choice.record.generation))
        return best._replace(passed_over=tuple(problems))
    hint = "deliver a bundle signed by an owner of this box"
    raise Refused(problems or [Problem("", "this box has no configuration yet", hint)])


def _delivered(layout: Layout) -> list[Path]:
    """Return the bundles to look at, those whose names sort last: a boot does not take longer with what lies there."""
    return sorted((layout.config / "incoming").glob("*.bundle"))[-MOST_DELIVERED:]


def _read(path: Path) -> bytes:
    try:
        return read_plain(path, MAX_BUNDLE)
    except OSError as error:
        raise Refused([Problem("", f"cannot be read: {error.strerror}", "copy it again")]) from error


def verify_new(
    layout: Layout, trust: Trust, bundle: bytes, *, highest_serial: int | None, parent: str | None = None
) -> Verified:
    """Verify a bundle from outside for this box and image, by the store in force. Raises Refused."""
    return verify(
        bundle,
        trust.store,
        device=identity.read_device(layout).id,
        highest_serial=highest_serial,
        image_version=identity.read_image(layout).version,
        schema_version=SCHEMA_VERSION,
        parent=parent,
        now=datetime.now(UTC),
        keygen=SshKeygen(),
    )


def verify_kept_generation(layout: Layout, trust: Trust, generation: str, bundle: bytes) -> Verified:
    """Verify what lies under a generation's name: a bundle of the owners, or a local edit on top of one.

    The name says which of the two is asked for, and neither is ever taken for the other. Raises Refused.
    """
    if not edit_of(generation):
        return verify_old(layout, trust, bundle)
    path = Generations(layout.config).base(generation)
    try:
        base = read_plain(path, MAX_BUNDLE)
    except OSError as error:
        hint = "a local edit counts only together with the owners' bundle: see recovery in the user guide"
        raise Refused([Problem("", f"{path} cannot be read: {error.strerror}", hint)]) from error
    return verify_local(layout, verify_old(layout, trust, base), bundle)


def verify_local(layout: Layout, base: Verified, bundle: bytes) -> Verified:
    """Verify a local edit of this box on top of a generation of the owners. Raises Refused."""
    return verify_edit(
        bundle,
        base,
        devicekey.read_known(layout),
        device=identity.read_device(layout).id,
        image_version=identity.read_image(layout).version,
        schema_version=SCHEMA_VERSION,
        now=datetime.now(UTC),
        keygen=SshKeygen(),
    )


def verify_old(layout: Layout, trust: Trust, bundle: bytes) -> Verified:
    """Verify a generation this box has kept, also by a store that was replaced since. Raises Refused.

    Keys that count no more vouch for the document only, which is rendered here, and not for what it renders to.
    """
    verified = verify_kept(
        bundle,
        trust.chain,
        device=identity.read_device(layout).id,
        image_version=identity.read_image(layout).version,
        schema_version=SCHEMA_VERSION,
        now=datetime.now(UTC),
        keygen=SshKeygen(),
    )
    return verified if verified.trusted_by == trust.store else verified._replace(rendered=None)


def record_of(verified: Verified, bundle: bytes) -> Record:
    """Describe a verified bundle for the history."""
    manifest = verified.manifest
    edit = manifest.edit or 0
    name = Generations.name(manifest.serial, bundle, edit)
    return Record(name, manifest.serial, manifest.author, manifest.comment or "", edit=edit)
