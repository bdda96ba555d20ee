"""What the build host must have: a few Debian or Ubuntu packages, and user namespaces where the build is not root."""

import os
import shutil
import subprocess
from collections.abc import Mapping

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
