"""What the build host must have: a few Debian or Ubuntu packages, and user namespaces where the build is not root."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from patronus_builder.messages import die, say, step


def install_packages(reasons: Mapping[str, str]) -> None:
    """Install packages with apt, as root or through sudo, after saying which and why (name -> reason)."""
    if not reasons:
        return
    step(f"installing host packages: {' '.join(reasons)}", about="1 min")
    for name, reason in reasons.items():
        say(f"    {name}: {reason}")
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *reasons]
    if shutil.which("apt-get") is None:
        die(f"this host has no apt-get; install the equivalent of: {' '.join(reasons)}")
    prefix = [] if os.geteuid() == 0 else ["sudo"]
    if prefix and shutil.which("sudo") is None:
        die(f"host packages are missing: {' '.join(reasons)}", hint=f"as root: {' '.join(command)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run([*prefix, "apt-get", "update", "--quiet=2"], env=environment)
    if subprocess.run([*prefix, *command, "--quiet=2"], env=environment).returncode:
        die("apt-get could not install them", hint=" ".join([*prefix, *command]))


def require_commands() -> None:
    """Install what mkosi needs of the host before a tools tree exists."""
    needed = {
        "apt": ("apt-get", "unpacks the tools tree"),
        "coreutils": ("cp", "copies trees"),
        "tar": ("tar", "unpacks packages"),
        "zstd": ("zstd", "unpacks packages"),
    }
    if os.geteuid() != 0:
        needed["uidmap"] = ("newuidmap", "maps user ids so that the build needs no root")
    install_packages({name: reason for name, (command, reason) in needed.items() if shutil.which(command) is None})


def require_user_namespaces() -> None:
    """End with the name of the setting where the kernel refuses user namespaces to this user."""
    if os.geteuid() == 0 or _can_unshare():
        return
    for name in ("kernel/apparmor_restrict_unprivileged_userns", "kernel/unprivileged_userns_clone"):
        file = Path("/proc/sys") / name
        wanted = "0" if "restrict" in name else "1"
        if file.exists() and file.read_text().strip() != wanted:
            setting = f"{name.replace('/', '.')}={wanted}"
            die("this host refuses user namespaces, which building without root needs", hint=f"sudo sysctl {setting}")
    die("this host refuses user namespaces", hint="sysctl user.max_user_namespaces, or run make as root")


def _can_unshare() -> bool:
    # Mounting is what Ubuntu's AppArmor restriction denies inside a namespace that it still lets one make.
    probe = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/mnt"]
    return subprocess.run(probe, capture_output=True).returncode == 0
