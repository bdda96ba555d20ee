"""New connections as fast as they are answered, and packets that must never arrive, both at the same time."""

import socket
import threading
from types import TracebackType
from typing import Self

from tests.vm.driver.peer import Peer

WORKERS = 4
ANSWER_SECONDS = 30.0


class Flood:
    """While it is entered: every packet comes from a new port, so that the ruleset and not an old state decides.

    A worker sends its next packet when the last one was answered: the rate is what the box can do, and a packet that
    is missing was lost by the box and not by a full queue. `sent` and `lost` count these, `pushed` the forbidden ones.
    Beside them one connection goes on all the time: `kept` and `kept_lost` count its packets.
    """

    def __init__(self, peer: Peer, host: str, *, answering: int, silent: int) -> None:
        """`answering` is the port of a UDP echo server on `host`, `silent` one that the box blocks."""
        self.sent = self.lost = self.pushed = self.kept = self.kept_lost = 0
        self._peer = peer
        self._host = host
        self._count = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(answering,)) for _ in range(WORKERS)]
        self._threads.append(threading.Thread(target=self._keep, args=(answering,)))
        self._threads.append(threading.Thread(target=self._push, args=(silent,)))

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _ask(self, port: int) -> None:
        while not self._stop.is_set():
            answered = self._exchange(port)
            with self._count:
                self.sent += 1
                self.lost += not answered

    def _keep(self, port: int) -> None:
        with self._peer.make_socket(self._host, socket.SOCK_DGRAM) as client:
            while not self._stop.is_set():
                self.kept += 1
                self.kept_lost += not self._is_answered(client, port)

    def _exchange(self, port: int) -> bool:
        with self._peer.make_socket(self._host, socket.SOCK_DGRAM) as client:
            return self._is_answered(client, port)

    def _is_answered(self, client: socket.socket, port: int) -> bool:
        client.settimeout(ANSWER_SECONDS)
        client.sendto(b"?", (self._host, port))
        try:
            return client.recv(16) == b"?"
        except OSError:
            return False

    def _push(self, port: int) -> None:
        # At about the rate of the answered ones: an open loop would only fill the queue in front of the box.
        while not self._stop.is_set():
            with self._peer.make_socket(self._host, socket.SOCK_DGRAM) as client:
                client.sendto(b"!", (self._host, port))
            self.pushed += 1
            self._stop.wait(0.002)
