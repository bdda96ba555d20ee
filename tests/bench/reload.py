"""Run in a network namespace of its own: the CPU cost of a rule change, ours and bare nft's, as JSON on stdout."""

import json
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from patronus.host.nft import load_ruleset
from patronus.pipeline.plan import plan
from patronus.pipeline.render import render
from patronus.pipeline.validate import validate
from patronus.values.fragments import RULESET_PATH

ROUNDS = 5


def make_document(rules: int) -> dict[str, Any]:
    """A document with this many rules that differ in everything, as a large site collects them over the years."""
    draw = random.Random(rules)  # noqa: S311 - the same rules every time
    lines = [
        {
            "name": f"rule-{number}",
            "action": draw.choice(["pass", "block"]),
            "from": ["lan"],
            "to": ["wan"],
            "protocol": draw.choice(["tcp", "udp"]),
            "source": [f"10.{draw.randrange(256)}.{draw.randrange(256)}.{draw.randrange(256)}"],
            "destination": [f"20.{draw.randrange(256)}.{draw.randrange(256)}.0/24"],
            "ports": [draw.randrange(1, 65536)],
        }
        for number in range(rules)
    ]
    links = {
        "wan": {"match": {"name": "eth0"}, "zone": "wan", "ipv4": {"method": "dhcp"}},
        "lan": {
            "match": {"name": "eth1"},
            "zone": "lan",
            "ipv4": {"method": "static", "addresses": ["192.168.1.1/24"]},
        },
    }
    zones = {"wan": {"external": True}, "lan": {}}
    return {"version": 1, "zones": zones, "interfaces": links, "firewall": {"rules": lines}}


def cpu(who: int, work: Callable[[], object]) -> float:
    """User and system seconds of one call."""
    before = resource.getrusage(who)
    work()
    after = resource.getrusage(who)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(rules: int) -> dict[str, float]:
    """The least of several rounds for each side; both replace a table that is there, as every change does."""
    appliance = validate(make_document(rules))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "ruleset.nft"

        def ours() -> None:
            path.write_bytes(render(plan(appliance)).contents[RULESET_PATH])
            load_ruleset(path)

        def theirs() -> None:
            subprocess.run(["nft", "-f", str(path)], check=True)

        ours()
        mine = min(cpu(resource.RUSAGE_SELF, ours) for _ in range(ROUNDS))
        bare = min(cpu(resource.RUSAGE_CHILDREN, theirs) for _ in range(ROUNDS))
    return {"ours": mine, "theirs": bare}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
