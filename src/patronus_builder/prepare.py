"""What is done to the freshly installed packages, once: mkosi's incremental cache holds the result.

A change of this file makes the next build start from nothing.
"""

import compileall
import lzma
import py_compile
from collections.abc import Mapping, Sequence
from pathlib import Path

PYTHON_FOLDERS = ("usr/lib/python3", "usr/lib/python3.13")


def compile_python(root: Path, folders: Sequence[str] = PYTHON_FOLDERS) -> None:
    """Byte-compile modules without time stamps, which the clamped ones of a read-only root would never match."""
    for folder in folders:
        compileall.compile_dir(
            root / folder,
            stripdir=str(root),
            prependdir="/",
            quiet=1,
            force=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


def unpack_modules(root: Path) -> None:
    """Unpack the kernel's modules: the file system compresses them anyway, and loading gets several times faster."""
    for path in sorted(root.glob("usr/lib/modules/**/*.ko.xz")):
        path.with_suffix("").write_bytes(lzma.decompress(path.read_bytes()))
        path.unlink()


def run_prepare(environment: Mapping[str, str]) -> None:
    """mkosi.prepare: what is slow and depends on packages only, so that the incremental cache holds it."""
    root = Path(environment["BUILDROOT"])
    compile_python(root)
    unpack_modules(root)
