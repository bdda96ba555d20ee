"""Servers of the lab that answer what they are sent and remember who sent it."""

import contextlib
import socket
import threading


def _bind(address: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """A bound socket; "::" also takes IPv4, whose addresses `_plain` writes the usual way."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server = socket.socket(family, kind)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if address == "::":
        server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    server.bind((address, port))
    return server


def _plain(address: str) -> str:
    return address.removeprefix("::ffff:")


class EchoServer:
    """TCP: sends back what it gets; `seen` lists the addresses that connected, in order."""

    def __init__(self, address: str, port: int) -> None:
        self.seen: list[str] = []
        self._socket = _bind(address, port, socket.SOCK_STREAM)
        self._socket.listen(64)
        threading.Thread(target=self._accept_forever, name=f"echo-{port}", daemon=True).start()

    def close(self) -> None:
        """Stops listening; open connections go on until their other end closes."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept_forever(self) -> None:
        while True:
            try:
                client, address = self._socket.accept()
            except OSError:
                return
            self.seen.append(_plain(address[0]))
            threading.Thread(target=self._repeat, args=(client,), daemon=True).start()

    @staticmethod
    def _repeat(client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            while data := client.recv(65536):
                client.sendall(data)


class UdpEchoServer:
    """UDP: sends back what it gets; `seen` lists the sender of every datagram."""

    def __init__(self, address: str, port: int) -> None:
        self.seen: list[str] = []
        self._socket = _bind(address, port, socket.SOCK_DGRAM)
        self._open = threading.Event()
        self._open.set()
        threading.Thread(target=self._answer_forever, name=f"udp-echo-{port}", daemon=True).start()

    def close(self) -> None:
        """Stops answering."""
        self._open.clear()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _answer_forever(self) -> None:
        while self._open.is_set():
            # An error may stand for an earlier answer that nobody took (ICMP); only `close` ends the service.
            with contextlib.suppress(OSError):
                data, address = self._socket.recvfrom(65536)
                if address:  # there is none when `close` wakes us up
                    self.seen.append(_plain(address[0]))
                    self._socket.sendto(data, address)
