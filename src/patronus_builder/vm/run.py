"""Boots an image at the terminal: the second half of `make run`."""

import contextlib
import shlex
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from patronus_builder.messages import say, step
from patronus_builder.vm.accelerate import choose_accelerator
from patronus_builder.vm.agent import AGENT_PORT, SHELL_PORT, agent_credentials
from patronus_builder.vm.command import TCG, MachineSpec, Port, UserNic
from patronus_builder.vm.firmware import find_firmware
from patronus_builder.vm.machine import Machine, prepare_folder
from patronus_builder.vm.stall import STARTS, EmulatorStalledError, check_timer, start_again_when_stalled

WAN_MAC = "52:54:00:00:00:01"
LAN_MAC = "52:54:00:00:00:02"
RUN_FOLDER = Path("build/run")
LOGIN_PROMPT = " login:"
# The kernel tells of a lost timer well within the boot; afterwards what stands on the line is the user's own.
WATCHED_SECONDS = 300


def user_nics(lan_address: str, ssh_port: int) -> tuple[UserNic, UserNic]:
    """WAN and LAN without root: QEMU plays the provider on WAN, and one port of the workstation's loopback leads to the
    box's SSH server from the LAN side. `lan_address` is the box's own address on a /24."""
    network = lan_address.rsplit(".", 1)[0]
    lan = (
        f"net={network}.0/24",
        f"host={network}.254",
        f"dhcpstart={network}.250",
        "restrict=on",
        f"hostfwd=tcp:127.0.0.1:{ssh_port}-{lan_address}:22",
    )
    return UserNic(WAN_MAC), UserNic(LAN_MAC, lan)


def run_interactive(
    image: Path, *, lan_address: str = "192.168.1.1", ssh_port: int = 2222, ssh_key: str = "", shell: bool = False
) -> int:
    """Boots `image` with its console on this terminal and returns QEMU's exit code.

    The disk is a layer in build/run: the image stays as it was built. `shell` adds the root shell of `make shell`.
    `ssh_key` is only told: `admin` of the document logs in with it.
    """
    accelerator = choose_accelerator(image)
    ports = (Port(AGENT_PORT, RUN_FOLDER / "agent.sock"), Port(SHELL_PORT, RUN_FOLDER / "shell.sock")) if shell else ()
    spec = MachineSpec(
        RUN_FOLDER,
        find_firmware(),
        accelerator,
        nics=user_nics(lan_address, ssh_port),
        kernel_arguments=("mitigations=off", "cryptomgr.notests") if accelerator is TCG else (),
        credentials=agent_credentials() if shell else {},
        ports=ports,
        interactive=True,
    )
    prepare_folder(spec, image, size_gib=8)
    _explain(accelerator.name, f"the box's LAN side ({lan_address})", write_login(ssh_port, ssh_key))
    with _kept_terminal() as restore:

        def tell() -> None:
            restore()
            say("QEMU lost the guest's timer, as it does now and then when it emulates on a busy host: starting again.")

        try:
            return start_again_when_stalled(lambda: _run_once(spec), before_next=tell)
        except EmulatorStalledError as error:
            restore()
            say(f"Given up after {STARTS} starts: {error}. Try again when this host has less to do.")
            return 1


def _run_once(spec: MachineSpec) -> int:
    """Run the machine to its end and return QEMU's exit code; raises EmulatorStalledError."""
    spec.serial_log.unlink(missing_ok=True)
    with Machine(spec) as machine:
        _watch_start(machine)
        return machine.process.wait()


def _watch_start(machine: Machine) -> None:
    """Look at the serial line until somebody can log in, the machine ends, or nothing can go wrong any more."""
    deadline = time.monotonic() + WATCHED_SECONDS
    while machine.is_alive() and time.monotonic() < deadline:
        serial = machine.read_serial()
        check_timer(machine.spec.accelerator, serial)
        if LOGIN_PROMPT in serial:
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            machine.process.wait(timeout=1)


@contextmanager
def _kept_terminal() -> Iterator[Callable[[], None]]:
    """Yield what brings the terminal back to what it was: QEMU takes it over, and cannot give it back when killed."""
    saved = termios.tcgetattr(0) if sys.stdin.isatty() else None

    def restore() -> None:
        if saved is not None:
            termios.tcsetattr(0, termios.TCSADRAIN, saved)

    try:
        yield restore
    finally:
        restore()


def write_login(port: int, key: str) -> str:
    """Return the command that logs in. Every run has a new disk, so a new host key, which nobody has to remember."""
    forget = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null"
    if not key:
        return f"ssh -p {port} {forget} ADMIN@127.0.0.1 (an admin of your document who has `ssh_keys`)"
    return f"ssh -p {port} {forget} -o IdentitiesOnly=yes -i {shlex.quote(key)} admin@127.0.0.1"


def _explain(accelerator: str, where: str, login: str) -> None:
    step(f"booting in QEMU ({accelerator}) to a login prompt", about="10 s" if accelerator == "kvm" else "40 s")
    say(f"SSH to {where}, from another terminal: {login}")
    say("Leave: Ctrl-A X switches the machine off; Ctrl-A C opens QEMU's monitor; Ctrl-A H lists more keys.")
