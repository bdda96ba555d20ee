"""The tools tree: Debian trixie's programs that build, check and boot the image, so that the host needs none."""

import shutil
from pathlib import Path

from patronus_builder import host
from patronus_builder.cache import REPOSITORY, cache_folder, key_of, locked
from patronus_builder.debian import RELEASE, find_mirrors, format_apt_settings, format_sources
from patronus_builder.messages import step
from patronus_builder.mkosi import fetch_mkosi, run_mkosi

DEFINITION = REPOSITORY / "mkosi.tools.conf"
# What the tools tree, the packages and the first image take of the cache, in GB (measured: 3.0).
FIRST_BUILD = 4
SUITES = (RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security")


def make_sandbox_tree() -> Path:
    """What tells mkosi's apt its mirrors and settings; mkosi's own list names archives that few mirrors have."""
    sources, settings = format_sources(*SUITES), format_apt_settings()
    folder = cache_folder("sandbox-tree", key_of(sources, settings))
    for name, text in {"sources.list.d/mkosi.sources": sources, "apt.conf.d/50host": settings}.items():
        file = folder / "etc/apt" / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    return folder


def package_cache() -> Path:
    """Downloaded packages, shared by every build from the same mirror."""
    return cache_folder("packages", key_of(find_mirrors().archive))


def tools_path() -> Path:
    """Where the tree made from the present definition is, or will be."""
    return cache_folder("tools") / key_of(DEFINITION.read_bytes(), RELEASE, fetch_mkosi().parts[-5])


def make_tools() -> Path:
    """Build the tools tree unless it exists; returns its root folder."""
    host.require_packages(image=True)
    with locked("tools"):
        path = tools_path()
        if not (path / "usr").is_dir():
            step("building the tools tree: QEMU, systemd-repart and the test programs of Debian trixie", about="1 min")
            _build(path)
        return path


def _build(path: Path) -> None:
    host.require_space(path.parent, FIRST_BUILD)
    staging = path.parent / "staging"
    run_mkosi(
        [
            "--directory=",
            f"--include={DEFINITION}",
            "--include=mkosi-tools",
            f"--sandbox-tree={make_sandbox_tree()}",
            f"--package-cache-dir={package_cache()}",
            f"--output-directory={staging}",
            "--output=tree",
            "--force",
            "build",
        ],
        folder=path.parent,
        log=cache_folder("logs") / "tools.log",
    )
    (staging / "tree").rename(path)
    shutil.rmtree(staging)
