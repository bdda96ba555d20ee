"""Kernel tunables and the host name."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from patronus.host.files import write_atomically
from patronus.host.run import CommandFailed
from patronus.values.fragments import Sysctl

_PROC_SYS = Path("/proc/sys")
_HOSTNAME = "kernel.hostname"


def set_sysctls(sysctls: Iterable[Sysctl], originals: Path) -> None:
    """Set tunables, remember what each was before (`originals`, JSON), and give back those no longer asked for.

    What was before is on disk before anything is written, so that a failure half-way can be undone.
    """
    known: dict[str, str] = json.loads(originals.read_bytes()) if originals.exists() else {}
    wanted = {sysctl.key: sysctl.value for sysctl in sysctls}
    now = {key: _read(key) for key in wanted}
    _remember({**now, **known}, originals)
    for key in [key for key in known if key not in wanted]:
        _write(key, known[key])
    for key, value in wanted.items():
        if now[key].split() != value.split():
            _write(key, value)
    _remember({key: known.get(key, now[key]) for key in wanted}, originals)


def _remember(values: dict[str, str], originals: Path) -> None:
    write_atomically(originals, json.dumps(values, sort_keys=True).encode(), 0o600)


def _file(key: str) -> Path:
    """Return the file of a dotted key; a `/` in the key stands for a dot in an interface name (sysctl.d(5))."""
    return _PROC_SYS / key.translate(str.maketrans("./", "/."))


def _read(key: str) -> str:
    try:
        return _file(key).read_text().strip()
    except OSError as error:
        raise CommandFailed(["sysctl", key], 1, f"the kernel has no such setting: {error.strerror}") from error


def _write(key: str, value: str) -> None:
    try:
        _file(key).write_text(value)
    except OSError as error:
        raise CommandFailed(["sysctl", f"{key}={value}"], 1, error.strerror or str(error)) from error


def set_hostname(name: str) -> None:
    """Name the running kernel: through its file, because sethostname(2) takes the right to administer everything."""
    if name and _read(_HOSTNAME) != name:
        _write(_HOSTNAME, name)
