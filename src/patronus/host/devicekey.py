"""The box's own key, with which it signs local edits: made here at the first boot, and it never leaves the box.

/var/lib/patronus/device-key/key       the private half in plain, where the box has no TPM
/var/lib/patronus/device-key/key.cred  or sealed by the TPM: systemd-creds(1)
/var/lib/patronus/device-key/key.pub   the public half; written last, so that with it the key is whole
/config/device_keys                    public halves this box has had, newest last: what it signed stays good
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import NamedTuple

from patronus.host import units
from patronus.host.files import read_plain, write_atomically
from patronus.host.layout import Layout
from patronus.host.run import CommandFailed, run
from patronus.host.sshkeygen import SshKeygen
from patronus.trust.sign import sign as sign_payload
from patronus.trust.sshsig import PublicKey, parse_signature
from patronus.trust.store import read_signer
from patronus.values.problem import Problem, Refused

UNIT = "patronus-device-key.service"
SIGN_UNIT = "patronus-device-sign.service"
CREDENTIAL = "device-key"
_NAME = "device"
_KEPT = 8
_MAX_FILE = 4096


class DeviceKey(NamedTuple):
    """The public half, and whether the TPM holds the private one."""

    public: PublicKey
    sealed: bool


def read(layout: Layout) -> DeviceKey:
    """Return the key of this box. Raises Refused when it has none."""
    place = layout.device_key
    try:
        public = read_signer(_NAME, read_plain(place / "key.pub", _MAX_FILE)).key
    except (OSError, Refused) as error:
        raise Refused([Problem("", "this box has no key of its own", f"see: systemctl status {UNIT}")]) from error
    return DeviceKey(public, (place / "key.cred").exists())


def find(layout: Layout) -> DeviceKey | None:
    """Return the key of this box, None when it has none."""
    try:
        return read(layout)
    except Refused:
        return None


def read_known(layout: Layout) -> tuple[PublicKey, ...]:
    """Return the keys this box has had, oldest first. What is damaged is left out: it vouches for nothing."""
    try:
        text = read_plain(layout.config / "device_keys", _KEPT * _MAX_FILE)
    except OSError:
        return ()
    known = []
    for line in text.splitlines()[-_KEPT:]:
        try:
            known.append(read_signer(_NAME, line).key)
        except Refused:
            continue
    return tuple(known)


def publish(layout: Layout) -> None:
    """Note the key of this box among those it has had, durably. Raises Refused when it has none."""
    public, known = read(layout).public, read_known(layout)
    if public not in known:
        lines = [key.text for key in (*known, public)][-_KEPT:]
        write_atomically(layout.config / "device_keys", "".join(f"{line}\n" for line in lines).encode(), durable=True)


def make(layout: Layout, keygen: SshKeygen | None = None) -> None:
    """Make the key of this box unless it has one. Raises Refused."""
    place = layout.device_key
    if find(layout) is None:
        for name in ("key", "key.cred"):
            (place / name).unlink(missing_ok=True)
        # Until it is sealed the private half is in memory only: the folder is on a tmpfs.
        layout.run.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=layout.run, prefix=".device-key-") as folder:
            draft = Path(folder) / "key"
            public = (keygen or SshKeygen()).make_key(str(draft), "", ask=False)
            _keep(place, draft)
            write_atomically(place / "key.pub", public, durable=True)
    publish(layout)


def _keep(place: Path, draft: Path) -> None:
    """Lay the private half down, sealed when there is a TPM that can."""
    if _has_tpm():
        try:
            sealed = run(
                *("systemd-creds", "encrypt", "--with-key=tpm2", "--tpm2-pcrs=", f"--name={CREDENTIAL}"),
                *(str(draft), "-"),
            ).stdout
        except CommandFailed as error:
            print(f"<4>the TPM does not seal the key of this box, which is kept in plain: {error}", flush=True)
        else:
            write_atomically(place / "key.cred", sealed, 0o600, durable=True)
            return
    write_atomically(place / "key", draft.read_bytes(), 0o600, durable=True)


def _has_tpm() -> bool:
    try:
        return run("systemd-creds", "has-tpm2", "--quiet", check=False).code == 0
    except CommandFailed:
        return False


def sign(layout: Layout, payload: bytes) -> bytes:
    """Return the box's signature over a payload, armored. Raises Refused."""
    key = read(layout)
    if not key.sealed:
        return sign_payload(payload, str(layout.device_key / "key"), SshKeygen())
    return _sign_sealed(layout, payload, key)


def _sign_sealed(layout: Layout, payload: bytes, key: DeviceKey) -> bytes:
    """Let systemd unseal the key for one run of ssh-keygen: no other program ever sees it."""
    folder = layout.run / "device-sign"
    write_atomically(folder / "payload", payload, 0o600)
    (folder / "signature").unlink(missing_ok=True)
    try:
        units.change_units("start", [SIGN_UNIT])
        signature = read_plain(folder / "signature", _MAX_FILE)
    except (CommandFailed, OSError) as error:
        hint = f"see: journalctl -u {SIGN_UNIT}; to make another key: user guide, recovery"
        raise Refused([Problem("", "the TPM does not give out the key of this box", hint)]) from error
    if parse_signature(signature).key != key.public:
        hint = "to make another key: user guide, recovery"
        raise Refused([Problem("", "the sealed key of this box is not the one it is known by", hint)])
    return signature
