"""The virtual environment with the linters and test tools, installed from the hashed list in tests/requirements.txt."""

import importlib.util
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
    """Where the environment for this interpreter and these requirements is, or will be."""
    return cache_folder("venv") / key_of(REQUIREMENTS.read_bytes(), sys.version, sys.executable)


def make_venv() -> Path:
    """Build the environment unless it exists; every download is checked against its recorded hash."""
    if sys.version_info < (3, 11):  # noqa: UP036 - the builder itself is started by whatever python3 the host has
        die(f"Python 3.11 or later is needed, this is {sys.version.split()[0]}", hint="make PYTHON=python3.11 ...")
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
    if importlib.util.find_spec("ensurepip") is None:
        host.install_packages({"python3-venv": "virtual environments for the linters and tests"})
    venv.create(path, with_pip=True, symlinks=True)
    pip = [str(path / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    done = subprocess.run([*pip, "--require-hashes", "--only-binary=:all:", "-r", str(REQUIREMENTS)])
    if done.returncode:
        shutil.rmtree(path, ignore_errors=True)
        die("pip could not install tests/requirements.txt", hint="check the network or pip's index setting, then again")
