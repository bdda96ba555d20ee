"""Puts a whole disk together from the parts mkosi made; offline, without loop devices, in seconds.

The layout is patronus.install.partitions, which the installer uses too.
"""

import hashlib
import os
import shutil
import tempfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from patronus.install import partitions
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
    for bundle in incoming:
        if not bundle.is_file():
            die(f"there is no bundle {bundle}", hint=f"patronus sign gw.yaml --key KEY -o {bundle}")
        if output.resolve() == DISK:
            die(f"{DISK.name} is the image's own disk", hint=f"give {bundle} another name: the disk has it too")
    epoch, seed = read_epoch(parts), choose_seed(parts, incoming)
    with tempfile.TemporaryDirectory(prefix="patronus-disk-") as name:
        work = Path(name)
        deliver(work / "incoming", incoming)
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


def deliver(folder: Path, bundles: Sequence[Path]) -> None:
    """Copy bundles to where the box looks for them, readable by root alone: they hold hashes of passwords."""
    folder.mkdir()
    folder.chmod(0o700)
    for bundle in bundles:
        copy = folder / f"{bundle.stem}.bundle"
        shutil.copyfile(bundle, copy)
        copy.chmod(0o600)


def describe_partitions(parts: Path, work: Path) -> Mapping[str, str]:
    """The definitions for systemd-repart, repart.d(5): file name -> content. `work` has incoming/ and loader/."""
    version, root_hash = read_identity(parts)
    loader = find_loader()
    files = [
        (parts / "image.efi", f"/EFI/Linux/patronus_{version}.efi"),
        (loader, "/EFI/BOOT/BOOTX64.EFI"),
        (loader, "/EFI/systemd/systemd-bootx64.efi"),
        (work / "loader", "/loader"),
    ]
    content = {
        partitions.ESP: "".join(f"CopyFiles={source}:{target}\n" for source, target in files),
        partitions.ROOT: f"CopyBlocks={parts / 'image.root.raw'}\n",
        partitions.VERITY: f"CopyBlocks={parts / 'image.verity.raw'}\n",
        partitions.CONFIG: f"CopyFiles={work / 'incoming'}:/incoming\n",
    }
    described = partitions.describe_disk(version, root_hash)
    return {
        f"{name}.conf": partitions.format_definition(partition) + content.get(name, "")
        for name, partition in described.items()
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
