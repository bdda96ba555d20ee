"""A time server for the lab, and the question a client asks one: SNTP as of RFC 4330, with this machine's own clock."""

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass

from tests.vm.driver.peer import Peer

PORT = 123
CLIENT, SERVER = 3, 4
# Seconds from 1900, the beginning of NTP's time, to 1970.
EPOCH = 2208988800
PACKET = struct.Struct(">BBbb11I")


@dataclass(frozen=True)
class TimeAnswer:
    """What a time server says: leap 3 and stratum 0 mean that it does not know the time itself.

    `offset` is how far its clock is from this machine's, in seconds; the way there and back counts as equally long.
    """

    leap: int
    stratum: int
    offset: float


class TimeServer:
    """Answers every question on UDP port 123 of one address, as a stratum 1 server, until closed."""

    def __init__(self, peer: Peer, address: str, *, ahead: float = 0) -> None:
        """`ahead` is how many seconds its clock is ahead of this machine's."""
        self._ahead = ahead
        self._socket = peer.make_socket(address, socket.SOCK_DGRAM)
        self._socket.bind((address, PORT))
        self.asked = 0
        threading.Thread(target=self._serve, name="time", daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                question, client = self._socket.recvfrom(1024)
                if len(question) >= PACKET.size and question[0] & 7 == CLIENT:
                    self.asked += 1
                    self._socket.sendto(_answer(question, time.time() + self._ahead), client)

    def close(self) -> None:
        """Stops answering."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def _answer(question: bytes, seconds: float) -> bytes:
    now = _write_time(seconds)
    version_and_mode = 4 << 3 | SERVER
    return PACKET.pack(version_and_mode, 1, 6, -20, 0, 0, 0x4C414200, *now, *_origin(question), *now, *now)


def _origin(question: bytes) -> tuple[int, int]:
    fields = PACKET.unpack(question[: PACKET.size])
    return fields[13], fields[14]


def _write_time(seconds: float) -> tuple[int, int]:
    return int(seconds) + EPOCH, int(seconds % 1 * 2**32)


def ask_time(peer: Peer, server: str, *, seconds: float) -> TimeAnswer | None:
    """Ask a server for the time as this peer; None when no answer came within `seconds`."""
    question = PACKET.pack(4 << 3 | CLIENT, 0, 6, -20, 0, 0, 0, *[0] * 6, *_write_time(time.time()))
    with peer.make_socket(server, socket.SOCK_DGRAM) as client:
        client.settimeout(seconds)
        asked = time.time()
        client.sendto(question, (server, PORT))
        try:
            fields = PACKET.unpack(client.recv(1024)[: PACKET.size])
        except OSError:
            return None
    told = fields[13] - EPOCH + fields[14] / 2**32
    return TimeAnswer(fields[0] >> 6, fields[1], told - (asked + time.time()) / 2)
