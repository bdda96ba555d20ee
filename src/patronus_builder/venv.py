"""The virtual environment with the linters and test tools, installed from the hashed list in tests/requirements.txt."""

import shutil
import subprocess
import sys
import venv
from pathlib import Path

from patronus_builder import host
from patronus_builder.cache import REPOSITORY, cache_folder, key_of, locked
from patronus_builder.messages import die, step

REQUIREMENTS = REPOSITORY / "tests" / "requirements.txt"


def venv_path() -> Path:
    """Where the environment for this interpreter and these requirements is, or will be.

    Its minor version counts, not its patches: installing python3-venv may upgrade the interpreter that runs this.
    """
    minor = "{}.{}".format(*sys.version_info)
    return cache_folder("venv") / key_of(REQUIREMENTS.read_bytes(), minor, sys.executable)


def make_venv() -> Path:
    """Build the environment unless it exists; every download is checked against its recorded hash."""
    host.require_packages()
    with locked("venv"):
        path = venv_path()
        ready = path / ".ready"
        if not ready.exists():
            step("installing linters and test tools", about="20 s")
            shutil.rmtree(path, ignore_errors=True)
            _install(path)
            ready.touch()
        return path


def _install(path: Path) -> None:
    venv.create(path, with_pip=True, symlinks=True)
    pip = [str(path / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "--require-hashes", "--only-binary=:all:", "-r", str(REQUIREMENTS)])
    if done.returncode:
        shutil.rmtree(path, ignore_errors=True)
        die("pip could not install tests/requirements.txt", hint="check the network or pip's index setting, then again")
