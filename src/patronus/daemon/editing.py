"""Local edits: a document changed on the box, signed by the box's own key, as far as its owners have allowed that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from patronus.boot.choose import record_of, verify_kept_generation, verify_local, verify_new, verify_old
from patronus.daemon import change, look
from patronus.daemon.caller import Caller
from patronus.daemon.lock import change_lock
from patronus.host import devicekey, identity
from patronus.host.engine import read_engine
from patronus.host.files import read_plain
from patronus.host.generations import Generations, Record, edit_of
from patronus.host.layout import Layout
from patronus.host.trust import Trust, read_trust, settle_rotation
from patronus.ops import editing as e
from patronus.ops import messages as m
from patronus.trust.edits import editors, forbid
from patronus.trust.format import MAX_BUNDLE, seal
from patronus.trust.manifest import Manifest, Target
from patronus.trust.names import RENDERED, is_document, name_members
from patronus.trust.payload import pack
from patronus.trust.rendered import encode_rendered
from patronus.trust.verify import Verified
from patronus.values.problem import Problem, Refused
from patronus.values.tree import Rendered
from patronus.values.version import SCHEMA_VERSION

if TYPE_CHECKING:
    from patronus.pipeline.build import Built


class Ground(NamedTuple):
    """What an edit is made on: the running generation, verified; `base` is the owners' one beneath, and where it lies.

    Without `base` the box is its own owner, and an edit is a generation like any other.
    """

    running: str
    members: Mapping[str, bytes]
    base: Verified | None
    place: Path | None
    trust: Trust


def find_ground(layout: Layout) -> Ground:
    """Return what may be edited here. Raises Refused when nothing may."""
    change.refuse_pending(layout)
    running, trust, key = look.running_generation(layout), read_trust(layout), devicekey.read(layout)
    generations = Generations(layout.config)
    if not running and not _owns(trust, key):
        message = "the box is locked down: no document runs that could be edited"
        raise Refused([Problem("", message, "bring it a bundle of its owners: patronus apply FILE")])
    members: Mapping[str, bytes] = {}
    if running:
        bundle = generations.read(running, MAX_BUNDLE)
        members = verify_kept_generation(layout, trust, running, bundle).members
    if _owns(trust, key):
        return Ground(running, members, None, None, trust)
    base = verify_old(layout, trust, read_plain(generations.base(running), MAX_BUNDLE))
    for manifest in (base.manifest, *_newest(layout, trust)):
        if not editors(manifest, [key.public]):
            raise forbid([key.public], manifest)
    return Ground(running, members, base, generations.base(running), trust)


def _owns(trust: Trust, key: devicekey.DeviceKey) -> bool:
    """Tell whether the box is its own owner: its key alone satisfies the trust store."""
    return trust.store.threshold == 1 and trust.store.find(key.public) is not None


def _newest(layout: Layout, trust: Trust) -> Iterator[Manifest]:
    """Yield what the owners said last and somebody confirmed here: what it forbids stays forbidden."""
    generations = Generations(layout.config)
    for record in generations.records():
        if record.confirmed_at and not edit_of(record.generation):
            yield verify_old(layout, trust, generations.read(record.generation, MAX_BUNDLE)).manifest
            return


def check_allowed(layout: Layout, generation: str) -> None:
    """Raise Refused when a local edit that was kept may not come back: newer owners' documents may have ended it."""
    if not edit_of(generation):
        return
    keys = devicekey.read_known(layout)
    for manifest in _newest(layout, read_trust(layout)):
        if not editors(manifest, keys):
            raise forbid(keys, manifest)


def plan(layout: Layout, request: e.EditRequest, _caller: Caller) -> e.EditPlan:
    """Tell what an edit would change; nothing is changed, signed or kept."""
    ground = find_ground(layout)
    documents = _documents(ground, request)
    built = _build(layout, ground, documents)
    candidate = change.Candidate(Record("", 0, "", ""), b"", documents, built.tree, built.warnings, rotates=False)
    return e.EditPlan(base=ground.running, review=look.review(layout, candidate))


def edit(layout: Layout, request: e.EditRequest, caller: Caller) -> m.ApplyResult:
    """Sign an edit with the box's own key, and apply it like a bundle."""
    with change_lock(layout):
        settle_rotation(layout)
        ground = find_ground(layout)
        if request.base not in ("", ground.running):
            message = f"the edit was made on generation {request.base[:60]!r}, but {ground.running or 'none'} runs"
            raise Refused([Problem("", message, "look at what runs now, and make it again: patronus show")])
        caller.progress("validate and render")
        documents = _documents(ground, request)
        built = _build(layout, ground, documents)  # nothing is signed that this box would not run
        caller.progress("sign with the key of this box")
        members = {**documents, **_tell_rendering(layout, ground, built)}
        bundle = _sign(layout, ground, members, _describe(layout, ground, built, request, caller))
        verified = _verify(layout, ground, bundle)
        candidate = change.Candidate(
            *(record_of(verified, bundle), bundle, documents, built.tree, built.warnings),
            rotates=False,
            rendered=verified.rendered,
            base=ground.place,
        )
        review = look.review(layout, candidate)
        change.run(layout, candidate, request.confirm_within, caller.progress)
    return m.ApplyResult(generation=candidate.record.generation, confirm_within=request.confirm_within, review=review)


def _documents(ground: Ground, request: e.EditRequest) -> dict[str, bytes]:
    """Return the documents as they are to be, under the names of members."""
    if not request.files and not request.settings:
        raise Refused([Problem("", "the edit is empty", "name settings and values, or a whole document with --file")])
    documents = {name: text.encode("utf-8", "surrogatepass") for name, text in request.files.items()}
    if not documents:
        documents = {name: raw for name, raw in ground.members.items() if is_document(name)}
    elif not all(map(is_document, documents)):
        documents = name_members(documents)
    if not request.settings:
        return documents
    from patronus.pipeline.edit_yaml import set_values

    return set_values(documents, request.settings)


def _build(layout: Layout, ground: Ground, documents: Mapping[str, bytes]) -> Built:
    """Validate and render. Raises Refused with every problem, also when who may edit is edited."""
    from patronus.pipeline.build import build  # loads the whole schema

    built = build(documents, identity.read_image(layout).profiles)
    if ground.base and sorted(built.editors) != sorted(ground.base.manifest.local_edits):
        hint = "let an owner sign that: patronus sign, patronus push"
        raise Refused([Problem("system.local_edits", "a local edit cannot change who may make local edits", hint)])
    return built


def _describe(layout: Layout, ground: Ground, built: Built, request: e.EditRequest, caller: Caller) -> Manifest:
    """Return what the box signs beside the document."""
    usual = Manifest(
        serial=max(Generations(layout.config).highest_serial() + 1, int(time.time())),
        schema=SCHEMA_VERSION,
        minimum_image="0",
        target=Target(devices=(identity.read_device(layout).id,)),
        author=caller.name,
        created=datetime.now(UTC).replace(microsecond=0),
        comment=request.comment or None,
        local_edits=built.editors,
    )
    if ground.base is None:
        return usual
    # The serial is the owners': whatever they sign next is above it.
    base = ground.base.manifest
    edits = edit_of(ground.running) + 1
    return usual._replace(serial=base.serial, minimum_image=base.minimum_image, parent=ground.base.digest, edit=edits)


def _tell_rendering(layout: Layout, ground: Ground, built: Built) -> dict[str, bytes]:
    """Say what the document renders to, as its owner: the next boot takes it from there. An edit may not say it."""
    engine = read_engine(layout)
    if ground.base or not engine:
        return {}
    return {RENDERED: encode_rendered(Rendered(engine, built.tree.manifest.digest))}


def _sign(layout: Layout, ground: Ground, changed: Mapping[str, bytes], manifest: Manifest) -> bytes:
    """Return the bundle. Files and secrets stay as they are; a trust store is the owners' to bring."""
    others = {name: raw for name, raw in ground.members.items() if name.startswith(("files/", "secrets/"))}
    payload = pack(manifest, {**others, **changed})
    devicekey.publish(layout)
    return seal(payload, [devicekey.sign(layout, payload)])


def _verify(layout: Layout, ground: Ground, bundle: bytes) -> Verified:
    """Check the signed edit as every boot will."""
    if ground.base:
        return verify_local(layout, ground.base, bundle)
    return verify_new(layout, ground.trust, bundle, highest_serial=Generations(layout.config).highest_serial())


def show(layout: Layout, _request: m.Nothing, _caller: Caller) -> e.PendingEdits:
    """Return the document with the local edits that the owners have not signed."""
    running = look.running_generation(layout)
    if not edit_of(running):
        message = f"no local edits run: generation {running} is the owners' own" if running else "nothing runs"
        raise Refused([Problem("", message, "see: patronus status, patronus show")])
    candidate = change.prepare_kept(layout, running)
    serial = running.partition(".")[0]
    return e.PendingEdits(edits=edit_of(running), serial=int(serial), files=look.texts(candidate, rendered=False))


HANDLERS: dict[str, Callable[[Layout, Any, Caller], m.Message]] = {
    "PlanEdit": plan,
    "Edit": edit,
    "PendingEdits": show,
}
