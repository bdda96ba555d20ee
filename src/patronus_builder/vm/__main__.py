"""python3 -m patronus_builder.vm run|shell: what the Makefile calls inside the tools tree."""

import argparse
import sys
from pathlib import Path

from patronus_builder.messages import say
from patronus_builder.vm.run import RUN_FOLDER, run_interactive
from patronus_builder.vm.terminal import attach


def find_shells() -> list[Path]:
    """Sockets of running machines that have a root shell, the newest first."""
    sockets = [*Path("/tmp").glob("patronus-vm-*/*/shell.sock"), *RUN_FOLDER.glob("shell.sock")]  # noqa: S108
    return sorted(sockets, key=lambda path: path.stat().st_mtime, reverse=True)


def open_shell() -> int:
    """Attaches to the newest running test machine that listens."""
    for path in find_shells():
        say(f"Root shell of the machine in {path.parent}; Ctrl-] leaves.")
        try:
            attach(path)
        except ConnectionRefusedError:  # that machine ended without cleaning up
            continue
        return 0
    say("No test machine runs now: start `make test-vm` in another terminal.")
    return 1


def main() -> int:
    """Parses the arguments; returns the exit code."""
    parser = argparse.ArgumentParser(prog="patronus_builder.vm", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    run = verbs.add_parser("run", help="boot an image with its console on this terminal")
    run.add_argument("image", type=Path)
    run.add_argument("--lan-address", default="192.168.1.1", help="the box's address on its LAN (a /24)")
    run.add_argument("--ssh-port", type=int, default=2222, help="loopback port that leads to the box's SSH server")
    run.add_argument(
        "--ssh-key", default="", help="private key with which `admin` can log in, for the line that says so"
    )
    run.add_argument("--shell", action="store_true", help="also offer the root shell of `shell`")
    verbs.add_parser("shell", help="a root shell in a running test machine")
    arguments = parser.parse_args()
    if arguments.verb == "shell":
        return open_shell()
    return run_interactive(
        arguments.image,
        lan_address=arguments.lan_address,
        ssh_port=arguments.ssh_port,
        ssh_key=arguments.ssh_key,
        shell=arguments.shell,
    )


if __name__ == "__main__":
    sys.exit(main())
