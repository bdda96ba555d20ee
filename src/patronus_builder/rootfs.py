"""Last touches to the image's root folder, called by mkosi's scripts: identity, links, byte code, no secrets."""

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from patronus.host.engine import digest_engine
from patronus_builder.prepare import compile_python

CURRENT = Path("/run/patronus/current")
LINKS_FOLDER = Path("usr/lib/patronus/links.d")
# Debian's own files from below the linked folders (such as /etc/ssh/moduli) are kept here.
VENDOR_FOLDER = Path("usr/share/patronus/vendor")
PACKAGE = Path("usr/lib/python3/dist-packages/patronus")
TRUST = Path("usr/lib/patronus/trust")
# Which program renders documents here: a tree that was kept over a reboot counts for this one only.
ENGINE = Path("usr/lib/patronus/engine")
PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----\s+[A-Za-z0-9+/=\s]{64}")


class UnfitImageError(Exception):
    """The root folder holds something that must not be shipped."""


def finish_root(root: Path, *, version: str, profiles: Sequence[str]) -> None:
    """Make the installed tree the appliance's; raises UnfitImageError when a secret or a password is left in it."""
    for stale in sorted((root / PACKAGE).rglob("__pycache__")):
        shutil.rmtree(stale)
    compile_python(root, [str(PACKAGE)])
    (root / ENGINE).write_text(f"{digest_engine(root / PACKAGE)}\n")
    write_os_release(root, version=version, profiles=[name for name in profiles if name != "release"])
    link_folders(root)
    forget_identity(root)
    for name in ("config", "efi", "boot", "home"):
        remove(root / name)
    for name in ("config", "efi", "boot", "var"):
        (root / name).mkdir(exist_ok=True)
    (root / "config").chmod(0o700)  # as what is mounted there; where nothing is, tmpfiles cannot change it
    (root / "home").symlink_to("var/home")
    problems = list(find_secrets(root))
    if problems:
        raise UnfitImageError("\n".join(problems))


def restore_modes(root: Path, source: Path, below: Path = Path()) -> None:
    """Give what was copied from `source` to `below` in `root` the modes that git knows, whatever umask cloned it.

    A profile may bring no files: `source` need not be there.
    """
    for path in (source, *source.rglob("*")) if source.exists() else ():
        copy = root / below / path.relative_to(source)
        if copy.is_symlink() or path.is_symlink() or not copy.exists():
            continue
        copy.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def write_os_release(root: Path, *, version: str, profiles: Sequence[str]) -> None:
    """Name the system (os-release(5)) and the feature profiles that are baked into it."""
    file = root / "usr/lib/os-release"
    fields = dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)
    codename = fields.get("VERSION_CODENAME", "")
    fields = {
        "ID": "patronus",
        "ID_LIKE": "debian",
        "NAME": '"Patronus"',
        "PRETTY_NAME": f'"Patronus {version}"',
        "VERSION_ID": f'"{version}"',
        "VERSION_CODENAME": codename,
        "IMAGE_ID": "patronus",
        "IMAGE_VERSION": f'"{version}"',
        "DEFAULT_HOSTNAME": "patronus",
        "PATRONUS_PROFILES": f'"{" ".join(sorted(profiles))}"',
    }
    file.write_text("".join(f"{name}={value}\n" for name, value in fields.items()))


def link_folders(root: Path) -> None:
    """Replace what the config renders by symlinks into the current tree; the lists are files, one path a line."""
    for file in sorted((root / LINKS_FOLDER).iterdir()):
        for line in file.read_text().split():
            link = root / line.lstrip("/")
            keep_vendor_files(root, link)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(CURRENT / line.lstrip("/"))


def keep_vendor_files(root: Path, path: Path) -> None:
    """Move what Debian installed at a path out of the way, to the same place below VENDOR_FOLDER."""
    if path.is_symlink() or not path.is_dir():
        remove(path)
        return
    target = root / VENDOR_FOLDER / path.relative_to(root)
    target.parent.mkdir(parents=True, exist_ok=True)
    remove(target)
    path.rename(target)


def forget_identity(root: Path) -> None:
    """Remove what package scripts made for this one tree: keys, ids, seeds."""
    for pattern in ("etc/ssh/ssh_host_*", f"{VENDOR_FOLDER}/etc/ssh/ssh_host_*", "etc/.pwd.lock", "etc/*-"):
        for path in sorted(root.glob(pattern)):
            remove(path)
    # Empty, not "uninitialized": on a read-only root the latter would make every boot a first boot, machine-id(5).
    machine_id = root / "etc/machine-id"
    machine_id.unlink(missing_ok=True)
    machine_id.touch(mode=0o444)


def remove(path: Path) -> None:
    """Remove a file, symlink or folder that may be absent."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def find_secrets(root: Path) -> Iterator[str]:
    """One sentence for every password, private key or identity that an image must not carry."""
    for line in (root / "etc/shadow").read_text().splitlines():
        name, password = line.split(":")[:2]
        if not password.startswith(("!", "*")):
            yield f"/etc/shadow: {name} is not locked"
    if (root / "etc/machine-id").read_bytes():
        yield "/etc/machine-id: not empty"
    for path in walk_files(root):
        name = f"/{path.relative_to(root)}"
        if re.fullmatch(r"ssh_host_.*_key|random-seed|credential\.secret|authorized_keys", path.name):
            yield f"{name}: belongs to one machine"
        elif path.stat().st_size < 100_000 and PRIVATE_KEY.search(path.read_bytes()):
            yield f"{name}: a private key"


def walk_files(root: Path) -> Iterator[Path]:
    """Every regular file below a folder except what never reaches the root partition."""
    skipped = {root / "var", root / "proc", root / "sys", root / "dev", root / "run", root / "work"}
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if Path(folder, name) not in skipped]
        yield from (path for name in files if (path := Path(folder, name)).is_file() and not path.is_symlink())


def run_finalize(environment: Mapping[str, str]) -> None:
    """mkosi.finalize: what depends on this project's files."""
    profiles = environment.get("PROFILES", "").replace(",", " ").split()
    root, source = Path(environment["BUILDROOT"]), Path(environment["SRCDIR"])
    for folder in (source, *(source / "profiles" / name for name in profiles)):
        restore_modes(root, folder / "mkosi.extra")
    restore_modes(root, source / "src/patronus", PACKAGE)
    restore_modes(root, root / TRUST, TRUST)
    finish_root(root, version=environment["IMAGE_VERSION"], profiles=profiles)


def run_finalize_initrd(environment: Mapping[str, str]) -> None:
    """images/initrd/mkosi.finalize: its files come from two folders."""
    for folder in ("mkosi.extra", "images/initrd/mkosi.extra"):
        restore_modes(Path(environment["BUILDROOT"]), Path(environment["SRCDIR"]) / folder)
