"""A host beside the router: one network namespace whose eth0 is the far end of a router's cable."""

import json
import os
import re
import socket
import subprocess
from collections.abc import Mapping, Sequence
from enum import Enum
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from tests.vm.driver.dhcp import Lease, ask_for_lease
from tests.vm.driver.netns import Namespace
from tests.vm.driver.services import EchoServer, UdpEchoServer
from tests.vm.driver.waiting import PATIENCE, wait_for

CABLE = "eth0"
# How long an answer may take that has to come. A story that expects silence says itself how long it listens.
ANSWER_SECONDS = 60
# A question to a name server is repeated as every resolver on a host does it: Unbound gives no late answers
# (discard-timeout in unbound.conf(5)), but the next question gets from its cache what the first one found too late.
DNS_SECONDS = 3


class Answer(Enum):
    """What became of a connection attempt."""

    OPEN = "open"
    REFUSED = "refused"
    SILENT = "silent"
    UNREACHABLE = "unreachable"


class Peer:
    """Runs programs and makes connections as that host. Addresses are plain text, v4 or v6."""

    def __init__(self, name: str, folder: Path) -> None:
        """Makes the namespace with its loopback and its cable's end up, and records what passes in `folder`."""
        self.name = name
        self.folder = folder
        self.namespace = Namespace()
        self._children: list[subprocess.Popen[bytes]] = []
        self._closers: list[EchoServer | UdpEchoServer] = []
        self.cable_fd = self.namespace.open_tap(CABLE)
        self.run("ip", "link", "set", "lo", "up")
        self.run("ip", "link", "set", CABLE, "up")

    @property
    def mac(self) -> str:
        """The address of its card."""
        return str(self._read_json("ip", "-j", "link", "show", CABLE)[0]["address"])

    @property
    def capture_file(self) -> Path:
        """Where `record` writes."""
        return self.folder / f"{self.name}.pcap"

    def run(self, *argv: str, check: bool = True, timeout: float = PATIENCE) -> subprocess.CompletedProcess[str]:
        """Runs a program to its end; raises AssertionError with its words when it fails and `check` is set."""
        with self.namespace.entered():
            done = subprocess.run(argv, capture_output=True, text=True, timeout=timeout, check=False)
        if check and done.returncode != 0:
            raise AssertionError(
                f"{self.name}: {' '.join(argv)} ended with {done.returncode}\n{done.stdout}{done.stderr}"
            )
        return done

    def spawn(self, *argv: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Starts a program that goes on in the background; its words go to a log file, it ends with the lab."""
        log = self.folder / f"{self.name}-{Path(argv[0]).name}.log"
        with self.namespace.entered(), log.open("ab") as output:
            child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *argv],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=None if environment is None else dict(environment),
            )
        self._children.append(child)
        return child

    def record(self) -> None:
        """Records the cable's traffic from now on, for the evidence."""
        self.spawn("tcpdump", "-i", CABLE, "-U", "-Z", "root", "-s", "256", "-w", str(self.capture_file))

    def senders(self, packets: str) -> set[str]:
        """Who has sent such packets (pcap-filter(7), UDP or TCP) on the cable since `record`."""
        argv = ("tcpdump", "-Z", "root", "-n", "-t", "-r", str(self.capture_file), packets)
        # It is still being written: a packet cut short at the end of the file is no failure.
        lines = self.run(*argv, check=False).stdout.splitlines()
        return {line.split()[1].rpartition(".")[0] for line in lines}

    def add_address(self, address: str, *, device: str = CABLE) -> None:
        """Gives an interface an address with prefix length."""
        options = ["nodad"] if ":" in address else []
        self.run("ip", "address", "replace", address, "dev", device, *options)

    def add_route(self, destination: str, via: str) -> None:
        """Adds a route through a gateway on the cable."""
        family = "-6" if ":" in via else "-4"
        self.run("ip", family, "route", "replace", destination, "via", via, "dev", CABLE, "onlink")

    def take_lease(self, *, seconds: int = int(PATIENCE), hostname: str = "") -> Lease:
        """Asks for an IPv4 lease as a DHCP client does, and uses it: address and default route."""
        with self.namespace.entered():
            lease = ask_for_lease(CABLE, self.folder, seconds=seconds, hostname=hostname)
        self.add_address(lease.address)
        if lease.routers:
            self.add_route("default", lease.routers[0])
        return lease

    def addresses(self, family: int) -> list[str]:
        """The global addresses (4 or 6) on the cable, without those still tentative."""
        found = self._read_json("ip", "-j", f"-{family}", "address", "show", "dev", CABLE, "scope", "global")
        infos = [info for link in found for info in link.get("addr_info", [])]
        # ip(8) leaves empty objects where its filter dropped an address.
        return [str(info["local"]) for info in infos if "local" in info and not info.get("tentative")]

    def neighbours(self, address: str) -> Any:
        """What this host knows of an address on its cable: ip-neighbour(8) as data."""
        return self._read_json("ip", "-j", "neighbour", "show", "to", address, "dev", CABLE)

    def wait_for_ipv6(self) -> str:
        """The first global IPv6 address that router advertisements gave this host."""
        return wait_for(lambda: next(iter(self.addresses(6)), None), what=f"an IPv6 address on {self.name}")

    def pings(self, target: str, *, seconds: int = ANSWER_SECONDS) -> bool:
        """Whether the target answers one of the echo requests of so many seconds."""
        return self.run("ping", "-n", "-c", "1", "-w", str(seconds), target, check=False).returncode == 0

    def connect(self, host: str, port: int, *, seconds: float = ANSWER_SECONDS) -> Answer:
        """Tries a TCP connection and says what came back."""
        try:
            with self.open_connection(host, port, seconds=seconds):
                return Answer.OPEN
        except ConnectionRefusedError:
            return Answer.REFUSED
        except TimeoutError:
            return Answer.SILENT
        except OSError:
            return Answer.UNREACHABLE

    def can_connect(self, host: str, port: int, *, seconds: float = ANSWER_SECONDS) -> bool:
        """Whether a TCP connection opens."""
        return self.connect(host, port, seconds=seconds) is Answer.OPEN

    def open_connection(self, host: str, port: int, *, seconds: float = ANSWER_SECONDS) -> socket.socket:
        """An open TCP connection; raises OSError."""
        client = self.make_socket(host, socket.SOCK_STREAM)
        client.settimeout(seconds)
        try:
            client.connect((host, port))
        except BaseException:
            client.close()
            raise
        return client

    def echo(self, host: str, port: int, text: str = "hello", *, seconds: float = ANSWER_SECONDS) -> str:
        """Sends text over TCP and returns what came back."""
        with self.open_connection(host, port, seconds=seconds) as client:
            client.sendall(text.encode())
            return client.recv(4096).decode()

    def echo_udp(self, host: str, port: int, text: str = "hello", *, seconds: float = ANSWER_SECONDS) -> str | None:
        """Sends one datagram and returns the answer, None when there is none within `seconds`."""
        with self.make_socket(host, socket.SOCK_DGRAM) as client:
            client.settimeout(seconds)
            client.sendto(text.encode(), (host, port))
            try:
                return client.recv(4096).decode()
            except OSError:
                return None

    def make_socket(self, host: str, kind: socket.SocketKind) -> socket.socket:
        """A socket of this host, of the family that reaches the address `host`."""
        family = socket.AF_INET6 if ip_address(host).version == 6 else socket.AF_INET
        with self.namespace.entered():
            return socket.socket(family, kind)

    def serve_echo(self, port: int, *, address: str = "::") -> EchoServer:
        """Starts a TCP server that repeats what it gets and remembers who came."""
        with self.namespace.entered():
            server = EchoServer(address, port)
        self._closers.append(server)
        return server

    def serve_udp_echo(self, port: int, *, address: str = "::") -> UdpEchoServer:
        """Starts a UDP server that repeats what it gets and remembers who came.

        A host with several addresses must name the one it is asked at: the kernel answers from the one that is nearest.
        """
        with self.namespace.entered():
            server = UdpEchoServer(address, port)
        self._closers.append(server)
        return server

    def resolve(
        self, name: str, server: str, kind: str = "A", *, checked: bool = True, patience: int = ANSWER_SECONDS
    ) -> list[str]:
        """What a DNS server answers for a name; empty when it has no such record, or is silent for `patience` seconds.

        Not `checked`: the server is asked to pass on what it did not validate.
        """
        options = ["+short", *([] if checked else ["+cdflag"])]
        lines = self._dig(name, server, kind, *options, patience=patience).splitlines()
        return [line for line in lines if not line.startswith(";")]

    def dns_status(self, name: str, server: str, kind: str = "A", *, patience: int = ANSWER_SECONDS) -> str:
        """The status word of a DNS answer, such as NOERROR or SERVFAIL; empty when none came for `patience` seconds."""
        found = re.search(r"status: (\w+)", self._dig(name, server, kind, patience=patience))
        return found[1] if found else ""

    def is_signed(self, name: str, server: str) -> bool:
        """Whether a DNS server says that it has validated what it answers (the flag AD of RFC 4035)."""
        found = re.search(r"flags: ([a-z ]+);", self._dig(name, server, "A", "+adflag", patience=ANSWER_SECONDS))
        return found is not None and "ad" in found[1].split()

    def _dig(self, name: str, server: str, kind: str, *options: str, patience: int) -> str:
        tries = f"+tries={max(1, patience // DNS_SECONDS)}"
        return self.run("dig", tries, f"+time={DNS_SECONDS}", *options, f"@{server}", name, kind, check=False).stdout

    def close(self) -> None:
        """Ends its programs and servers."""
        for server in self._closers:
            server.close()
        for child in self._children:
            child.terminate()
        for child in self._children:
            try:
                child.wait(timeout=ANSWER_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        os.close(self.cable_fd)
        self.namespace.close()

    def _read_json(self, *argv: str) -> Any:
        return json.loads(self.run(*argv).stdout)

    def check_children(self) -> Sequence[str]:
        """The background programs that ended by themselves, which is always a fault of the lab."""
        return [str(child.args) for child in self._children if child.poll() is not None]
