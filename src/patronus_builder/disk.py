"""Puts a whole disk together from the parts mkosi made; offline, without loop devices, in seconds.

Layout: ESP, root A, verity A, root B, verity B, config, state; the last one grows at the box's first boot.
"""

import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from patronus_builder.cache import REPOSITORY
from patronus_builder.messages import die
from patronus_builder.sandbox import is_inside, run_in_sandbox
from patronus_builder.tools import make_tools

DISK = REPOSITORY / "build" / "patronus.raw"
SEED = "5b8a3f0e-6e0c-4f5e-8f0b-1f6d1f0c9a51"
BOOT_LOADER = Path("usr/lib/systemd/boot/efi/systemd-bootx64.efi")
# systemd-repart's own choices for ext4, and what it leaves to chance otherwise: the seed of the folders' hashes.
EXT4_OPTIONS = f"-E discard,lazy_itable_init=1,hash_seed={SEED}"
LOADER_SETTINGS = "timeout 2\nconsole-mode keep\neditor no\n"


def assemble(parts: Path, output: Path, incoming: Sequence[Path] = ()) -> Path:
    """Write a sparse disk image from a folder of parts.

    `incoming` are signed bundles that the box finds on its config partition at the first boot. The same parts and the
    same bundles give the same bytes, other ones give other UUIDs (see `choose_seed`). Returns `output`.
    """
    epoch, seed = read_epoch(parts), choose_seed(parts, incoming)
    with tempfile.TemporaryDirectory(prefix="patronus-disk-") as name:
        work = Path(name)
        (work / "incoming").mkdir()
        for bundle in incoming:
            shutil.copyfile(bundle, work / "incoming" / f"{bundle.stem}.bundle")
        (work / "loader").mkdir()
        (work / "loader" / "loader.conf").write_text(LOADER_SETTINGS)
        (work / "definitions").mkdir()
        for file, text in describe_partitions(parts, work).items():
            (work / "definitions" / file).write_text(text)
        for path in (parts / "image.efi", *work.rglob("*")):
            os.utime(path, (epoch, epoch))  # mcopy(1) writes the time of change into the ESP
        output.parent.mkdir(parents=True, exist_ok=True)
        draft = output.with_name(f".{output.name}.{os.getpid()}")
        try:
            _run_repart(work / "definitions", draft, epoch, seed)
            draft.rename(output)
        finally:
            draft.unlink(missing_ok=True)
    return output


def describe_partitions(parts: Path, work: Path) -> Mapping[str, str]:
    """The definitions for systemd-repart, repart.d(5): file name -> content. `work` has incoming/ and loader/."""
    version, root_hash = read_identity(parts)
    root, verity = split_root_hash(root_hash)
    label = f"patronus_{version}"
    loader = find_loader()
    files = [
        (parts / "image.efi", f"/EFI/Linux/{label}.efi"),
        (loader, "/EFI/BOOT/BOOTX64.EFI"),
        (loader, "/EFI/systemd/systemd-bootx64.efi"),
        (work / "loader", "/loader"),
    ]
    return {
        "00-esp.conf": _partition("esp", "patronus-esp", "512M", Format="vfat")
        + "".join(f"CopyFiles={source}:{target}\n" for source, target in files),
        "10-root-a.conf": _slot("root-x86-64", label, "2G", parts / "image.root.raw", root),
        "11-verity-a.conf": _slot("root-x86-64-verity", label, "64M", parts / "image.verity.raw", verity),
        "20-root-b.conf": _partition("root-x86-64", "_empty", "2G", ReadOnly="yes"),
        "21-verity-b.conf": _partition("root-x86-64-verity", "_empty", "64M", ReadOnly="yes"),
        "30-config.conf": _partition("linux-generic", "patronus-config", "64M", Format="ext4")
        + f"CopyFiles={work / 'incoming'}:/incoming\nMakeDirectories=/generations /trust\n",
        "40-state.conf": _partition("linux-generic", "patronus-state", "256M", Format="ext4"),
    }


def find_loader() -> Path:
    """systemd-boot in the tools tree. Looked for here, since repart passes silently over a source that is absent."""
    path = (Path("/") if is_inside() else make_tools()) / BOOT_LOADER
    return path if path.is_file() else die(f"{path} is missing", hint="make tools")


def read_identity(parts: Path) -> tuple[str, str]:
    """Version and root hash of the built parts; ends the program when they are not there."""
    try:
        return (parts / "version").read_text().strip(), (parts / "image.roothash").read_text().strip()
    except FileNotFoundError as error:
        return die(f"{error.filename} is missing", hint="make image")


def read_epoch(parts: Path) -> int:
    """The moment (seconds since 1970) that stands for every time in the image and on its disks."""
    try:
        return int((parts / "epoch").read_text())
    except FileNotFoundError as error:
        return die(f"{error.filename} is missing", hint="make image")


def split_root_hash(root_hash: str) -> tuple[str, str]:
    """Partition UUIDs of root and verity: the halves of the hash, so that the kernel image finds its own slot."""
    data = bytes.fromhex(root_hash)
    return str(uuid.UUID(bytes=data[:16])), str(uuid.UUID(bytes=data[-16:]))


def _slot(kind: str, label: str, size: str, source: Path, partition: str) -> str:
    return _partition(kind, label, size, ReadOnly="yes", CopyBlocks=str(source), UUID=partition)


def _partition(kind: str, label: str, size: str, **settings: str) -> str:
    fixed = {"Type": kind, "Label": label, "SizeMinBytes": size, "SizeMaxBytes": size}
    return "[Partition]\n" + "".join(f"{name}={value}\n" for name, value in {**fixed, **settings}.items())


def choose_seed(parts: Path, incoming: Sequence[Path]) -> str:
    """What the UUIDs of partitions and file systems are made from: the image and the bundles on the disk.

    A box knows its own disk by the UUID of the ESP it started from: the disk of another version or of another box that
    happens to be in it must have another.
    """
    found = [read_identity(parts)[1], *sorted(hashlib.sha256(bundle.read_bytes()).hexdigest() for bundle in incoming)]
    return str(uuid.uuid5(uuid.UUID(SEED), " ".join(found)))


def _run_repart(definitions: Path, output: Path, epoch: int, seed: str) -> None:
    command = ["env", f"SOURCE_DATE_EPOCH={epoch}", f"SYSTEMD_REPART_MKFS_OPTIONS_EXT4={EXT4_OPTIONS}"]
    command += ["systemd-repart", "--empty=create", "--size=auto", "--offline=yes", "--dry-run=no"]
    command += ["--architecture=x86-64", f"--definitions={definitions}", f"--seed={seed}", str(output)]
    # What lies on the disk belongs to root there, whoever makes it here.
    done = run_in_sandbox(command, quiet=True, as_root=True)
    if done.returncode:
        die(f"systemd-repart could not write {output.name}:\n{done.stdout}")
