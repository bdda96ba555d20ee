"""Runs a command in the unpacked image with a rendered tree in place: enter_image.py ROOT TREE STATE COMMAND...

Called in a mount and network namespace of its own (unshare(1)): nothing it mounts or starts is seen outside. ROOT is
never written: what is writable on a running box is STATE (as /var) and memory.
"""

import os
import subprocess
import sys
from pathlib import Path


def main(root: Path, tree: Path, state: Path, command: list[str]) -> None:
    """Mounts what the command needs, changes the root, and becomes the command."""
    for kind, place in (("proc", "proc"), ("tmpfs", "run"), ("tmpfs", "tmp"), ("tmpfs", "dev")):
        mount("-t", kind, kind, root / place)
    mount("--bind", state, root / "var")
    for device in ("null", "urandom"):
        (root / "dev" / device).touch()
        mount("--bind", f"/dev/{device}", root / "dev" / device)
    target = root / "run/patronus/trees/candidate"
    target.mkdir(parents=True)
    mount("--bind", tree, target)
    (root / "run/patronus/current").symlink_to("trees/candidate")
    os.chroot(root)
    os.chdir("/")
    # Owners cannot be set where only one user id is mapped; the checkers do not look at them.
    subprocess.run(["systemd-tmpfiles", "--create", "--prefix=/var", "--prefix=/run"], capture_output=True, check=False)
    os.execvpe(command[0], command, {"PATH": "/usr/sbin:/usr/bin"})  # noqa: S606 - an argument list, no shell


def mount(*arguments: str | Path) -> None:
    """Calls mount(8)."""
    subprocess.run(["mount", *map(str, arguments)], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
