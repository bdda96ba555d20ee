"""Who is at the other end of a connection, by what the kernel says (SO_PEERCRED, unix(7))."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from typing import NamedTuple

from patronus.ops.registry import ROLE_GROUPS, Role


class Peer(NamedTuple):
    """A caller and the highest role one of its groups gives it."""

    name: str
    role: Role


def identify(stream: socket.socket) -> Peer:
    """Return the caller; a user nobody knows is nobody."""
    uid, gid = _read_ids(stream)
    if uid == 0:
        return Peer("root", Role.ROOT)
    try:
        name = pwd.getpwuid(uid).pw_name
        groups = {_group_name(group) for group in os.getgrouplist(name, gid)}
    except KeyError:
        return Peer(str(uid), Role.NOBODY)
    return Peer(name, max((role for group, role in ROLE_GROUPS.items() if group in groups), default=Role.NOBODY))


def _read_ids(stream: socket.socket) -> tuple[int, int]:
    raw = stream.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _pid, uid, gid = struct.unpack("3i", raw)
    return uid, gid


def _group_name(gid: int) -> str:
    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return ""
