"""ssh-keygen(1) -Y as a tool: the one program that makes and checks signatures."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from patronus.trust.refusal import Refused, refuse

# Verification of 16 MiB takes 0.1 s on a workstation and some seconds under emulation.
VERIFY_TIMEOUT = 60
SIGN_TIMEOUT = 300  # a person looks for the key to touch
_IDENTITY = "signer"


class SshKeygen:
    """Runs ssh-keygen; files it must read are handed over as open descriptors, nothing is written to a disk."""

    def __init__(self, program: str = "ssh-keygen") -> None:
        self._program = program

    def verify(self, payload: bytes, signature: bytes, key: str, namespace: str) -> bool:
        """Whether this is a signature of the payload by this key. Raises Refused when ssh-keygen does not run."""
        allowed = f'{_IDENTITY} namespaces="{namespace}" {key}\n'.encode("ascii")
        with _hold(payload) as data, _hold(allowed) as signers, _hold(signature) as signed:
            arguments = ["-Y", "verify", "-f", f"/dev/fd/{signers}", "-I", _IDENTITY, "-n", namespace]
            try:
                done = subprocess.run(
                    [self._program, *arguments, "-s", f"/dev/fd/{signed}"],
                    stdin=data,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    pass_fds=(signers, signed),
                    timeout=VERIFY_TIMEOUT,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise self._refuse_to_verify(str(error)) from error
        if done.returncode < 0:
            raise self._refuse_to_verify(f"killed by signal {-done.returncode}")
        return done.returncode == 0

    def sign(self, payload: bytes, key_path: str, namespace: str) -> bytes:
        """The armored signature. Passphrase, PIN and touch are asked for on the terminal. Raises Refused."""
        with _hold(payload) as data:
            try:
                done = subprocess.run(
                    [self._program, "-q", "-Y", "sign", "-f", key_path, "-n", namespace],
                    stdin=data,
                    stdout=subprocess.PIPE,
                    timeout=SIGN_TIMEOUT,
                    check=False,
                )
            except (OSError, subprocess.TimeoutExpired) as error:
                raise refuse(
                    "cannot_sign",
                    f"Nothing was signed: {self._program} did not run to its end ({error}).",
                    "Install openssh-client; for a security key, touch it when it blinks.",
                ) from error
        if done.returncode != 0:
            raise refuse(
                "cannot_sign",
                f"Nothing was signed: ssh-keygen could not use the key {key_path}.",
                "Its own words are above. The file must be a private key, or a .pub whose key the SSH agent holds.",
            )
        return done.stdout

    def make_key(self, path: str, comment: str, *, ask: bool) -> bytes:
        """A new Ed25519 key at `path`, its public half beside it and returned. Raises Refused, also if one is there.

        With `ask` ssh-keygen asks for a passphrase on the terminal; without, the key has none.
        """
        if os.path.lexists(path):
            raise refuse("cannot_sign", f"{path} exists; it is left as it is.", "Name another file, or use that key.")
        secret = [] if ask else ["-N", ""]
        command = [self._program, "-q", "-t", "ed25519", *secret, "-C", comment, "-f", path]
        try:
            done = subprocess.run(command, timeout=SIGN_TIMEOUT, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise refuse("cannot_sign", f"No key was made: {error}.", "Install openssh-client.") from error
        if done.returncode != 0:
            raise refuse("cannot_sign", f"No key was made at {path}.", "ssh-keygen's own words are above.")
        return Path(f"{path}.pub").read_bytes()

    def _refuse_to_verify(self, reason: str) -> Refused:
        return refuse(
            "verifier_failed",
            f"Signatures cannot be checked: {self._program} did not run to its end ({reason}).",
            "Check that openssh-client is installed and that the machine is not out of memory.",
        )


@contextmanager
def _hold(content: bytes) -> Iterator[int]:
    """A descriptor from which a child reads the content, first byte first."""
    descriptor = os.memfd_create("patronus", 0)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)
