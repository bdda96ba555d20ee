"""The developer's own signing key: images built here trust it, so that `make run` and the tests can sign documents."""

import json
import subprocess
from pathlib import Path

from patronus_builder.cache import REPOSITORY, cache_folder, locked
from patronus_builder.host import require_packages
from patronus_builder.messages import die, step
from patronus_builder.venv import make_venv

EXAMPLE = REPOSITORY / "src" / "patronus" / "example.yaml"
SIGNER = "developer"
_ADMINS_HASH = "      password_hash:"


def make_developer_key() -> Path:
    """The private key (Ed25519, no passphrase) in the cache; made once."""
    key = cache_folder("developer") / "key"
    with locked("developer"):
        if not key.exists():
            require_packages()
            command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", SIGNER, "-f", str(key)]
            subprocess.run(command, check=True)
    return key


def make_developer_trust() -> Path:
    """The trust folder to bake in: the developer's public key, one signature is enough."""
    public = make_developer_key().with_suffix(".pub").read_text().split()[:2]
    folder = cache_folder("developer", "trust")
    (folder / "allowed_signers").write_text(f'{SIGNER} namespaces="patronus-config" {" ".join(public)}\n')
    (folder / "policy.json").write_text(json.dumps({"threshold": 1}) + "\n")
    return folder


def write_example(folder: Path) -> Path:
    """Write the example with the developer's key among its admin's, so that SSH works; return the new document."""
    text = EXAMPLE.read_text()
    if text.count(_ADMINS_HASH) != 1:
        die(f"{EXAMPLE} has no admin with a password", hint=f"make run CONFIG={EXAMPLE}")
    public = make_developer_key().with_suffix(".pub").read_text().strip()
    document = folder / EXAMPLE.name
    folder.mkdir(parents=True, exist_ok=True)
    document.write_text(text.replace(_ADMINS_HASH, f'      ssh_keys: ["{public}"]\n{_ADMINS_HASH}'))
    return document


def sign_document(document: Path, bundle: Path) -> Path:
    """Sign a document as its owner would, with the `patronus` command of this source tree; returns `bundle`."""
    step(f"signing {document.name} with the developer key")
    bundle.parent.mkdir(parents=True, exist_ok=True)
    python = make_venv() / "bin" / "python"
    command = [str(python), "-m", "patronus", "sign", str(document), "--key", str(make_developer_key())]
    done = subprocess.run([*command, "--output", str(bundle)], cwd=REPOSITORY / "src")
    return bundle if done.returncode == 0 else die(f"{document} cannot be signed", hint=f"patronus check {document}")
