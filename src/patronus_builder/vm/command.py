"""Writes the QEMU command line for one machine. Pure: starts nothing, opens nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from patronus_builder.vm.firmware import Firmware
from patronus_builder.vm.smbios import type11_strings

QEMU = "qemu-system-x86_64"


@dataclass(frozen=True)
class TapNic:
    """A network card whose cable is an open tap device (a file descriptor that QEMU inherits)."""

    mac: str
    fd: int


@dataclass(frozen=True)
class UserNic:
    """A network card behind QEMU's own user-mode network; `options` go to `-netdev user`, see qemu(1)."""

    mac: str
    options: Sequence[str] = ()


Nic = TapNic | UserNic


@dataclass(frozen=True)
class Accelerator:
    """How the guest's instructions run: the options of `-accel` and the CPU model that suits them."""

    name: str
    option: str
    cpu: str


# Nehalem is the cheapest model to emulate that still has what trixie needs; "max" costs a quarter of the boot time.
# With "arat" its timer runs on while it idles. Without, Linux wakes it by the HPET; on a busy host a wake-up was seen
# to get lost, which stops the guest for good.
TCG = Accelerator("tcg", "tcg,thread=multi", "Nehalem,+arat")
KVM = Accelerator("kvm", "kvm", "host")


@dataclass(frozen=True)
class Port:
    """A virtio-serial port: `name` is seen in the guest below /dev/virtio-ports, `socket` is the host's end."""

    name: str
    socket: Path


@dataclass(frozen=True)
class Drive:
    """One more disk, stick or CD beside the machine's own disk; `file` is a raw image.

    `attach` is virtio, usb or cd. Drives without `writable` are never changed. The firmware tries those with `bootable`
    after the machine's own disk. `faults` is a configuration of QEMU's blkdebug driver, which makes the disk fail.
    """

    name: str
    file: Path
    attach: str = "virtio"
    writable: bool = False
    bootable: bool = False
    faults: Path | None = None


@dataclass(frozen=True)
class MachineSpec:
    """All that makes one machine; paths in `folder` are created by whoever starts it."""

    folder: Path
    firmware: Firmware
    accelerator: Accelerator = TCG
    memory_mib: int = 1024
    processors: int = 2
    nics: Sequence[Nic] = ()
    kernel_arguments: Sequence[str] = ()
    credentials: Mapping[str, bytes] = field(default_factory=dict)
    ports: Sequence[Port] = ()
    clock: str = ""
    """What the real-time clock shows at the start, such as 2000-01-01; empty: the time of this machine, in UTC."""
    other_disks: Sequence[Path] = ()
    """Raw disks beside its own, which the kernel finds first. Nothing is written to them."""
    drives: Sequence[Drive] = ()
    interactive: bool = False
    console_socket: Path | None = None
    tpm: bool = False
    """A TPM 2.0, played by swtpm(8); what it remembers lies in the folder."""

    @property
    def disk(self) -> Path:
        """The machine's own layer over the image; only this file is ever written."""
        return self.folder / "disk.qcow2"

    @property
    def variables(self) -> Path:
        """The machine's own UEFI variables."""
        return self.folder / "efi-variables.fd"

    @property
    def qmp_socket(self) -> Path:
        """QEMU's control socket, qemu-qmp-ref(7)."""
        return self.folder / "qmp.sock"

    @property
    def tpm_socket(self) -> Path:
        """Where QEMU finds swtpm."""
        return self.folder / "tpm.sock"

    @property
    def strings(self) -> dict[Path, str]:
        """SMBIOS strings by the file that holds each: on the command line they would drown everything else."""
        texts = type11_strings(self.kernel_arguments, self.credentials)
        return {self.folder / f"smbios-{number}.txt": text for number, text in enumerate(texts)}

    @property
    def serial_log(self) -> Path:
        """Everything the guest wrote to its first serial line."""
        return self.folder / "serial.log"


def qemu_command(spec: MachineSpec) -> list[str]:
    """The whole argument list."""
    return [
        *(QEMU, "-nodefaults", "-no-user-config", "-name", "patronus", "-machine", "q35,hpet=off"),
        *("-accel", spec.accelerator.option, "-cpu", spec.accelerator.cpu),
        *("-smp", str(spec.processors), "-m", f"{spec.memory_mib}M"),
        *("-drive", f"if=pflash,unit=0,format=raw,readonly=on,file={spec.firmware.code}"),
        *("-drive", f"if=pflash,unit=1,format=raw,file={_escape(spec.variables)}"),
        *(("-rtc", f"base={spec.clock}") if spec.clock else ()),
        *_other_disks(spec.other_disks),
        *_disk(spec),
        *_drives(spec.drives),
        *(_tpm(spec) if spec.tpm else ()),
        *("-device", "virtio-rng-pci"),
        *("-device", "i6300esb", "-action", "watchdog=reset"),
        *("-qmp", f"unix:{_escape(spec.qmp_socket)},server=on,wait=off"),
        *_screen(),
        *_serial(spec),
        *_ports(spec),
        *_nics(spec.nics),
        *_strings(spec),
    ]


def _disk(spec: MachineSpec) -> list[str]:
    # Write-back, not "unsafe": a power cut (SIGKILL) must lose what the guest did not flush and nothing else, and the
    # qcow2 layer's own tables reach the file only when the guest's flushes do.
    drive = f"if=none,id=disk0,format=qcow2,cache=writeback,discard=unmap,file={_escape(spec.disk)}"
    return ["-drive", drive, "-device", "virtio-blk-pci,drive=disk0,serial=patronus-disk,bootindex=0"]


def _drives(drives: Sequence[Drive]) -> list[str]:
    result = ["-device", "qemu-xhci,id=xhci"] if any(drive.attach == "usb" for drive in drives) else []
    for number, drive in enumerate(drives, start=1):
        blkdebug = f"driver=raw,file.driver=blkdebug,file.config={_escape(drive.faults)}," if drive.faults else ""
        place = f"{blkdebug}file.image.filename" if drive.faults else "format=raw,file"
        readonly = "off" if drive.writable else "on"
        result += ["-drive", f"if=none,id={drive.name},readonly={readonly},{place}={_escape(drive.file)}"]
        model = {
            "virtio": f"virtio-blk-pci,serial={drive.name}",
            "usb": f"usb-storage,bus=xhci.0,removable=on,serial={drive.name}",
            "cd": "ide-cd",
        }[drive.attach]
        order = f",bootindex={number}" if drive.bootable else ""
        result += ["-device", f"{model},drive={drive.name},id={drive.name}-device{order}"]
    return result


def _tpm(spec: MachineSpec) -> list[str]:
    chip = ["-chardev", f"socket,id=tpm0,path={_escape(spec.tpm_socket)}", "-tpmdev", "emulator,id=tpm0,chardev=tpm0"]
    return [*chip, "-device", "tpm-crb,tpmdev=tpm0"]


def _other_disks(disks: Sequence[Path]) -> list[str]:
    result: list[str] = []
    for number, disk in enumerate(disks, start=1):
        result += ["-drive", f"if=none,id=other{number},format=raw,snapshot=on,file={_escape(disk)}"]
        result += ["-device", f"virtio-blk-pci,drive=other{number},serial=other-{number}"]
    return result


def _screen() -> list[str]:
    return ["-display", "none", "-device", "VGA"]


def _serial(spec: MachineSpec) -> list[str]:
    log = f"logfile={_escape(spec.serial_log)},logappend=on"
    if spec.interactive:
        return [
            "-chardev",
            f"stdio,id=serial0,mux=on,signal=off,{log}",
            "-serial",
            "chardev:serial0",
            "-mon",
            "chardev=serial0,mode=readline",
        ]
    if spec.console_socket is not None:
        path = _escape(spec.console_socket)
        return ["-chardev", f"socket,id=serial0,path={path},server=on,wait=off,{log}", "-serial", "chardev:serial0"]
    return ["-chardev", f"null,id=serial0,{log}", "-serial", "chardev:serial0"]


def _ports(spec: MachineSpec) -> list[str]:
    if not spec.ports:
        return []
    result = ["-device", "virtio-serial-pci"]
    for number, port in enumerate(spec.ports, start=1):
        name = f"port{number}"
        result += ["-chardev", f"socket,id={name},path={_escape(port.socket)},server=on,wait=off"]
        result += ["-device", f"virtserialport,chardev={name},id={name}-device,name={port.name}"]
    return result


def _strings(spec: MachineSpec) -> list[str]:
    return [argument for file in spec.strings for argument in ("-smbios", f"type=11,path={_escape(file)}")]


def _nics(nics: Sequence[Nic]) -> list[str]:
    result: list[str] = []
    for number, nic in enumerate(nics):
        name = f"nic{number}"
        if isinstance(nic, TapNic):
            result += ["-netdev", f"tap,id={name},fd={nic.fd},vhost=off"]
        else:
            result += ["-netdev", ",".join(["user", f"id={name}", *nic.options])]
        result += ["-device", f"virtio-net-pci,netdev={name},id={name}-device,mac={nic.mac}"]
    return result


def _escape(path: Path) -> str:
    """QEMU splits options at commas; a literal one is doubled."""
    return str(path).replace(",", ",,")
