"""Chooses what this boot runs: the confirmed generation, or on a box without one the best delivered bundle."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from patronus.host import identity
from patronus.host.files import read_bounded
from patronus.host.generations import Generations, Record
from patronus.host.layout import Layout
from patronus.host.sshkeygen import SshKeygen
from patronus.trust.format import MAX_BUNDLE
from patronus.trust.verify import Verified, verify
from patronus.values.problem import Problem, Refused
from patronus.values.version import SCHEMA_VERSION


class Choice(NamedTuple):
    """A verified bundle. `delivered` is true when no generation was confirmed before."""

    record: Record
    bundle: bytes
    verified: Verified
    delivered: bool
    passed_over: tuple[Problem, ...] = ()
    """What is wrong with other delivered bundles."""


def choose(layout: Layout) -> Choice:
    """Return the generation to boot. Raises Refused with every reason when there is none."""
    generations = Generations(layout.config)
    confirmed = generations.confirmed()
    if confirmed is None:
        return _choose_delivered(layout)
    try:
        bundle = generations.read(confirmed, MAX_BUNDLE)
    except OSError as error:
        hint = "bring the config partition another one from outside: see recovery in the user guide"
        raise Refused([Problem("", f"generation {confirmed} cannot be read: {error.strerror}", hint)]) from error
    verified = verify_here(layout, bundle, highest_serial=None)
    if Generations.name(verified.manifest.serial, bundle) != confirmed:
        hint = "somebody changed the config partition; bring it a signed bundle: see recovery in the user guide"
        raise Refused([Problem("", f"generation {confirmed} holds another bundle than its name says", hint)])
    record = generations.record(confirmed) or record_of(verified, bundle)
    return Choice(record, bundle, verified, delivered=False)


def _choose_delivered(layout: Layout) -> Choice:
    problems: list[Problem] = []
    choices: list[Choice] = []
    for path in _delivered(layout):
        try:
            bundle = _read(path)
            verified = verify_here(layout, bundle, highest_serial=None)
        except Refused as refused:
            problems += [problem._replace(message=f"{path.name}: {problem.message}") for problem in refused.problems]
            continue
        choices.append(Choice(record_of(verified, bundle), bundle, verified, delivered=True))
    if choices:
        best = max(choices, key=lambda choice: (choice.record.serial, choice.record.generation))
        return best._replace(passed_over=tuple(problems))
    hint = "deliver a bundle signed by an owner of this box"
    raise Refused(problems or [Problem("", "this box has no configuration yet", hint)])


def _delivered(layout: Layout) -> Iterator[Path]:
    yield from sorted((layout.config / "incoming").glob("*.bundle"))


def _read(path: Path) -> bytes:
    try:
        return read_bounded(path, MAX_BUNDLE)
    except OSError as error:
        raise Refused([Problem("", f"cannot be read: {error.strerror}", "copy it again")]) from error


def verify_here(layout: Layout, bundle: bytes, *, highest_serial: int | None, parent: str | None = None) -> Verified:
    """Verify a bundle for this box, image and trust store. Raises Refused."""
    store = identity.read_trust(layout)
    if store is None:
        hint = "bake one into the image (make image TRUST=folder), or put it on the config partition as trust/"
        raise Refused([Problem("", "this box trusts nobody: it has no trust store", hint)])
    device = identity.read_device(layout)
    return verify(
        bundle,
        store,
        device=device.id,
        groups=device.groups,
        highest_serial=highest_serial,
        image_version=identity.read_image(layout).version,
        schema_version=SCHEMA_VERSION,
        parent=parent,
        now=datetime.now(UTC),
        keygen=SshKeygen(),
    )


def record_of(verified: Verified, bundle: bytes) -> Record:
    """Describe a verified bundle for the history."""
    manifest = verified.manifest
    name = Generations.name(manifest.serial, bundle)
    return Record(name, manifest.serial, manifest.author, manifest.comment or "")
