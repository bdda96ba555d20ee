"""Real keys, made once by ssh-keygen."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

_KINDS = {
    "alice": ["ed25519"],
    "bob": ["ed25519"],
    "mallory": ["ed25519"],
    "ecdsa": ["ecdsa", "-b", "384"],
    "rsa": ["rsa", "-b", "2048"],
}


@pytest.fixture(scope="session")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    """Paths of private keys by name."""
    folder = tmp_path_factory.mktemp("keys")
    for name, kind in _KINDS.items():
        subprocess.run(["ssh-keygen", "-q", "-t", *kind, "-N", "", "-C", name, "-f", str(folder / name)], check=True)
    return {name: folder / name for name in _KINDS}
