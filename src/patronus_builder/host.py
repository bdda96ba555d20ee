"""What the build host must have: a few Debian or Ubuntu packages, and user namespaces where the build is not root."""

import getpass
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

from patronus_builder.cache import cache_root
from patronus_builder.messages import die, say, step

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


@dataclass(frozen=True)
class Need:
    """One package of Debian and Ubuntu that the host must have, what for, and how to see that it has it."""

    package: str
    reason: str
    is_met: Callable[[], bool]


def _has(command: str) -> Callable[[], bool]:
    return lambda: shutil.which(command) is not None


FAST_NEEDS = (
    Need("python3-venv", "virtual environments for the linters and tests", lambda: bool(find_spec("ensurepip"))),
    Need("openssh-client", "makes keys and signs documents", _has("ssh-keygen")),
    Need("debian-archive-keyring", "checks the signatures of the Debian archive", KEYRING.exists),
    Need("apt", "fetches packages", _has("apt-get")),
)
IMAGE_NEEDS = (
    Need("tar", "unpacks packages", _has("tar")),
    Need("zstd", "unpacks packages", _has("zstd")),
    Need("util-linux", "makes user namespaces", _has("unshare")),
    Need("uidmap", "maps user ids, so that the build needs no root", lambda: os.geteuid() == 0 or _has("newuidmap")()),
)

# unshare(1): root is this user, the ids from 1 on are those that subuid(5) and subgid(5) lend to them.
AS_ROOT = ("--map-root-user", "--map-auto")
# Kernel settings that refuse user namespaces (user_namespaces(7); Debian's and Ubuntu's own): the value that does so,
# and the one that does not.
NAMESPACE_SETTINGS = {
    "user.max_user_namespaces": ("0", "15000"),
    "kernel.unprivileged_userns_clone": ("0", "1"),
    "kernel.apparmor_restrict_unprivileged_userns": ("1", "0"),
}


@cache
def require_packages(*, image: bool = False) -> None:
    """Install all that the host lacks in one go, as root or through sudo, after saying what and why.

    `image`: to build one, too; else what lint and the fast tests need.
    """
    needs = (*FAST_NEEDS, *IMAGE_NEEDS) if image else FAST_NEEDS
    if missing := _find_missing(needs):
        step(f"installing host packages: {' '.join(need.package for need in missing)}", about="1 min")
        for need in missing:
            say(f"    {need.package}: {need.reason}")
        _install([need.package for need in missing])
    for need in _find_missing(needs):
        die(f"{need.package} is installed and yet of no use to {sys.executable}", hint="make PYTHON=/usr/bin/python3")


def _find_missing(needs: Sequence[Need]) -> list[Need]:
    invalidate_caches()
    return [need for need in needs if not need.is_met()]


def _install(packages: Sequence[str]) -> None:
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        die(f"this host has no apt-get; install the equivalent of: {' '.join(packages)}")
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    if prefix and shutil.which("sudo") is None:
        die(f"host packages are missing: {' '.join(packages)}", hint=f"as root: {' '.join(command)}")
    prefix += ["env", "DEBIAN_FRONTEND=noninteractive"]  # behind sudo, which keeps no such variable
    subprocess.run([*prefix, "apt-get", "update", "--quiet=2"])
    done = subprocess.run([*prefix, *command, "--quiet=2"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode:
        say(done.stdout)
        die("apt-get could not install them", hint=" ".join([*prefix, *command]))


def require_space(folder: Path, gigabytes: int) -> None:
    """End with the figures where the file system of `folder` is too full for what comes next; makes the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free / 10**9
    if free < gigabytes:
        hint = f"make clean, remove {cache_root()}, or set PATRONUS_CACHE to a folder on a larger disk"
        die(f"{folder} has {free:.1f} GB free, {gigabytes} GB are needed", hint=hint)


def require_user_namespaces() -> None:
    """End with the name of the setting where the kernel refuses user namespaces to this user, or mounts to root."""
    if os.geteuid() == 0 and _can_mount([]):
        return
    if _can_mount(AS_ROOT):
        return
    if _can_mount(["--map-root-user"]):
        user = getpass.getuser()
        hint = f"sudo usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {user}"
        die(f"{user} has no subordinate ids, which files in the image that belong to others than root need", hint=hint)
    if os.geteuid() == 0:
        hint = "start the container with the right to mount (docker run --privileged)"
        die("root may neither mount nor make user namespaces here, as in a container", hint=hint)
    wrong = [f"{name}={wanted}" for name, (refusing, wanted) in NAMESPACE_SETTINGS.items() if _read(name) == refusing]
    settings = " ".join(wrong) or "user.max_user_namespaces=15000"
    die(
        f"this host refuses user namespaces, which building without root needs ({settings} would allow them)",
        hint=f"sudo sysctl {settings}, or run make as root",
    )


def act_as_root(command: Sequence[str]) -> list[str]:
    """A command in a user namespace where this user is root and has other ids besides; as root, the command itself.

    A namespace with one id (mkosi's own way) would give every file of the image to root: the image would depend on who
    built it.
    """
    return [*command] if os.geteuid() == 0 else ["unshare", *AS_ROOT, *command]


def _read(setting: str) -> str | None:
    file = Path("/proc/sys", *setting.split("."))
    return file.read_text().strip() if file.exists() else None


def _can_mount(options: Sequence[str]) -> bool:
    # Mounting is what Ubuntu's AppArmor restriction denies inside a namespace that it still lets one make.
    probe = ["unshare", *options, "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(probe, capture_output=True).returncode == 0
