"""The trust store: whose signatures count, and how many different keys must sign.

Two files: `allowed_signers` as in ssh-keygen(1), section ALLOWED SIGNERS, and `policy.json`, {"threshold": 1}, where
"groups" may list the groups of the boxes that hold this store and "rotation": false forbids to exchange it by a bundle.
Of the options only namespaces= is accepted: certificates and validity dates would make what boots depend on another
key or on the clock.
"""

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple

from patronus.trust import strictjson
from patronus.trust.fields import Fields
from patronus.trust.refusal import Reason, Refused, escape
from patronus.trust.sshsig import KEY_TYPES, NAMESPACE, PublicKey, decode_base64, parse_public_key

MAX_STORE = 64 * 1024
MAX_KEYS = 64
MAX_THRESHOLD = 16  # a bundle carries no more signatures than this
MAX_GROUPS = 64

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}")
_NAMESPACES = re.compile(r'namespaces="([a-z0-9@._-]+(?:,[a-z0-9@._-]+)*)"')


class Signer(NamedTuple):
    """A key and the names it is listed under; one key is one signer however many names it has."""

    names: tuple[str, ...]
    key: PublicKey

    @property
    def name(self) -> str:
        """All its names, for messages."""
        return ", ".join(self.names)


class TrustStore(NamedTuple):
    """Distinct keys, in the order listed, and how many of them must have signed.

    `groups` are those of the box; None leaves them to the store before. `rotation` allows a bundle to bring the next.
    """

    signers: tuple[Signer, ...]
    threshold: int
    groups: tuple[str, ...] | None = None
    rotation: bool = True

    def find(self, key: PublicKey) -> Signer | None:
        """The signer with this key."""
        return next((signer for signer in self.signers if signer.key == key), None)

    @property
    def fingerprint(self) -> str:
        """One value for keys and threshold, which are whose signatures count, to be compared by eye.

        Names and order do not matter. Groups and rotation are no part of it and are told in words beside it: a store
        that names no groups takes over those of the box, and must not look like another one for that. The folder of
        the exchanges has its name from this value, so an image that changes only groups keeps its chain.
        """
        lines = sorted(signer.key.text for signer in self.signers)
        return "SHA256:" + hashlib.sha256("\n".join([str(self.threshold), *lines]).encode("ascii")).hexdigest()


def parse_store(allowed_signers: bytes, policy: bytes) -> TrustStore:
    """The store from its two files. Raises Refused with every problem of both."""
    wrong: list[str] = []
    rules = _read_policy(policy, wrong)
    store = rules._replace(signers=_read_signers(allowed_signers, wrong))
    if not wrong and store.threshold > len(store.signers):
        wrong.append(f"policy.json: the threshold is {store.threshold}, but only {len(store.signers)} keys are listed")
    if wrong:
        raise Refused(_reason(what) for what in wrong)
    return store


def render_store(store: TrustStore) -> tuple[bytes, bytes]:
    """The two files of a store: allowed_signers, policy.json."""
    lines = [f'{",".join(signer.names)} namespaces="{NAMESPACE}" {signer.key.text}\n' for signer in store.signers]
    policy: dict[str, object] = {"threshold": store.threshold}
    if store.groups is not None:
        policy["groups"] = list(store.groups)
    if not store.rotation:
        policy["rotation"] = False
    return "".join(lines).encode("ascii"), strictjson.encode(policy) + b"\n"


def read_signer(name: str, public_key: bytes) -> Signer:
    """A signer from the content of a .pub file. Raises Refused."""
    try:
        _check_name(name)
        return Signer((name,), _read_key(public_key.decode("utf-8", "replace").split()))
    except ValueError as error:
        raise Refused([_reason(str(error))]) from None


def _read_policy(data: bytes, wrong: list[str]) -> TrustStore:
    """A store without signers; what is wrong goes to the list."""
    if len(data) > MAX_STORE:
        wrong.append(f"policy.json: it is longer than {MAX_STORE} bytes")
        return TrustStore((), 1)
    found: list[str] = []
    rules = TrustStore((), 1)
    try:
        fields = Fields(strictjson.decode(data, found), "", found)
    except ValueError as error:
        found.append(str(error))
    else:
        threshold = fields.number("threshold", 1, MAX_THRESHOLD)
        groups = _read_groups(fields, found) if fields.has("groups") else None
        rules = TrustStore((), threshold, groups, fields.flag("rotation") if fields.has("rotation") else True)
        fields.finish()
    wrong.extend(f"policy.json: {what}" for what in found)
    return rules


def _read_groups(fields: Fields, wrong: list[str]) -> tuple[str, ...]:
    groups = fields.ids("groups")
    if len(groups) > MAX_GROUPS:
        wrong.append(f"'groups' lists {len(groups)} names, {MAX_GROUPS} is the most")
    return tuple(dict.fromkeys(groups))


def _read_signers(data: bytes, wrong: list[str]) -> tuple[Signer, ...]:
    if len(data) > MAX_STORE:
        wrong.append(f"allowed_signers: it is longer than {MAX_STORE} bytes")
        return ()
    try:
        lines = data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        wrong.append("allowed_signers: it is not UTF-8 text")
        return ()
    found: list[Signer] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        try:
            found.append(read_line(line))
        except ValueError as error:
            wrong.append(f"allowed_signers line {number}: {error}")
    signers = _merge(found)
    if not found and not wrong:
        wrong.append("allowed_signers: it lists no key")
    if len(signers) > MAX_KEYS:
        wrong.append(f"allowed_signers: it lists {len(signers)} keys, {MAX_KEYS} is the most")
    return signers


def read_line(line: str) -> Signer:
    """One line of allowed_signers; ValueError with the reason when it cannot be used."""
    words = line.split()
    names = words[0].split(",")
    for name in names:
        _check_name(name)
    rest = words[1:]
    if rest and rest[0] not in KEY_TYPES and not rest[0].startswith(("ssh-", "sk-", "ecdsa-")):
        _check_option(rest.pop(0))
    return Signer(tuple(dict.fromkeys(names)), _read_key(rest))


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ValueError(f"the name '{escape(name)}' is not allowed, use letters, digits and . _ @ + - (no patterns)")


def _check_option(option: str) -> None:
    found = _NAMESPACES.fullmatch(option)
    if not found:
        raise ValueError(f"the options '{escape(option)}' are not accepted, only namespaces=\"{NAMESPACE}\"")
    if NAMESPACE not in found.group(1).split(","):
        raise ValueError(f"its namespaces do not include {NAMESPACE}")


def _read_key(words: list[str]) -> PublicKey:
    if len(words) < 2:
        raise ValueError("a key type and a key in base64 are expected")
    if words[0] not in KEY_TYPES:
        raise ValueError(f"key type {escape(words[0])} is not accepted, only {', '.join(KEY_TYPES)}")
    try:
        key = parse_public_key(decode_base64(words[1].encode("ascii", "replace")))
    except ValueError as error:
        raise ValueError(f"the key cannot be used: {error}") from None
    if key.type != words[0]:
        raise ValueError(f"it says {words[0]}, but the key is a {key.type}")
    return key


def _merge(found: Iterable[Signer]) -> tuple[Signer, ...]:
    names: dict[PublicKey, dict[str, None]] = {}
    for signer in found:
        names.setdefault(signer.key, {}).update(dict.fromkeys(signer.names))
    return tuple(Signer(tuple(listed), key) for key, listed in names.items())


def _reason(what: str) -> Reason:
    return Reason("bad_store", f"The trust store is wrong: {what}.", "See ssh-keygen(1), ALLOWED SIGNERS.")
