"""What an owner does away from the box: check, plan, sign, verify, inspect. Needs no root and no daemon."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

from patronus.host.engine import digest_engine
from patronus.host.files import write_atomically
from patronus.host.sshkeygen import SshKeygen
from patronus.install.answer import MEMBER, POWER_OFF, Answer, encode_answer, read_answer
from patronus.ops.inputs import MAX_KEYS, STDIN, STDIN_NAME, is_bundle, read_documents, read_input
from patronus.ops.messages import FileChange, Finding, Review
from patronus.pipeline.build import Built, build, check_editors, documents_of
from patronus.pipeline.review import review
from patronus.pipeline.schema import document_schema
from patronus.trust.format import split
from patronus.trust.manifest import ANY_DEVICE, Manifest, Target
from patronus.trust.names import POLICY, RENDERED, SIGNERS, name_members
from patronus.trust.payload import Payload, digest, pack, unpack
from patronus.trust.rendered import FALSE_RENDERING, carried_rendering, encode_rendered
from patronus.trust.rotation import carried_store, describe, outline
from patronus.trust.sign import add_signature, make_bundle
from patronus.trust.sign import inspect as inspect_bundle
from patronus.trust.sshsig import parse_signature
from patronus.trust.store import Signer, TrustStore, parse_store, read_signer, render_store
from patronus.trust.verify import verify_away
from patronus.values.manifest import EMPTY
from patronus.values.problem import WARNING, Problem, Refused
from patronus.values.tree import Rendered
from patronus.values.version import SCHEMA_VERSION


class SignOptions(NamedTuple):
    """What the manifest of a new bundle says; an empty field takes its default."""

    serial: int = 0
    devices: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    minimum_image: str = "0"
    author: str = ""
    comment: str = ""
    parent: str = ""
    expires: datetime | None = None
    trust: Path | None = None
    install_disk: str = ""
    """"only" or a serial number: makes the bundle an answer to the installer."""
    install_erase: bool = False
    install_then: str = ""


def check(path: Path, profiles: Collection[str] | None = None) -> tuple[Finding, ...]:
    """Validate and render a document; return its warnings. Raises Refused with every problem."""
    return _findings(build(read_documents(path), profiles).warnings)


def plan(path: Path, against: Path | None = None, profiles: Collection[str] | None = None) -> Review:
    """Tell what a document renders to, or what it changes `against` another one."""
    new = build(read_documents(path), profiles)
    return _review(_build_old(against, profiles) if against else None, new)


def _build_old(path: Path, profiles: Collection[str] | None) -> Built:
    """Build what a document is compared with. Raises Refused, and says that it is this one which is wrong."""
    documents = read_documents(path)
    try:
        return build(documents, profiles)
    except Refused as refused:
        found = [problem._replace(message=f"{problem.message} (in {path})") for problem in refused.problems]
        raise Refused(found) from None


def _review(old: Built | None, new: Built) -> Review:
    before, contents = (old.tree.manifest, old.tree.contents) if old else (EMPTY, {})
    changes, files = review(before, contents, new.tree.manifest, new.tree.contents)
    return Review(
        files=tuple(FileChange(**file._asdict()) for file in files),
        stop=changes.stop,
        reload=changes.reload,
        restart=changes.restart,
        start=changes.start,
        findings=_findings(new.warnings),
    )


def sign(path: Path, keys: Sequence[Path], options: SignOptions) -> bytes:
    """Check a document and return it as a signed bundle; a bundle instead gets one more signature."""
    keygen = SshKeygen()
    raw = read_input(path) if path == STDIN or path.is_file() else b""
    if is_bundle(raw):
        if options._replace(author="") != SignOptions():
            hint = "sign the document anew with them; the others add their signatures to that bundle"
            raise Refused([Problem("", "a bundle is signed as it is: options cannot change what it says", hint)])
        _check_said(unpack(split(raw).payload))
        for key in keys:
            raw = add_signature(raw, str(key), keygen)
        return raw
    documents = {STDIN_NAME: raw} if path == STDIN else read_documents(path)
    built = build(documents)
    members = {**name_members(documents), RENDERED: encode_rendered(_rendering(built)), **_answer(options)}
    target = Target(options.devices or (() if options.groups else (ANY_DEVICE,)), options.groups)
    manifest = Manifest(
        serial=options.serial or int(time.time()),
        schema=SCHEMA_VERSION,
        minimum_image=options.minimum_image,
        target=target,
        author=options.author or "unknown",
        created=datetime.now(UTC).replace(microsecond=0),
        expires=options.expires,
        parent=options.parent or None,
        comment=options.comment or None,
        local_edits=built.editors,
    )
    if options.trust:
        members[SIGNERS], members[POLICY] = render_store(read_trust(options.trust))
    try:
        payload = pack(manifest, members)
    except Refused as refused:  # the document is good: it is an option that does not fit
        found = [problem._replace(hint="correct the option; see: patronus sign --help") for problem in refused.problems]
        raise Refused(found) from None
    return make_bundle(payload, [str(key) for key in keys], keygen)


def _rendering(built: Built) -> Rendered:
    """What this program made of a document."""
    return Rendered(digest_engine(), built.tree.manifest.digest)


def _check_said(payload: Payload) -> None:
    """Whoever adds a signature also signs what is said of the document. Raises Refused unless that is so."""
    built = build(documents_of(payload.members))
    check_editors(built, payload.manifest.local_edits)
    said = carried_rendering(payload.members)
    if said is None or said == (here := _rendering(built)):
        return
    if said.contradicts(*here):
        hint = "sign the document itself: do not trust this bundle"
        raise Refused([Problem("", "nothing was signed: its document renders to something else than it says", hint)])
    hint = "use the version it was made with, or sign the document itself and pass that bundle on"
    raise Refused([Problem("", "nothing was signed: the bundle was made with another version of patronus", hint)])


def _answer(options: SignOptions) -> dict[str, bytes]:
    """The member that answers the installer, where one is wanted. Raises Refused."""
    if not options.install_disk:
        if options.install_erase or options.install_then:
            raise Refused([Problem("", "the options for an installation name no disk", "add --install-disk")])
        return {}
    then = options.install_then or POWER_OFF
    members = {MEMBER: encode_answer(Answer(options.install_disk, options.install_erase, then))}
    read_answer(members)
    return members


def tell_signed(bundle: bytes) -> tuple[Finding, ...]:
    """Tell what somebody who signed this bundle should know about it; nothing is verified."""
    sealed = split(bundle)
    payload = unpack(sealed.payload)
    notes = []
    if payload.manifest.expires and payload.manifest.expires < datetime.now(UTC):
        message = f"it has expired already, on {payload.manifest.expires:%Y-%m-%d}"
        notes.append(Problem("", message, "give a later day with --expires", WARNING))
    store = carried_store(payload.members)
    return _findings([*notes, *_tell_store(store, sealed.signatures)] if store else notes)


def _tell_store(store: TrustStore, signatures: Sequence[bytes]) -> list[Problem]:
    keys = [parse_signature(text).key for text in signatures]
    gone = [key.fingerprint for key in keys if store.find(key) is None]
    notes = [Problem("", f"new trust store: {line}", severity=WARNING) for line in outline(store)]
    if gone:
        message = f"with it, these signers count no more: {', '.join(gone)}"
        notes.append(Problem("", message, "sign the next bundle with a key of the new store", WARNING))
    return notes


class Verdict(NamedTuple):
    """Who signed a bundle, and what is odd about it although it is good."""

    signers: tuple[str, ...]
    findings: tuple[Finding, ...]


def verify(path: Path, trust: Path) -> Verdict:
    """Check a bundle's signatures against a trust folder, and its document. Raises Refused."""
    now, store = datetime.now(UTC), read_trust(trust)
    verified = verify_away(read_input(path), store, schema_version=SCHEMA_VERSION, now=now, keygen=SshKeygen())
    built = build(documents_of(verified.members))
    check_editors(built, verified.manifest.local_edits)
    notes = [*verified.warnings, *(describe(store, verified.store, verified.signers) if verified.store else ())]
    warnings = [*(reason.as_problem(WARNING) for reason in notes), *built.warnings]
    if verified.rendered and verified.rendered.contradicts(digest_engine(), built.tree.manifest.digest):
        raise Refused([FALSE_RENDERING])
    return Verdict(tuple(signer.name for signer in verified.signers), _findings(warnings))


def read_trust(folder: Path) -> TrustStore:
    """Read a trust folder: `allowed_signers` and `policy.json` (without it, one signature is enough)."""
    policy = folder / "policy.json"
    if not (folder / "allowed_signers").exists():
        hint = "name a folder that patronus keygen has written"
        raise Refused([Problem("", f"{folder} is no trust folder: it holds no allowed_signers", hint)])
    signers = read_input(folder / "allowed_signers", MAX_KEYS)
    return parse_store(signers, read_input(policy, MAX_KEYS) if policy.exists() else b'{"threshold":1}')


def inspect(path: Path) -> list[str]:
    """Tell what a bundle claims, unverified, one fact a line."""
    return inspect_bundle(read_input(path)).lines()


def inspect_data(path: Path) -> dict[str, Any]:
    """Tell the same as plain data for programs."""
    return cast(dict[str, Any], _plain(inspect_bundle(read_input(path))))


def _plain(value: object) -> object:
    if hasattr(value, "_asdict"):
        return {key: _plain(item) for key, item in value._asdict().items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, datetime) else value


def check_output(path: Path) -> None:
    """Refuse what a bundle is never written over: a folder, a device, a file that is none, such as the document."""
    if path.exists() and not path.is_file():
        raise Refused([Problem("", f"{path} is no plain file", "name a file, or - for standard output")])
    if not path.parent.is_dir():
        raise Refused([Problem("", f"there is no folder {path.parent}", "make it, or name another")])
    if path.exists() and path.stat().st_size and not is_bundle(read_input(path)):
        raise Refused([Problem("", f"{path} exists and is no bundle", "choose another name, or remove it")])


def write_bundle(path: Path, bundle: bytes) -> None:
    """Write a bundle to a file. Raises Refused."""
    check_output(path)
    write_atomically(path, bundle)


def bundle_digest(path: Path) -> str:
    """Return the digest that a later bundle names as its parent."""
    return digest(split(read_input(path)).payload)


def keygen(
    public_keys: Sequence[Path], folder: Path, threshold: int, groups: Sequence[str] = (), *, rotation: bool = True
) -> str:
    """Write a trust folder that accepts these public keys; return its fingerprint. Never over one. Raises Refused."""
    signers = tuple(_read_signer(key) for key in public_keys)
    different = len({signer.key for signer in signers})
    if threshold > different:
        hint = "name more public keys, or give a lower --threshold"
        raise Refused([Problem("", f"{threshold} different keys must sign, but there is only {different}", hint)])
    allowed, policy = render_store(TrustStore(signers, threshold, tuple(groups) or None, rotation))
    store = parse_store(allowed, policy)
    if (folder / "allowed_signers").exists() and read_trust(folder) != store:
        hint = "name another folder, or remove it: with other keys or another policy, other people decide"
        raise Refused([Problem("", f"{folder} holds another trust store", hint)])
    write_atomically(folder / "allowed_signers", allowed)
    write_atomically(folder / "policy.json", policy)
    return store.fingerprint


def _read_signer(path: Path) -> Signer:
    raw = _read_public(path)
    try:
        return read_signer(path.stem, raw)
    except Refused as refused:
        hint = "name a file that ssh-keygen has written, usually *.pub"
        raise Refused([Problem("", f"{path}: {problem.message}", hint) for problem in refused.problems]) from None


def _read_public(path: Path) -> bytes:
    raw = read_input(path, MAX_KEYS)
    if raw.startswith(b"-----BEGIN"):
        hint = f"name the public one, usually {path}.pub; the private one never leaves you"
        raise Refused([Problem("", f"{path} is a private key", hint)])
    return raw


def schema() -> str:
    """Return the JSON Schema of the document, for editors."""
    return json.dumps(document_schema(), indent=2)


def _findings(problems: Sequence[Problem]) -> tuple[Finding, ...]:
    return tuple(Finding(**problem._asdict()) for problem in problems if problem.severity == WARNING)
