"""Starts programs: argument lists only, bounded in time, with a fixed environment."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from typing import NamedTuple

_ENVIRONMENT = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C.UTF-8",
    "SYSTEMD_COLORS": "0",
    "SYSTEMD_PAGER": "",
}


class CommandFailed(Exception):  # noqa: N818 - reads as what happened
    """A program refused or could not be started; `output` is what it printed, at most 4000 characters."""

    def __init__(self, argv: list[str], code: int, output: str) -> None:
        self.argv, self.code, self.output = argv, code, output[-4000:].strip()
        super().__init__(f"{' '.join(argv)} failed with code {code}: {self.output or 'no output'}")


class Done(NamedTuple):
    """What a finished program left."""

    code: int
    stdout: bytes
    stderr: bytes


def run(*argv: str, stdin: bytes = b"", timeout: float = 90.0, check: bool = True) -> Done:
    """Run a program to its end. `timeout` in seconds; raises CommandFailed on failure unless `check` is false."""
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, timeout=timeout, env=_ENVIRONMENT, check=False)
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(list(argv), -1, f"no end after {timeout:g} s") from error
    except OSError as error:
        raise CommandFailed(list(argv), -1, error.strerror or str(error)) from error
    if check and done.returncode:
        raise CommandFailed(list(argv), done.returncode, (done.stderr + b"\n" + done.stdout).decode(errors="replace"))
    return Done(done.returncode, done.stdout, done.stderr)


def stream(*argv: str, timeout: float) -> Iterator[str]:
    """Yield the lines a program prints, as they come. Raises CommandFailed, without output, when it ends in failure.

    For programs that end by themselves: the time is looked at when a line comes, and when the output is closed.
    """
    end = time.monotonic() + timeout
    try:
        program = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=_ENVIRONMENT
        )
    except OSError as error:
        raise CommandFailed(list(argv), -1, error.strerror or str(error)) from error
    with program:
        try:
            for line in program.stdout or ():
                yield line.decode(errors="replace").rstrip("\n")
                if time.monotonic() > end:
                    break
            code = program.wait(max(0.0, end - time.monotonic()))
        except subprocess.TimeoutExpired as error:
            raise CommandFailed(list(argv), -1, f"no end after {timeout:g} s") from error
        finally:
            program.kill()
    if code:
        raise CommandFailed(list(argv), code, "")
