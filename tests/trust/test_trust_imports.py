"""The trust code stays small to load and without effects of its own."""

import subprocess
import sys

HEAVY_OR_EFFECTFUL = {
    "subprocess",
    "socket",
    "tempfile",
    "shutil",
    "asyncio",
    "pydantic",
    "ruamel",
    "dataclasses",
    "inspect",
}


def test_importing_it_loads_little() -> None:
    code = "import sys; before = set(sys.modules); import patronus.trust; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"],
                          check=True, capture_output=True, text=True)  # fmt: skip
    loaded = set(done.stdout.split())
    assert "patronus.trust.verify" in loaded
    assert not loaded & HEAVY_OR_EFFECTFUL
