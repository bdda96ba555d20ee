"""Types of config fields about the box itself: who may log in, its clock, its kernel settings.

Sources: public keys sshd(8) AUTHORIZED_KEYS FILE FORMAT, password hashes crypt(5), kernel settings sysctl.d(5).
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from patronus.values.fields import Misfit, match_whole
from patronus.values.schema_text import WithJsonSchema
from patronus.values.words import plain_text

_key_kinds = (
    r"(?:ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(?:256|384|521)"
    r"|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com)"
)
_ssh_key = match_whole(
    _key_kinds + r" [A-Za-z0-9+/]{40,}={0,2}(?: [A-Za-z0-9 ._@+:/()-]{0,100})?",
    "one line of a public key file: `ssh-ed25519 AAAA... comment`, without options in front",
    "copy the whole line of the .pub file",
    max_length=4096,
)
SshPublicKey = Annotated[str, *_ssh_key]
_fingerprint = match_whole(
    r"SHA256:[A-Za-z0-9+/]{43}",
    "a key's fingerprint, `SHA256:` and 43 characters",
    "copy it from `patronus trust show`",
    max_length=50,
)
KeyFingerprint = Annotated[str, *_fingerprint]
_password_hash = match_whole(
    r"(?:\$y\$[./A-Za-z0-9]+\$[./A-Za-z0-9]{1,86}\$[./A-Za-z0-9]{43}"
    r"|\$6\$(?:rounds=[1-9][0-9]{0,8}\$)?[./A-Za-z0-9]{1,16}\$[./A-Za-z0-9]{86})",
    "a password hash as `mkpasswd -m yescrypt` prints it, beginning with $y$",
    "run `mkpasswd -m yescrypt`, never write the password itself",
    max_length=200,
)
PasswordHash = Annotated[str, *_password_hash]
"""A salted hash, crypt(5): yescrypt, or sha512crypt of older systems."""
_timezone = match_whole(
    r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9][A-Za-z0-9_+-]*){0,2}",
    "a time zone such as Europe/Berlin",
    "a name `timedatectl list-timezones` knows",
    max_length=40,
)
Timezone = Annotated[str, *_timezone]
_sysctl_key = match_whole(
    r"[a-z][a-z0-9_-]*(?:\.[a-zA-Z0-9][a-zA-Z0-9_-]*)+",
    "a kernel setting such as net.core.somaxconn",
    "its name as `sysctl -a` prints it",
    max_length=120,
)
SysctlKey = Annotated[str, *_sysctl_key]


def _read_sysctl(value: Any) -> str:
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or len(text) > 200 or not _SYSCTL_VALUE.fullmatch(text):
        raise Misfit("a number, a word, or numbers with spaces between", "write it as `sysctl -a` prints it behind =")
    return text


_SYSCTL_VALUE = re.compile(r"-?[A-Za-z0-9](?:[A-Za-z0-9 ._:,-]*[A-Za-z0-9])?")
_sysctl_schema = {"anyOf": [{"type": "integer"}, {"type": "string", "pattern": f"^{_SYSCTL_VALUE.pattern}$"}]}
SysctlValue = Annotated[str, BeforeValidator(_read_sysctl), WithJsonSchema(_sysctl_schema)]
"""What is written to the setting; a plain number needs no quotes."""


def _read_full_name(value: str) -> str:
    if ":" in value:
        raise Misfit("a name without colons", "take the colon out")
    return plain_text(value)


FullName = Annotated[str, AfterValidator(_read_full_name), Field(max_length=100)]
"""A person's name as the GECOS field of passwd(5) takes it: one printable line without colons."""
