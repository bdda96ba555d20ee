"""Boot step on a box without a confirmed generation: takes signed bundles from sticks labelled PATRONUS.

A bundle is kept only when this box would accept it. Of a file that is none, the first 80 bytes are read; of one that
nobody trusted has signed, nothing is parsed.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from itertools import islice
from pathlib import Path

from patronus.boot.choose import verify_new
from patronus.boot.failure import printable
from patronus.host.files import write_atomically
from patronus.host.layout import Layout
from patronus.host.run import run
from patronus.host.stick import plugged_in
from patronus.host.trust import read_trust
from patronus.trust.format import HEADER_SIZE, MAX_BUNDLE, open_header
from patronus.trust.refusal import refuse
from patronus.values.problem import Problem, Refused

LOAD, APPLY = "patronus-load.service", "patronus-apply.service"
MAX_FILES = 16
MAX_ENTRIES = 10_000


def main() -> int:
    """Run as a unit, before the configuration is chosen and whenever such a stick is plugged in."""
    layout = Layout()
    try:
        with plugged_in(layout) as folder:
            taken, problems = take_from(layout, folder)
    except Refused as refused:
        taken, problems = [], [f"{problem.message}; {problem.hint}" for problem in refused.problems]
    _tell(problems, layout)
    if taken:
        _choose_again()
    return 0


def _choose_again() -> None:
    """Repeat a choice that failed, or whose document did not fit. One that is still to come waits for this unit.

    Nothing here waits for it in turn. A step that has not given up yet is ended: it would not look again.
    """
    if _state_of(LOAD) == "activating":  # it may have looked already: wait for its end, systemctl(1) start
        run("systemctl", "start", LOAD, check=False)
    if "failed" in (_state_of(LOAD), _state_of(APPLY)):
        run("systemctl", "reset-failed", LOAD, APPLY, check=False)
        run("systemctl", "restart", "--no-block", LOAD, APPLY, "patronus-configured.target")


def _state_of(unit: str) -> str:
    return run("systemctl", "show", "--value", "--property=ActiveState", unit).stdout.decode().strip()


def take_from(layout: Layout, folder: Path) -> tuple[list[Path], list[str]]:
    """Copy what this box accepts to the config partition; return the copies, and what is wrong with the rest."""
    taken: list[Path] = []
    problems: list[str] = []
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in islice(entries, MAX_ENTRIES) if entry.name.endswith(".bundle"))
    for name in names[:MAX_FILES]:
        try:
            taken.append(_take(layout, folder / name))
        except Refused as refused:
            problems += [f"{name}: {problem.message}" for problem in refused.problems]
        except OSError as error:  # of a damaged file system, one file may be whole
            problems.append(f"{name}: {error.strerror}")
    return taken, problems or ([] if taken else ["there is no file named *.bundle on it"])


def _take(layout: Layout, path: Path) -> Path:
    bundle = read_carefully(path)
    verify_new(layout, read_trust(layout), bundle, highest_serial=None)
    target = layout.config / "incoming" / f"stick-{hashlib.sha256(bundle).hexdigest()[:16]}.bundle"
    write_atomically(target, bundle, 0o600, durable=True)
    return target


def read_carefully(path: Path) -> bytes:
    """The bytes of a bundle from a stranger's file system: a plain file, as long as its header says. Raises Refused."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise Refused([Problem("", f"it cannot be opened: {error.strerror}", "copy it again")]) from error
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Refused([Problem("", "it is no plain file", "copy the bundle itself, not a link to it")])
        header = os.read(descriptor, HEADER_SIZE)
        expected = open_header(header).total_length
        if expected != status.st_size or expected > MAX_BUNDLE:
            message = f"The file has {status.st_size} bytes, its header says {expected}."
            raise refuse("truncated", message, "Copy the bundle again.")
        os.lseek(descriptor, 0, os.SEEK_SET)
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(expected)
    finally:
        os.close(descriptor)


def _tell(problems: list[str], layout: Layout) -> None:
    for problem in problems:
        print(f"<4>stick: {printable(problem)}", file=sys.stderr)
    text = "".join(f"*** Stick: {printable(problem)}\n" for problem in problems[:5]).replace("\\", "\\\\")
    write_atomically(layout.root / "run/issue.d/60-stick.issue", text.encode())


if __name__ == "__main__":
    sys.exit(main())
