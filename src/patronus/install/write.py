"""The steps of an installation, as a generator: whoever shows them takes one event after the other.

The boot loader comes last and only after the root was read back and found to be what the kernel image accepts: an
installation that ends early leaves a disk that starts nothing.
"""

from __future__ import annotations

import errno
import fcntl
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from patronus.host import blocks
from patronus.host.files import write_atomically
from patronus.host.run import CommandFailed, run
from patronus.install import partitions
from patronus.install.disks import LSBLK_COLUMNS, Disk, read_disks
from patronus.install.events import Event, InstallFailed, Note, Step, measure
from patronus.install.medium import FOLDER, Medium
from patronus.install.verity import BLOCK, RootHasher, read_superblock

WORK = Path("/run/patronus-install")
# What bootctl(1) installs, and where: for the firmware's menu, and where firmware looks by itself.
LOADER = Path("/usr/lib/systemd/boot/efi/systemd-bootx64.efi")
LOADER_PLACES = ("EFI/systemd/systemd-bootx64.efi", "EFI/BOOT/BOOTX64.EFI")
LOADER_SETTINGS = "timeout 2\nconsole-mode keep\neditor no\n"
_LOST = "what was on the disk is gone; choose another disk, or this one again after looking at its cables"


class Order(NamedTuple):
    """What to do: the disk, and the signed bundle the installed box shall find at its first boot, if any."""

    disk: Disk
    bundle: bytes | None = None


def list_disks(medium: Medium) -> list[Disk]:
    """Every disk but the medium, with what speaks against it."""
    needed = partitions.needed_bytes(medium.partitions)
    devices = blocks.list_block_devices(LSBLK_COLUMNS)
    return read_disks(devices, medium=str(FOLDER), label=medium.label, needed=needed)


def install(order: Order, medium: Medium) -> Generator[Event, None, None]:
    """Write, verify, make bootable. Raises InstallFailed; other disks than the chosen one are never opened."""
    disk = Path(order.disk.path)
    with _alone(), _explained(disk):
        _look_again(order.disk, medium)
        with blocks.kept_name(disk):
            yield from _fill(disk, order.bundle, medium)


def _fill(disk: Path, bundle: bytes | None, medium: Medium) -> Iterator[Event]:
    yield Step("Making partitions")
    _make_partitions(disk, medium)
    places = {name: blocks.partition_path(disk, at) for at, name in enumerate(medium.partitions, start=1)}
    yield Step("Writing the system")
    yield from _copy(medium, places)
    yield Step("Reading it back")
    yield from _verify(medium, places)
    if bundle is not None:
        yield Step("Handing over the signed configuration")
        _deliver(places[partitions.CONFIG], bundle)
    yield Step("Making it start")
    yield from _make_bootable(places[partitions.ESP], medium)
    blocks.flush(disk)


def _look_again(chosen: Disk, medium: Medium) -> None:
    """Between choosing and writing a disk may have been pulled, swapped or mounted."""
    now = next((disk for disk in list_disks(medium) if disk.path == chosen.path), None)
    if now is None:
        raise InstallFailed(f"{chosen.path} has vanished.", "plug it in again, then start over")
    if now.obstacle:
        raise InstallFailed(f"{chosen.path} cannot be used: {now.obstacle}.", "choose another disk")
    if now != chosen:  # what is on it, too: some disks have no serial number
        raise InstallFailed(f"{chosen.path} is another disk now: {now.title}.", "start over and look again")
    blocks.claim(Path(chosen.path))


def _make_partitions(disk: Path, medium: Medium) -> None:
    with tempfile.TemporaryDirectory(prefix="patronus-repart-") as folder:
        for name, partition in medium.partitions.items():
            Path(folder, f"{name}.conf").write_text(partitions.format_definition(partition))
        # A random seed: two boxes from one medium share no identifier but the root's, which is its content.
        settings = ["--empty=force", "--dry-run=no", "--seed=random", f"--definitions={folder}"]
        run("systemd-repart", *settings, str(disk), timeout=600)
    run("udevadm", "settle", "--timeout=60", check=False)


def _copy(medium: Medium, places: dict[str, Path]) -> Iterator[Event]:
    root, verity = medium.root.stat().st_size, medium.verity.stat().st_size

    def counts() -> Iterator[int]:
        yield from blocks.copy_blocks(medium.root, places[partitions.ROOT])
        yield from (root + done for done in blocks.copy_blocks(medium.verity, places[partitions.VERITY]))

    yield from measure(counts(), root + verity)


def _verify(medium: Medium, places: dict[str, Path]) -> Iterator[Event]:
    """Compare with the root hash in the running kernel's command line, which is in the kernel image."""
    size = medium.verity.stat().st_size
    hashes = b"".join(bytes(piece) for piece in blocks.read_blocks(places[partitions.VERITY], size))
    superblock = read_superblock(hashes)
    hasher = RootHasher(superblock)
    total = superblock.data_blocks * BLOCK

    def counts() -> Iterator[int]:
        done = 0
        for piece in blocks.read_blocks(places[partitions.ROOT], total):
            hasher.update(piece)
            done += len(piece)
            yield done

    yield from measure(counts(), total)
    root_hash, tree = hasher.finish()
    if root_hash != medium.root_hash or hashes[BLOCK : BLOCK + len(tree)] != tree:
        raise InstallFailed(
            "What the disk gives back is not what was written.", "the medium or the disk is damaged: try another"
        )


def _make_bootable(esp: Path, medium: Medium) -> Iterator[Event]:
    kernel = f"EFI/Linux/patronus_{medium.version}.efi"
    with blocks.mounted(medium.esp, WORK / "medium-esp", "vfat", "ro", "loop") as source:
        content = (source / kernel).read_bytes()
    with blocks.mounted(esp, WORK / "esp", "vfat", "umask=0077") as folder:
        write_atomically(folder / kernel, content, durable=True)
        write_atomically(folder / "loader/loader.conf", LOADER_SETTINGS.encode(), durable=True)
        yield from _install_loader(folder)
    expected = {kernel: content, **dict.fromkeys(LOADER_PLACES, LOADER.read_bytes())}
    with blocks.mounted(esp, WORK / "esp", "vfat", "ro") as folder:  # mounted anew: read from the disk
        for name, data in expected.items():
            if (folder / name).read_bytes() != data:
                raise InstallFailed(f"{name} on the disk is damaged.", "the disk is failing: try another")


def _install_loader(folder: Path) -> Iterator[Event]:
    """systemd-boot, from the verified root, and an entry in the firmware's own menu where that can be written."""
    settings = [
        f"--esp-path={folder}",
        "--make-entry-directory=no",
        "--entry-token=machine-id",
        "--efi-boot-option-description=Patronus",
    ]
    done = run("bootctl", *settings, "install", check=False)
    if done.code:
        run("bootctl", *settings, "--no-variables", "install")
        yield Note("The firmware took no boot entry; it will find the disk by its standard path.")


def _deliver(config: Path, bundle: bytes) -> None:
    with blocks.mounted(config, WORK / "config", "ext4") as folder:
        write_atomically(folder / "incoming/delivered.bundle", bundle, 0o600, durable=True)


@contextmanager
def _alone() -> Iterator[None]:
    WORK.mkdir(exist_ok=True)
    with (WORK / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InstallFailed("An installation is going on at another console.", "wait for its end") from None
        yield


@contextmanager
def _explained(disk: Path) -> Iterator[None]:
    """Turn what programs and the kernel say into what a person can act upon."""
    try:
        yield
    except CommandFailed as failed:
        if not disk.exists():
            raise _vanished(disk) from failed
        raise InstallFailed(f"{failed.argv[0]} could not do its part: {failed.output}", _LOST) from failed
    except ValueError as error:
        raise InstallFailed(f"What the disk gives back is damaged: {error}.", _LOST) from error
    except OSError as error:
        raise _explain(disk, error) from error


def _explain(disk: Path, error: OSError) -> InstallFailed:
    if isinstance(error, blocks.SourceFailed):
        return InstallFailed("The installation medium cannot be read.", "write it anew, or take another stick or CD")
    if not disk.exists() or error.errno in (errno.ENXIO, errno.ENODEV):
        return _vanished(disk)
    reasons: dict[int, Callable[[], InstallFailed]] = {
        errno.EBUSY: lambda: InstallFailed(f"{disk} is in use.", "choose another disk"),
        errno.EIO: lambda: InstallFailed(f"{disk} is failing: it reports an input/output error.", _LOST),
        errno.EROFS: lambda: InstallFailed(f"{disk} is write-protected.", "choose another disk"),
    }
    explain = reasons.get(error.errno or 0)
    return explain() if explain else InstallFailed(f"{disk}: {error.strerror}.", _LOST)


def _vanished(disk: Path) -> InstallFailed:
    return InstallFailed(f"{disk} has vanished while it was written to.", _LOST)
