"""`make iso`: one file that starts as a CD and as a USB stick, and holds the same root as the disk.

An ISO9660 volume with the boot file system inside it: a CD's firmware finds it by El Torito, a stick's by a partition
table in the volume's unused first 32 KiB. The kernel image is the disk's own; what differs on the medium is its command
line, lengthened by an addon, systemd-stub(7).
"""

import os
import shutil
import struct
import tempfile
import uuid
from collections.abc import Sequence
from pathlib import Path

from patronus.install.medium import volume_label
from patronus_builder.cache import REPOSITORY
from patronus_builder.disk import LOADER_SETTINGS, find_loader, read_epoch, read_identity
from patronus_builder.image import PARTS_FOLDER, ImageRequest, build_image
from patronus_builder.messages import die, step
from patronus_builder.sandbox import run_in_sandbox

ISO = REPOSITORY / "build" / "patronus.iso"
# Where the initrd's live-medium@.service and the installer look for them.
ROOT_ON_MEDIUM, VERITY_ON_MEDIUM, ESP_ON_MEDIUM = "/patronus/root.raw", "/patronus/verity.raw", "/boot/efi.img"
ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
SECTOR, CD_SECTOR = 512, 2048
MIB = 2**20


def build_iso(request: ImageRequest) -> Path:
    """Build the image unless it is there, and the medium from its parts; returns the medium's path."""
    build_image(request)
    step("writing the installation medium", about="5 s")
    return write_iso(PARTS_FOLDER, ISO)


def live_arguments(root_hash: str) -> Sequence[str]:
    """What the medium adds to the kernel command line: the root comes from it, and no disk is mounted."""
    return (
        f"rd.systemd.wants=live-medium@{volume_label(root_hash)}.service",
        "rd.systemd.wants=live-system.service",
        "rd.systemd.mask=sysroot-config.mount",
        "rd.systemd.mask=sysroot-var.mount",
        "rd.systemd.mask=state-fallback.service",
        "systemd.verity_root_data=/dev/disk/by-loop-ref/patronus-root",
        "systemd.verity_root_hash=/dev/disk/by-loop-ref/patronus-verity",
    )


def write_iso(parts: Path, output: Path) -> Path:
    """Write the medium from a folder of built parts; the same parts give the same bytes. Returns `output`."""
    _, root_hash = read_identity(parts)
    epoch = read_epoch(parts)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="patronus-iso-") as name:
        work = Path(name)
        esp = _make_esp(parts, work)
        draft = output.with_name(f".{output.name}.{os.getpid()}")
        command = ["xorriso", "-as", "mkisofs", "-quiet", "-o", str(draft), "-V", volume_label(root_hash), "-r"]
        command += ["--set_all_file_dates", f"={epoch}", "-e", ESP_ON_MEDIUM, "-no-emul-boot", "-graft-points"]
        files = {
            ESP_ON_MEDIUM: esp,
            ROOT_ON_MEDIUM: (parts / "image.root.raw").resolve(),
            VERITY_ON_MEDIUM: (parts / "image.verity.raw").resolve(),
        }
        try:
            _run([*command, *(f"{place}={source}" for place, source in files.items())], epoch)
            _add_partition_table(draft, esp.stat().st_size, root_hash, epoch)
            draft.rename(output)
        finally:
            draft.unlink(missing_ok=True)
    return output


def _add_partition_table(medium: Path, size: int, root_hash: str, epoch: int) -> None:
    """Let a stick's firmware find the boot file system: a GPT with one partition, where the volume has it already."""
    identity = uuid.UUID(root_hash[:32])
    esp = f"start={find_boot_sector(medium)}, size={size // SECTOR}, type={ESP_TYPE}, name=patronus-medium"
    lines = ["label: gpt", f"label-id: {identity}", "unit: sectors", "first-lba: 64", ""]
    lines.append(f"{esp}, uuid={uuid.uuid5(identity, 'esp')}")
    with medium.open("ab") as file:
        file.truncate((file.tell() // MIB + 2) * MIB)  # room for the second copy of the table
    command = ["sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", "--wipe=never", str(medium)]
    _run(command, epoch, "\n".join(lines) + "\n")


def find_boot_sector(medium: Path) -> int:
    """Where El Torito says the boot file system begins, in sectors of 512 bytes.

    Source: the El Torito specification 1.0, boot record volume descriptor and initial entry of the boot catalog.
    """
    with medium.open("rb") as file:
        file.seek(17 * CD_SECTOR + 0x47)
        [catalog] = struct.unpack("<I", file.read(4))
        file.seek(catalog * CD_SECTOR + 32 + 8)
        [start] = struct.unpack("<I", file.read(4))
    return int(start) * CD_SECTOR // SECTOR


def _make_esp(parts: Path, work: Path) -> Path:
    """The boot file system: the disk's boot loader and kernel image, and the addon that makes it start from here."""
    epoch, tree, image = read_epoch(parts), work / "esp", work / "efi.img"
    _fill_esp(parts, tree, epoch)
    size = sum(path.stat().st_size for path in tree.rglob("*") if path.is_file())
    for path in tree.rglob("*"):
        os.utime(path, (epoch, epoch))  # mcopy(1) writes the time of change into the file system
    kibibytes = (size // MIB + 4) * 1024
    _run(["mkfs.vfat", "--invariant", "-n", "PATRONUSEFI", "-C", str(image), str(kibibytes)], epoch)
    _run(["mcopy", "-s", "-m", "-i", str(image), *(str(path) for path in sorted(tree.iterdir())), "::"], epoch)
    return image


def _fill_esp(parts: Path, tree: Path, epoch: int) -> None:
    version, root_hash = read_identity(parts)
    for folder in ("EFI/BOOT", "EFI/Linux", "loader/addons"):
        (tree / folder).mkdir(parents=True)
    shutil.copyfile(find_loader(), tree / "EFI/BOOT/BOOTX64.EFI")
    shutil.copyfile(parts / "image.efi", tree / f"EFI/Linux/patronus_{version}.efi")
    (tree / "loader/loader.conf").write_text(LOADER_SETTINGS)
    addon = tree / "loader/addons/live.addon.efi"
    _run(["ukify", "build", f"--cmdline={' '.join(live_arguments(root_hash))}", f"--output={addon}"], epoch)


def _run(command: Sequence[str], epoch: int, stdin: str = "") -> None:
    done = run_in_sandbox(["env", f"SOURCE_DATE_EPOCH={epoch}", *command], quiet=True, stdin=stdin)
    if done.returncode:
        die(f"{command[0]} could not make the installation medium:\n{done.stdout}", hint="df -h; make tools")
