"""Decides between KVM and emulation by booting a guest, since /dev/kvm that opens proves nothing.

On some hosts (nested ones, mostly) KVM starts and a stock kernel then hangs for ever. So the shipped kernel itself
has to reach user space in time once; the verdict is kept for this host's kernel, CPU and QEMU.
"""

import os
import platform
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from patronus_builder.cache import cache_folder, key_of
from patronus_builder.messages import say, step
from patronus_builder.vm.command import KVM, QEMU, TCG, Accelerator, MachineSpec
from patronus_builder.vm.firmware import find_firmware
from patronus_builder.vm.machine import Machine, prepare_folder, temporary_folder
from patronus_builder.vm.qmp import QmpError

PROBE_SECONDS = 30
# The first line that PID 1 of the initrd writes: the kernel came up, found its clock and started user space.
MARKER = "systemd[1]: "
PROBE_ARGUMENTS = (
    "console=ttyS0,115200",
    "systemd.log_target=kmsg",
    "loglevel=7",
    "panic=-1",
    "rd.systemd.unit=basic.target",
)


def choose_accelerator(image: Path, *, device: Path = Path("/dev/kvm")) -> Accelerator:
    """KVM when it boots `image` into user space within PROBE_SECONDS, else TCG; asks the machine once per host."""
    forced = os.environ.get("PATRONUS_ACCEL")
    if forced in ("kvm", "tcg"):
        return KVM if forced == "kvm" else TCG
    if not _opens(device):
        return TCG
    verdict = cache_folder("kvm") / host_key()
    if not verdict.exists():
        step("trying whether KVM really boots a guest here, once for this host", about=f"1 s to {PROBE_SECONDS} s")
        works = boots_with_kvm(image)
        say("KVM works." if works else "KVM does not boot a guest here; emulating instead (about 30 s for a boot).")
        verdict.write_text("works\n" if works else "hangs\n")
    return KVM if verdict.read_text() == "works\n" else TCG


def host_key() -> str:
    """What the verdict depends on: the host's kernel, its CPU and the version of QEMU."""
    cpu = [line for line in _read_cpuinfo() if line.startswith(("model name", "vendor_id", "hypervisor", "flags"))][:3]
    version = subprocess.run([QEMU, "--version"], capture_output=True, text=True, check=True).stdout
    return key_of(platform.release(), platform.version(), *cpu, version)


def boots_with_kvm(image: Path, *, seconds: float = PROBE_SECONDS) -> bool:
    """Whether the image's kernel reaches its first process under KVM within `seconds`."""
    with temporary_folder() as folder:
        spec = MachineSpec(folder, find_firmware(), KVM, kernel_arguments=PROBE_ARGUMENTS)
        prepare_folder(spec, image)
        try:
            with Machine(spec) as machine:
                return wait_until(lambda: MARKER in machine.read_serial(), seconds, alive=machine.is_running)
        except QmpError:
            return False


def wait_until(condition: Callable[[], bool], seconds: float, *, alive: Callable[[], bool]) -> bool:
    """Polls a cheap condition five times a second; gives up after `seconds` or when the machine ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and alive():
        if condition():
            return True
        time.sleep(0.2)
    return condition()


def _opens(device: Path) -> bool:
    try:
        os.close(os.open(device, os.O_RDWR))
    except OSError:
        return False
    return True


def _read_cpuinfo() -> list[str]:
    return Path("/proc/cpuinfo").read_text().split("\n\n")[0].splitlines()
