"""Shows one side of the running box as its own tools print it, at most LONGEST lines."""

from __future__ import annotations

from patronus.host.run import run

LONGEST = 500
_COMMANDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "routes": (("ip", "-4", "route", "show", "table", "all"), ("ip", "-6", "route", "show", "table", "all")),
    "neighbours": (("ip", "neighbour", "show"),),
    "sockets": (("ss", "--no-header", "-tulpn"),),
    "services": (("systemctl", "--no-pager", "--plain", "--no-legend", "--failed"),),
    "journal": (("journalctl", "--no-pager", "-b", "-p", "warning", "-n", "200", "-o", "short"),),
    "memory": (("uptime",), ("free", "-m")),
    "disks": (("df", "-h", "-x", "tmpfs", "-x", "devtmpfs", "-x", "efivarfs"),),
}


def show(topic: str) -> list[str]:
    """Return what the topic's commands print, errors included; the newest lines when there are too many."""
    lines: list[str] = []
    for argv in _COMMANDS[topic]:
        done = run(*argv, check=False, timeout=30)
        lines += (done.stdout + done.stderr).decode(errors="replace").splitlines()
    return lines[-LONGEST:] or ["nothing"]
