"""Network namespaces without names: held open by a descriptor, entered by one thread at a time, gone with the test.

Needs CAP_SYS_ADMIN in some user namespace: root has it, others get one of their own (see `gain_network_rights`).
"""

import ctypes
import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

CLONE_NEWUSER = 0x10000000
CLONE_NEWNET = 0x40000000
THREAD_NETNS = "/proc/thread-self/ns/net"
# linux/if_tun.h
TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000

_libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments: int) -> None:
    if getattr(_libc, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def gain_network_rights() -> None:
    """Makes sure that this process may make network namespaces; call it before the first thread starts.

    A user without the right moves into a user namespace where it is root and nothing else is different.
    """
    try:
        _call("unshare", CLONE_NEWNET)
    except PermissionError:
        uid, gid = os.getuid(), os.getgid()
        _call("unshare", CLONE_NEWUSER | CLONE_NEWNET)
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"0 {uid} 1")
        Path("/proc/self/gid_map").write_text(f"0 {gid} 1")


class Namespace:
    """One network namespace; it lives as long as this object or a process in it."""

    def __init__(self) -> None:
        before = os.open(THREAD_NETNS, os.O_RDONLY | os.O_CLOEXEC)
        try:
            _call("unshare", CLONE_NEWNET)
            self.fd = os.open(THREAD_NETNS, os.O_RDONLY | os.O_CLOEXEC)
            # Duplicate address detection delays every IPv6 address by a second and finds nothing in a lab.
            Path("/proc/sys/net/ipv6/conf/all/accept_dad").write_text("0")
            Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0")
        finally:
            _call("setns", before, CLONE_NEWNET)
            os.close(before)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """The calling thread is inside: sockets it makes and processes it starts belong to this namespace."""
        before = os.open(THREAD_NETNS, os.O_RDONLY | os.O_CLOEXEC)
        _call("setns", self.fd, CLONE_NEWNET)
        try:
            yield
        finally:
            _call("setns", before, CLONE_NEWNET)
            os.close(before)

    def open_tap(self, name: str) -> int:
        """Makes a tap device here and returns its other end, to be a virtual machine's cable.

        With VNET_HDR, so that the guest and the kernel hand each other large unchecksummed packets as real cards do.
        """
        with self.entered():
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
            request = struct.pack("16sH22x", name.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)
            fcntl.ioctl(fd, TUNSETIFF, request)
        return fd

    def close(self) -> None:
        """Gives the namespace up."""
        os.close(self.fd)
