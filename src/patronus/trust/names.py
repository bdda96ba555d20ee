"""Which members a bundle may have, and how large each may be.

config.yaml, or config/NN-name.yaml fragments; secrets/NAME.age; files/NAME; trust/allowed_signers and
trust/policy.json; rendered.json. One level, no other characters.
"""

import re
from collections.abc import Iterable, Mapping

from patronus.trust.refusal import Reason, escape

MAX_MEMBERS = 1024
MAX_NAME = 100
# Ten thousand firewall rules are about 1.5 MB of YAML; a YAML reader needs some hundred times the memory of its text.
MAX_DOCUMENT = 4 * 1024 * 1024
MAX_SECRET = 64 * 1024
MAX_RENDERED = 1024
SIGNERS = "trust/allowed_signers"
POLICY = "trust/policy.json"
RENDERED = "rendered.json"

_WORDS = r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*"
_NAME = re.compile(
    rf"config\.yaml|config/[0-9]{{2}}-[a-z0-9]+(?:-[a-z0-9]+)*\.yaml|secrets/{_WORDS}\.age|files/{_WORDS}"
    r"|trust/allowed_signers|trust/policy\.json|rendered\.json|install\.json"
)


def is_document(name: str) -> bool:
    """Whether the member is the config document or a fragment of it."""
    return name == "config.yaml" or name.startswith("config/")


def name_members(documents: Mapping[str, bytes]) -> dict[str, bytes]:
    """Name documents as a bundle wants them: `config.yaml`, or `config/NN-name.yaml` in the order given."""
    if len(documents) == 1:
        return {"config.yaml": next(iter(documents.values()))}
    members = {}
    for number, (name, raw) in enumerate(documents.items()):
        words = re.findall("[a-z0-9]+", name.removesuffix(".yaml").lower())
        stem = "-".join(words).lstrip("0123456789-")[:60].rstrip("-")
        members[f"config/{number:02}-{stem or 'part'}.yaml"] = raw
    return members


def check_names(names: Iterable[str]) -> list[Reason]:
    """All problems of a member list: order, repetition, spelling, and which document forms are there together."""
    names = list(names)
    problems = [_bad_name(name) for name in names if len(name) > MAX_NAME or not _NAME.fullmatch(name)]
    if len(names) > MAX_MEMBERS:
        problems.append(_bad_list(f"has {len(names)} members, {MAX_MEMBERS} is the most"))
    if len(set(names)) != len(names):
        problems.append(_bad_list("names a member twice"))
    elif names != sorted(names):
        problems.append(_bad_list("is not sorted by name"))
    documents = [name for name in names if is_document(name)]
    if not documents:
        problems.append(_bad_list("has no config.yaml and no config/NN-name.yaml"))
    elif "config.yaml" in documents and len(documents) > 1:
        problems.append(_bad_list("has both config.yaml and fragments in config/, where one form is meant"))
    if (SIGNERS in names) != (POLICY in names):
        problems.append(_bad_list(f"has only one of {SIGNERS} and {POLICY}"))
    return problems


def check_sizes(sizes: Mapping[str, int]) -> list[Reason]:
    """Problems of member sizes in bytes: the whole config document and each secret have a limit of their own."""
    problems = []
    document = sum(size for name, size in sizes.items() if is_document(name))
    if document > MAX_DOCUMENT:
        problems.append(
            Reason(
                "document_too_large",
                f"The config document has {document} bytes; {MAX_DOCUMENT} ({MAX_DOCUMENT >> 20} MiB) is the most.",
                "Move long address lists into attached files (files/NAME).",
            )
        )
    for name, size in sizes.items():
        if name.startswith("secrets/") and size > MAX_SECRET:
            message = f"The secret {name} has {size} bytes; {MAX_SECRET} is the most."
            problems.append(Reason("bad_member", message, "A secret is a key or a password, not a file."))
    if (size := sizes.get(RENDERED, 0)) > MAX_RENDERED:
        message = f"The member {RENDERED} has {size} bytes; {MAX_RENDERED} is the most."
        problems.append(Reason("bad_member", message, "Make the bundle with 'patronus sign'."))
    return problems


def _bad_name(name: str) -> Reason:
    return Reason(
        "bad_member",
        f"The member name '{escape(name)}' is not allowed.",
        "Allowed are config.yaml, config/NN-name.yaml, secrets/NAME.age and files/NAME with letters, digits, . _ -, "
        "and the trust store.",
    )


def _bad_list(what: str) -> Reason:
    return Reason("bad_member", f"The member list {what}.", "Make the bundle with 'patronus sign'.")
