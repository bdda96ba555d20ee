"""Runs programs with the tools tree as /usr: work tree, host network, /dev/kvm and /dev/net/tun stay visible."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from patronus_builder import host
from patronus_builder.cache import REPOSITORY
from patronus_builder.mkosi import mkosi_environment
from patronus_builder.tools import make_tools

PLAIN_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def is_inside() -> bool:
    """Whether this process runs in the sandbox already (mkosi sets the variable)."""
    return os.environ.get("MKOSI_IN_BOX") == "1"


def wrap_command(command: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The argument list and the environment that run a command in the tools tree; inside it, the command itself."""
    if is_inside():
        return list(command), dict(os.environ)
    host.require_user_namespaces()
    tools = make_tools()
    inner = ["env", f"PYTHONPATH={REPOSITORY / 'src'}", f"PATH={PLAIN_PATH}", *command]
    mkosi = [sys.executable, "-m", "mkosi", "--directory=", "--distribution=debian", f"--tools-tree={tools}"]
    return [*mkosi, "sandbox", "--", *inner], mkosi_environment()


def run_in_sandbox(
    command: Sequence[str],
    *,
    folder: Path | None = None,
    quiet: bool = False,
    as_root: bool = False,
    stdin: str | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `quiet` captures its stdout and stderr together, for the caller to show.

    `as_root`: this user's files are root's to the command, see `host.act_as_root`. `stdin` is what the command reads;
    None leaves it the caller's own.
    """
    arguments, environment = wrap_command(command)
    if as_root and not is_inside():
        arguments = host.act_as_root(arguments)
    return subprocess.run(
        # setpriv(1): when this program is ended alone, what it started ends too, and with it a QEMU.
        ["setpriv", "--pdeathsig", "TERM", *arguments],
        cwd=folder,
        env=environment,
        text=True,
        input=stdin,
        stdout=subprocess.PIPE if quiet else None,
        stderr=subprocess.STDOUT if quiet else None,
    )
