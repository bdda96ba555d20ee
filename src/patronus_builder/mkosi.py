"""Fetches mkosi, which builds the images, and starts it. It is on no Python index, and stable Debian's is too old."""

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from patronus_builder import host
from patronus_builder.cache import REPOSITORY, cache_folder, locked
from patronus_builder.debian import AptRoot
from patronus_builder.messages import die, say, step

# The first version with KernelInitrdModules= and the artifact names used here; mkosi.conf has it as MinimumVersion=.
MINIMUM = (27, 0)
# Suites that may have it, oldest first: its package depends on nothing but Python, so any of them does.
SUITES = ("forky", "sid")
STEP_MARK = "\N{TRIANGULAR BULLET}"
# What the user can mend, by what mkosi's children write; it may stand far above the last lines.
CAUSES = {
    "Failed to fetch": "network right? PATRONUS_MIRROR names another Debian mirror",
    "No space left on device": "make clean, or set PATRONUS_CACHE to a folder on a larger disk",
}


def fetch_mkosi() -> Path:
    """The folder to put on PYTHONPATH; fetched through a signed package index once, then kept."""
    with locked("mkosi"):
        found = _find_fetched()
        if found:
            return found
        step("fetching mkosi from the Debian archive", about="10 s")
        return _unpack(_choose_suite())


def _choose_suite() -> AptRoot:
    for suite in SUITES:
        apt = AptRoot(suite)
        # Else an archive that cannot be reached is a warning, apt-get(8), and mkosi seems to be missing.
        apt.run("apt-get", "update", "--quiet=2", "--option=APT::Update::Error-Mode=any")
        if _parse_version(apt.run("apt-cache", "policy", "mkosi")) >= MINIMUM:
            return apt
    return die(f"the Debian archive has no mkosi {MINIMUM[0]} or later", hint=f"looked in {', '.join(SUITES)}")


def _find_fetched() -> Path | None:
    ready = sorted(cache_folder("mkosi").glob("*/.ready"), key=lambda mark: _version_numbers(mark.parent.name))
    return ready[-1].parent / "usr/lib/python3/dist-packages" if ready else None


def _version_numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", text))


def _parse_version(policy: str) -> tuple[int, ...]:
    found = re.search(r"^\s*Candidate: (\S+)", policy, re.MULTILINE)
    return _version_numbers(found[1]) if found else ()


def _unpack(apt: AptRoot) -> Path:
    folder = cache_folder("mkosi", "download")
    apt.run("apt-get", "download", "--quiet=2", "mkosi", folder=folder)  # apt checks the hash against the signed index
    package = max(folder.glob("mkosi_*.deb"), key=lambda path: path.stat().st_mtime)
    target = cache_folder("mkosi") / package.name.split("_")[1]
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["dpkg-deb", "--extract", str(package), str(target)], check=True)
    shutil.rmtree(folder)
    (target / ".ready").touch()
    return target / "usr/lib/python3/dist-packages"


def run_mkosi(arguments: Sequence[str], *, log: Path, folder: Path = REPOSITORY) -> None:
    """Run mkosi, its steps to the terminal and every word to a log file; ends the program when it fails."""
    host.require_user_namespaces()
    work = cache_folder("work")  # its own choice is /var/tmp, or the user's home whatever PATRONUS_CACHE says
    command = host.act_as_root([sys.executable, "-m", "mkosi", f"--workspace-directory={work}", *arguments])
    log.parent.mkdir(parents=True, exist_ok=True)
    recent: deque[str] = deque(maxlen=30)
    hint = ""
    with log.open("w") as file, _start(command, folder) as process:
        for line in process.stdout or ():
            file.write(line)
            recent.append(line)
            hint = hint or next((CAUSES[cause] for cause in CAUSES if cause in line), "")
            if line.startswith(STEP_MARK) or "VERBOSE" in os.environ:
                say(f"    {line.strip()}")
    if process.returncode:
        say("".join(recent))
        die("mkosi failed, its last lines are above", hint=hint or f"read {log}; make VERBOSE=1 shows everything")


def check_files(profiles: Sequence[str]) -> None:
    """Let mkosi read its files with every profile; a warning (a setting in the wrong section, say) ends the program."""
    command = [sys.executable, "-m", "mkosi", f"--profile={','.join(profiles)}", "summary"]
    done = subprocess.run(command, cwd=REPOSITORY, env=mkosi_environment(), capture_output=True, text=True)
    if done.returncode or done.stderr.strip():
        die(f"mkosi has complaints about its files:\n{done.stderr}", hint="mkosi.conf, profiles/ and images/")


def _start(command: Sequence[str], folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=mkosi_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        umask=0o022,  # what scripts make in the image must not depend on the caller's
    )


def mkosi_environment() -> dict[str, str]:
    """The caller's environment with a plain PATH, so that no interpreter of the user's hides the tools tree's."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV", "PYENV"))
    }
    return kept | {"PYTHONPATH": str(fetch_mkosi()), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
