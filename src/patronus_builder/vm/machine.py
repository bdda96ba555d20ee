"""Starts, watches and ends one QEMU process over a disk image that it never changes."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from patronus_builder.vm.command import MachineSpec, TapNic, qemu_command
from patronus_builder.vm.qmp import Qmp, QmpError

FOLDER_PREFIX = "patronus-vm-"


def make_disk(image: Path, disk: Path, *, size_gib: int | None = None) -> None:
    """Makes `disk`, a qcow2 layer over the raw `image`; `size_gib` makes it larger than the image."""
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", str(image.resolve()), str(disk)]
    if size_gib is not None:
        command.append(f"{size_gib}G")
    subprocess.run(command, check=True)


def make_blank_disk(disk: Path, *, size_gib: int) -> None:
    """Makes `disk`, a qcow2 image of zeros."""
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(disk), f"{size_gib}G"], check=True)


def prepare_folder(spec: MachineSpec, image: Path | None, *, size_gib: int | None = None) -> None:
    """Makes what the command line names: the folder, the disk layer, the UEFI variables, the SMBIOS strings.

    Without an `image` the disk is blank, 8 GiB unless `size_gib` says otherwise.
    """
    spec.folder.mkdir(parents=True, exist_ok=True)
    if image is None:
        make_blank_disk(spec.disk, size_gib=size_gib or 8)
    else:
        make_disk(image, spec.disk, size_gib=size_gib)
    shutil.copyfile(spec.firmware.variables, spec.variables)
    write_strings(spec)


def write_strings(spec: MachineSpec) -> None:
    """Writes the SMBIOS strings, which the machine reads when it starts."""
    for file, text in spec.strings.items():
        file.write_text(text)


def make_short_folder() -> Path:
    """A new folder with a short path: a UNIX socket's path has at most 107 bytes, unix(7). The caller removes it."""
    remove_leftovers()
    return Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-", dir="/tmp"))


def remove_leftovers() -> None:
    """Removes the folders (with disks in them) of processes that were killed before they could do it themselves."""
    for folder in Path("/tmp").glob(f"{FOLDER_PREFIX}*-*"):  # noqa: S108
        owner = folder.name.removeprefix(FOLDER_PREFIX).partition("-")[0]
        if owner.isdecimal() and not Path("/proc", owner).exists():
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A short folder for as long as the block lasts."""
    folder = make_short_folder()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start_tpm(spec: MachineSpec) -> subprocess.Popen[bytes]:
    """Starts swtpm(8) and waits for its socket. Raises RuntimeError with its words."""
    state = spec.folder / "tpm"
    state.mkdir(exist_ok=True)
    spec.tpm_socket.unlink(missing_ok=True)
    places = ("--tpmstate", f"dir={state}", "--ctrl", f"type=unixio,path={spec.tpm_socket}")
    swtpm = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "swtpm", "socket", "--tpm2", *places],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    while not spec.tpm_socket.exists():
        if swtpm.poll() is not None:
            raise RuntimeError(f"swtpm does not start: {swtpm.communicate()[1].decode(errors='replace')}")
        time.sleep(0.01)
    return swtpm


class Machine:
    """A running QEMU. Usable as a context manager: leaving it cuts the power."""

    def __init__(self, spec: MachineSpec) -> None:
        """Starts QEMU; `prepare_folder` made its files. The serial log is kept over several starts."""
        self.spec = spec
        self._log = (spec.folder / "qemu.log").open("ab")
        self._qmp: Qmp | None = None
        self._tpm = start_tpm(spec) if spec.tpm else None
        self.process = subprocess.Popen(
            # setpriv(1): the kernel kills QEMU when we end, however we end, so that no stray one keeps the disk.
            ["setpriv", "--pdeathsig", "KILL", *qemu_command(spec)],
            stdin=None if spec.interactive else subprocess.DEVNULL,
            stdout=None if spec.interactive else self._log,
            stderr=None if spec.interactive else self._log,
            pass_fds=[nic.fd for nic in spec.nics if isinstance(nic, TapNic)],
        )
        try:
            self._qmp = Qmp(spec.qmp_socket, alive=self.is_alive)
        except BaseException:
            self.cut_power()
            raise

    @property
    def qmp(self) -> Qmp:
        """The control connection."""
        if self._qmp is None:
            raise QmpError("QEMU has not started")
        return self._qmp

    def is_alive(self) -> bool:
        """Whether QEMU still runs."""
        return self.process.poll() is None

    def is_running(self) -> bool:
        """Whether the guest runs: False also when KVM gave up on it and QEMU holds it still."""
        return self.is_alive() and bool(self.qmp.command("query-status")["running"])

    def cut_power(self) -> None:
        """Ends QEMU at once, as if the plug was pulled: what the guest had not flushed is lost."""
        self.process.kill()
        self.process.wait()
        if self._tpm is not None:
            self._tpm.kill()  # what it must remember it has written; without QEMU it may wait for another one for good
            self._tpm.communicate()
        self._log.close()
        if self._qmp is not None:
            self._qmp.close()
        self.spec.qmp_socket.unlink(missing_ok=True)

    def press_reset(self) -> None:
        """Restarts the guest without asking it."""
        self.qmp.command("system_reset")

    def set_cable(self, nic: int, *, plugged: bool) -> None:
        """Cuts or plugs the cable of a network card, as the guest's carrier sees it."""
        self.qmp.command("set_link", name=f"nic{nic}-device", up=plugged)

    def press(self, *keys: str) -> None:
        """Presses keys of the emulated keyboard one after the other; names as QEMU's QKeyCode has them."""
        for key in keys:
            self.qmp.command("send-key", keys=[{"type": "qcode", "data": key}])

    def save_screen(self, path: Path) -> None:
        """Writes what the screen shows to `path`, a PNG."""
        self.qmp.command("screendump", filename=str(path), format="png")

    def read_serial(self) -> str:
        """All that the guest wrote to its serial line so far."""
        if not self.spec.serial_log.exists():
            return ""
        return self.spec.serial_log.read_text(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut_power()
