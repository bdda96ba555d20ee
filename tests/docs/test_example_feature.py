"""docs/adding-a-feature.md works as written: its files, in a copy of the repository, pass tests and linters."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from patronus.features import FEATURES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/adding-a-feature.md"
FILE = re.compile(r"^`([\w./-]+/[\w.-]+)`\n\n```\w+\n(.*?)^```$", re.M | re.S)
LIST = "src/patronus/features/__init__.py"


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the page is about, with the page's files in it."""
    assert "lldp" not in {feature.key for feature in FEATURES}, "that one exists now: take another for the page"
    folder = tmp_path_factory.mktemp("repository")
    for name in ("src/patronus", "profiles"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in [*ROOT.glob("tests/*.py"), *ROOT.glob("tests/features/*.py")]:
        (folder / path.relative_to(ROOT)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / path.relative_to(ROOT))
    shutil.copy(ROOT / "pyproject.toml", folder)
    files = FILE.findall(PAGE.read_text("utf-8"))
    assert len(files) >= 10
    for name, text in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    _register(folder / LIST)
    return folder


def _register(path: Path) -> None:
    """Apply step 7: the import in its place, the name in front."""
    text = path.read_text()
    text = text.replace(
        "from patronus.features.nat ", "from patronus.features.lldp import FEATURE as LLDP\nfrom patronus.features.nat "
    )
    path.write_text(re.sub(r"(= \()(\s*)", r"\1\2LLDP,\2", text, count=1))
    assert path.read_text().count("LLDP,") == 1


def run(folder: Path, *words: str, **environment: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": "src", "PYTHONDONTWRITEBYTECODE": "1", **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_its_tests_pass(copy: Path) -> None:
    walkers = ["tests/features/test_golden.py", "tests/features/test_every_feature.py"]
    run(copy, "pytest", *walkers, "tests/features/lldp", "-k", "lldp or example or folder", PATRONUS_UPDATE_GOLDEN="1")
    assert (copy / "tests/features/lldp/cases/office.tree/etc/lldpd.d/patronus.conf").exists()


def test_it_suits_the_linters(copy: Path) -> None:
    run(copy, "ruff", "check", "src/patronus/features/lldp", "tests/features/lldp")
    run(copy, "ruff", "format", "--check", "src/patronus/features/lldp", "tests/features/lldp")
