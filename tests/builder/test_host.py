"""What the host must have, and what a user reads where it has not."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from patronus_builder.__main__ import INTERRUPTED, main
from patronus_builder.cache import REPOSITORY
from patronus_builder.host import require_space


def run_builder(verb: str, *, path: str = os.environ["PATH"], cache: Path) -> str:
    """The builder's stderr, of a run that must fail with status 1 and no traceback."""
    environment = {"PATH": path, "PYTHONPATH": str(REPOSITORY / "src"), "PATRONUS_CACHE": str(cache)}
    command = [sys.executable, "-m", "patronus_builder", verb]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    return done.stderr


def test_a_host_without_the_commands_is_told_what_to_install(tmp_path: Path) -> None:
    message = run_builder("tools", path=str(tmp_path), cache=tmp_path / "cache")
    for package in ("openssh-client", "zstd", "tar", "util-linux"):
        assert f"    {package}: " in message
    assert "this host has no apt-get" in message


def test_linters_and_fast_tests_need_nothing_of_what_builds_images(tmp_path: Path) -> None:
    message = run_builder("venv", path=str(tmp_path), cache=tmp_path / "cache")
    assert "    openssh-client: " in message
    assert "zstd" not in message


def test_an_interpreter_that_is_too_old_is_named_before_it_reads_anything_else(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.version_info = (3, 10, 4)\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}:{REPOSITORY / 'src'}"}
    command = [sys.executable, "-m", "patronus_builder", "venv-path"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.startswith("error: Python 3.11 or later is needed, this is 3.10.4\n")


def test_a_cache_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    message = run_builder("venv-path", cache=tmp_path / "file" / "cache")
    assert message.startswith(f"error: the cache {tmp_path}/file/cache/venv cannot be made")
    assert "PATRONUS_CACHE" in message


# A user other than root in a world of its own where the kernel makes no more user namespaces.
NO_NAMESPACES = (
    *("unshare", "--user", "--map-user=1000", "--keep-caps", "sh", "-c"),
    'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps=-all --inh-caps=-all "$@"',
    "sh",
)
MAY_SET = subprocess.run([*NO_NAMESPACES, "true"], capture_output=True).returncode == 0


@pytest.mark.skipif(not MAY_SET, reason="this kernel refuses user namespaces already")
def test_the_setting_that_refuses_user_namespaces_is_named() -> None:
    code = "from patronus_builder.host import require_user_namespaces; require_user_namespaces()"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src")}
    done = subprocess.run([*NO_NAMESPACES, sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert "sudo sysctl user.max_user_namespaces=15000, or run make as root" in done.stderr


def test_too_little_space_is_told_with_figures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        require_space(tmp_path / "new", 10**6)
    said = capsys.readouterr().err
    assert re.search(r"new has [0-9]+\.[0-9] GB free, 1000000 GB are needed", said)


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "no space left for /x"), (errno.EACCES, "/x cannot be written"), (errno.EROFS, "Read-only")],
)
def test_what_the_user_can_mend_ends_in_words(
    number: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> Path:
        raise OSError(number, os.strerror(number), "/x")

    monkeypatch.setattr("patronus_builder.__main__.venv_path", fail)
    with pytest.raises(SystemExit):
        main(["venv-path"])
    assert said in capsys.readouterr().err


def test_a_mistake_in_the_builder_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Path:
        raise FileNotFoundError(errno.ENOENT, "no such file", "/x")

    monkeypatch.setattr("patronus_builder.__main__.venv_path", fail)
    with pytest.raises(FileNotFoundError):
        main(["venv-path"])


def test_an_interrupt_says_that_the_work_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt() -> Path:
        raise KeyboardInterrupt

    monkeypatch.setattr("patronus_builder.__main__.venv_path", interrupt)
    assert main(["venv-path"]) == INTERRUPTED
    assert "interrupted" in capsys.readouterr().err
