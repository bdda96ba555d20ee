"""A ruleset is replaced a hundred times under full load: no packet is lost, and none gets in."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.checkers.firewall import frames
from tests.checkers.firewall.tap_router import TapRouter, can_use_kernel
from tests.checkers.firewall.test_packets import CLIENT, HOUSE, OUTSIDE, house, ruleset_of

__all__ = ["house"]

pytestmark = pytest.mark.skipif(not can_use_kernel(), reason="needs root and nft")

RELOADS = 100
# Counts what passed the forward chain, apart from our own table.
PROBE = f"""
table inet probe
delete table inet probe
table inet probe {{
    chain passed {{
        type filter hook postrouting priority 300
        ip daddr {OUTSIDE} counter comment "out"
        oifname "lan" ip daddr {CLIENT} counter comment "in"
    }}
}}
"""


class Flood:
    """Sends packets of one known connection outwards, and ever new ones inwards, as fast as it can."""

    def __init__(self, router: TapRouter) -> None:
        self.sent = 0
        self._router = router
        self._stopping = False

    def run(self) -> None:
        out = frames.wrap(CLIENT, OUTSIDE, frames.UDP, frames.udp(4000, 53))
        inwards = [frames.wrap(OUTSIDE, CLIENT, frames.UDP, frames.udp(port, 53)) for port in range(1000, 3000)]
        while not self._stopping:
            self._router.send("lan", out)
            self._router.send("wan", inwards[self.sent % len(inwards)])
            self.sent += 1
            if self.sent % 50 == 0:
                self._router.drain("wan")

    @contextmanager
    def going(self) -> Iterator[None]:
        thread = threading.Thread(target=self.run)
        thread.start()
        try:
            yield
        finally:
            self._stopping = True
            thread.join()


def test_a_hundred_reloads_under_load_lose_nothing_and_let_nothing_in(house: TapRouter) -> None:
    rulesets = [ruleset_of(HOUSE), ruleset_of(HOUSE.replace(b"name: no-smtp", b"name: no-mail"))]
    house.load(rulesets[0])
    house.forget_connections()
    house.run("nft", "-f", "-", text=PROBE)
    house.send("lan", frames.wrap(CLIENT, OUTSIDE, frames.UDP, frames.udp(4000, 53)))
    house.send("wan", frames.wrap(OUTSIDE, "93.184.0.2", frames.UDP, frames.udp(53, 4000)))
    flood = Flood(house)
    with flood.going():
        for number in range(RELOADS):
            house.load(rulesets[number % 2])
    counts = re.findall(
        r'counter packets (\d+) bytes \d+ comment "(\w+)"', house.run("nft", "list", "table", "inet", "probe")
    )
    house.run("nft", "delete", "table", "inet", "probe")
    assert flood.sent > 50 * RELOADS, "too little was sent to prove anything"
    assert {name: int(packets) for packets, name in counts} == {"out": flood.sent + 1, "in": 1}
