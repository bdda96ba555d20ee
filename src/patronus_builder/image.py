"""`make image`: has mkosi build the root, its verity data and the kernel image, then puts a disk together from them."""

import os
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from patronus_builder import host
from patronus_builder.cache import REPOSITORY, cache_folder, cache_root, key_of, locked
from patronus_builder.disk import DISK, assemble
from patronus_builder.messages import die, step
from patronus_builder.mkosi import run_mkosi
from patronus_builder.tools import make_sandbox_tree, make_tools, package_cache

BUILD_FOLDER = REPOSITORY / "build"
PARTS_FOLDER = BUILD_FOLDER / "image"
# What a build takes of the cache (packages, incremental cache, work space) and of build/, in GB; measured: 2.5 and 1.2.
NEEDED_SPACE = 3
PREPARATION = REPOSITORY / "src" / "patronus_builder" / "prepare.py"
DEFAULT_VERSION = "0.1.0"
# Documents compare the numbers. A GPT label has 36 characters (UEFI 2.10, table 5.6), and the root's begins with
# `patronus_`; `+` counts starts in the kernel image's name (systemd-boot(7)).
VERSION = re.compile(r"[0-9][0-9A-Za-z.~-]{0,26}")
# 2026-01-01, for a source tree without git: any fixed moment will do, as long as it is the same one everywhere.
FALLBACK_EPOCH = "1767225600"
# All that an image is made from besides Debian's packages and the caller's choices.
INPUTS = (
    "firstboot",
    "images",
    "mkosi.conf",
    "mkosi.extra",
    "mkosi.finalize",
    "mkosi.prepare",
    "mkosi.repart",
    "mkosi.tools.conf",
    "profiles",
    "src/patronus",
    "src/patronus_builder/disk.py",
    "src/patronus_builder/prepare.py",
    "src/patronus_builder/rootfs.py",
)


@dataclass(frozen=True)
class ImageRequest:
    """What of an image is the caller's choice."""

    profiles: Sequence[str]
    version: str = DEFAULT_VERSION
    trust: Path | None = None
    release: bool = False


def build_image(request: ImageRequest) -> Path:
    """Build the parts and the disk `build/patronus.raw` unless nothing changed since; returns the disk's path."""
    check_profiles(request.profiles)
    check_version(request.version)
    make_tools()
    mark = PARTS_FOLDER / "inputs"
    with locked("image"):
        key = digest_inputs(request)
        if mark.exists() and mark.read_text() == key and DISK.exists():
            return DISK
        mark.unlink(missing_ok=True)
        build_parts(request)
        step("putting the disk together", about="5 s")
        assemble(PARTS_FOLDER, DISK)
        mark.write_text(key)
        return DISK


def digest_inputs(request: ImageRequest) -> str:
    """A key that changes with what is in this tree. Newer Debian packages do not count: `make clean` asks for them."""
    folders = [REPOSITORY / name for name in INPUTS] + ([request.trust] if request.trust else [])
    parts: list[str | bytes] = [repr((sorted(request.profiles), request.version, request.release)), find_epoch()]
    for path in (path for folder in folders for path in [folder, *sorted(folder.rglob("*"))]):
        if path.is_symlink():
            parts += [str(path), str(path.readlink())]
        elif path.is_file() and "__pycache__" not in path.parts:
            parts += [str(path), str(path.stat().st_mode), path.read_bytes()]
    return key_of(*parts)


def build_parts(request: ImageRequest) -> None:
    """Run mkosi; its incremental cache is kept per set of profiles."""
    tools = make_tools()
    profiles = [*request.profiles, *(["release"] if request.release else [])]
    for folder in (cache_root(), BUILD_FOLDER):
        host.require_space(folder, NEEDED_SPACE)
    step(f"building the image with the profiles {' '.join(request.profiles)}", about="2 min at first, then 30 s")
    cache = cache_folder("images", key_of(*profiles))
    arguments = [
        f"--tools-tree={tools}",
        f"--sandbox-tree={make_sandbox_tree()}",
        f"--package-cache-dir={package_cache()}",
        f"--cache-directory={cache}",
        f"--profile={','.join(profiles)}",
        f"--image-version={request.version}",
        f"--source-date-epoch={find_epoch()}",
        "--output=image",
        "--force",
        *forget_stale_packages(cache),
    ]
    if request.trust:
        arguments.append(f"--extra-tree={request.trust.resolve()}:/usr/lib/patronus/trust")
    run_mkosi([*arguments, "build"], log=BUILD_FOLDER / "logs" / "image.log")
    (PARTS_FOLDER / "version").write_text(f"{request.version}\n")
    (PARTS_FOLDER / "epoch").write_text(f"{find_epoch()}\n")


def forget_stale_packages(cache: Path) -> list[str]:
    """What makes mkosi drop its incremental cache when the preparation it went through has changed since."""
    stamp, wanted = cache / "prepared", key_of(PREPARATION.read_bytes(), *host.act_as_root([]))
    fresh = stamp.exists() and stamp.read_text() == wanted
    stamp.write_text(wanted)
    return [] if fresh else ["--force"]


def find_profiles() -> list[str]:
    """The names of all profiles, sorted."""
    return sorted(path.name for path in (REPOSITORY / "profiles").iterdir() if path.is_dir())


def check_profiles(names: Sequence[str]) -> None:
    """End the program when there is no such folder."""
    known = find_profiles()
    for name in names:
        if name not in known:
            die(f"there is no profile {name}", hint=f"known are: {', '.join(known)}")


def check_version(text: str) -> None:
    """End the program when this is no version: documents compare it, files and partitions have it in their names."""
    if not VERSION.fullmatch(text):
        hint = "VERSION=1.2.3: a number, then letters, digits and .-~, at most 27 characters"
        die(f"'{text}' is no version of an image", hint=hint)


def find_epoch() -> str:
    """Seconds since 1970 to which file times are clamped: SOURCE_DATE_EPOCH, else when an input was last committed."""
    if chosen := os.environ.get("SOURCE_DATE_EPOCH"):
        return chosen
    command = ["git", "-C", str(REPOSITORY), "log", "-1", "--format=%ct", "--", *INPUTS]
    found = subprocess.run(command, capture_output=True, text=True)
    return found.stdout.strip() or FALLBACK_EPOCH
