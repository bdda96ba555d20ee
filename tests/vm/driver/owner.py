"""Owners of boxes: SSH keys that sign documents with the command people use."""

import itertools
import subprocess
import sys
import time
from pathlib import Path

from tests.vm.driver.document import Document


class Owner:
    """A key pair; `sign` makes bundles with serials that grow from one call to the next."""

    def __init__(self, key: Path) -> None:
        """`key` is a private SSH key file."""
        self.key = key
        self._serials = itertools.count(int(time.time()))

    @classmethod
    def make(cls, folder: Path, name: str) -> "Owner":
        """An owner with a new Ed25519 key."""
        key = folder / name
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)], check=True)
        return cls(key)

    @property
    def public_key(self) -> str:
        """The line of the .pub file."""
        return self.key.with_name(f"{self.key.name}.pub").read_text().strip()

    def sign(self, document: Document, folder: Path, *options: str, serial: int | None = None) -> Path:
        """A new bundle in `folder`; `options` go to `patronus sign`. Without `serial` it is higher than all before."""
        number = next(self._serials) if serial is None else serial
        source = folder / f"{number}-{self.key.name}.yaml"
        source.write_text(document.text)
        bundle = source.with_suffix(".bundle")
        command = [
            sys.executable,
            "-m",
            "patronus",
            "sign",
            str(source),
            "--key",
            str(self.key),
            "--output",
            str(bundle),
        ]
        done = subprocess.run(
            [*command, "--serial", str(number), *options], capture_output=True, text=True, check=False, timeout=60
        )
        if done.returncode != 0:
            raise AssertionError(f"signing failed with {done.returncode}\n{done.stdout}{done.stderr}")
        return bundle
