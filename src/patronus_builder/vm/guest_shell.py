"""A root shell on a virtio-serial port, inside the guest. Its source text travels as a systemd credential.

A plain virtio-serial port is not a terminal, so that the shell gets a pseudo-terminal of its own and this program
copies between the two. A new shell starts whenever the last one ended.
"""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

ROWS, COLUMNS = 24, 80


def start_shell() -> tuple[int, int]:
    """Forks bash on a new pseudo-terminal; returns its pid and our end."""
    pid, master = pty.fork()
    if pid == 0:
        os.chdir("/root" if os.path.isdir("/root") else "/")  # noqa: PTH112
        environment = {"TERM": "xterm-256color", "HOME": "/root", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        os.execve("/bin/bash", ["bash", "-i"], {**environment, "LC_ALL": "C.UTF-8", "HISTFILE": ""})  # noqa: S606
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    return pid, master


def copy(port: int, master: int) -> None:
    """Copies both ways until the shell ends."""
    while True:
        ready, _, _ = select.select([port, master], [], [], 1)
        if master in ready:
            try:
                data = os.read(master, 65536)
            except OSError:  # the shell ended
                return
            os.write(port, data)
        if port in ready:
            data = os.read(port, 65536)
            if data:
                os.write(master, data)
            else:  # nobody is attached
                time.sleep(0.2)


def serve(path: str) -> None:
    """One shell after the other."""
    port = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    while True:
        pid, master = start_shell()
        copy(port, master)
        os.close(master)
        os.waitpid(pid, 0)


if __name__ == "__main__":
    serve(sys.argv[1])
