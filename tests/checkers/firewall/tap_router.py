"""A router without machine: a network namespace whose links are tap devices, so that a test hands the kernel a packet
and looks at what became of it. Packets are handled before `send` returns, so nothing here waits.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import socket
import struct
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.vm.driver.netns import Namespace

from patronus.firewall.counters import list_questions, read_counters
from patronus.firewall.handover import LISTINGS, write_handover

# linux/if_tun.h
_TUNSETIFF, _TAP_WITHOUT_HEADER = 0x400454CA, 0x0002 | 0x1000
_NETLINK_NETFILTER = 12
_SYSCTLS = {
    "net/ipv4/ip_forward": "1",
    "net/ipv6/conf/all/forwarding": "1",
    "net/ipv6/conf/all/accept_dad": "0",
    "net/ipv4/conf/all/rp_filter": "0",
    "net/ipv4/conf/default/rp_filter": "0",
}


def can_use_kernel() -> bool:
    """Rules need root in some namespace, and nft."""
    return os.geteuid() == 0 and shutil.which("nft") is not None


class TapRouter:
    """The kernel's packet path with the links of a ruleset. Links take no part in ARP or neighbour discovery."""

    def __init__(self, links: Sequence[str]) -> None:
        self._namespace = Namespace()
        self._fds: dict[str, int] = {}
        self._cards: dict[str, bytes] = {}
        self.run("ip", "link", "set", "lo", "up")
        for name, value in _SYSCTLS.items():
            self.set_sysctl(name, value)
        for link in links:
            self._add_link(link)

    def _add_link(self, name: str) -> None:
        with self._namespace.entered():
            fd = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC | os.O_NONBLOCK)
            fcntl.ioctl(fd, _TUNSETIFF, struct.pack("16sH22x", name.encode(), _TAP_WITHOUT_HEADER))
        self._fds[name] = fd
        self.run("ip", "link", "set", name, "arp", "off", "up")
        fields: list[dict[str, Any]] = json.loads(self.run("ip", "-j", "link", "show", name))
        self._cards[name] = bytes.fromhex(fields[0]["address"].replace(":", ""))
        self.set_sysctl(f"net/ipv4/conf/{name}/rp_filter", "0")
        self.drain(name)

    def set_sysctl(self, name: str, value: str) -> None:
        with self._namespace.entered():
            Path("/proc/sys", name).write_text(value)

    def run(self, *argv: str, text: str | None = None) -> str:
        """Run a program inside, with `text` as its input; raises with its words when it fails."""
        with self._namespace.entered():
            done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, f"{' '.join(argv)}: {done.stderr}"
        return done.stdout

    def load(self, ruleset: str) -> None:
        """Replace the ruleset as the box does."""
        listings = [json.loads(self.run("nft", "-t", "-j", *question.split())) for question in LISTINGS]
        self.run("nft", "-f", "-", text=write_handover(ruleset, listings))

    def load_afresh(self, ruleset: str) -> None:
        """Load a ruleset's own text, as into a kernel without one."""
        self.run("nft", "-f", "-", text=ruleset)

    def send(self, link: str, packet: bytes) -> None:
        """Let an IP packet arrive by a link."""
        kind = 0x86DD if packet[0] >> 4 == 6 else 0x0800
        os.write(self._fds[link], self._cards[link] + b"\x02\x00\x00\x00\x00\x01" + struct.pack("!H", kind) + packet)

    def forget_connections(self) -> None:
        """Empty the connection table (nfnetlink: IPCTNL_MSG_CT_DELETE without attributes)."""
        with (
            self._namespace.entered(),
            socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER) as netlink,
        ):
            netlink.send(struct.pack("=IHHII", 20, 0x0102, 0x5, 1, 0) + bytes(4))
            answer = netlink.recv(4096)
            assert struct.unpack_from("=i", answer, 16) == (0,)

    def drain(self, link: str) -> list[bytes]:
        """Return the IP packets that left by a link since last time."""
        found = []
        while select.select([self._fds[link]], [], [], 0)[0]:
            frame = os.read(self._fds[link], 65536)
            found.append(frame[14:])
        return found

    def counters(self) -> Counter[str]:
        """Return the packets each rule has counted, elements of folded maps included, as patronusd reads them."""
        table = json.loads(self.run("nft", "-t", "-j", "list", "table", "inet", "patronus"))
        maps = [json.loads(self.run("nft", "-j", *question.split())) for question in list_questions(table)]
        found: Counter[str] = Counter()
        for source, hits in read_counters([table, *maps]).items():
            owners = source.place == "firewall.rules"
            found[source.name if owners else f"{source.place}.{source.name}"] += hits.packets
        return +found

    def close(self) -> None:
        for fd in self._fds.values():
            os.close(fd)
        self._namespace.close()

    def __enter__(self) -> TapRouter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
