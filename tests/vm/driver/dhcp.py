"""Asks for a DHCPv4 lease with udhcpc and reads what it was given."""

import json
import subprocess
from dataclasses import dataclass
from ipaddress import IPv4Interface
from pathlib import Path

SCRIPT = Path(__file__).with_name("dhcp_script.py")


class NoLeaseError(AssertionError):
    """No server offered a lease in time."""


@dataclass(frozen=True)
class Lease:
    """A lease as the client sees it; `address` has its prefix length, `options` everything else by udhcpc's names."""

    address: str
    routers: list[str]
    dns: list[str]
    domain: str
    seconds: int
    server: str
    options: dict[str, str]

    @property
    def host(self) -> str:
        """The address without the prefix length."""
        return self.address.partition("/")[0]


def ask_for_lease(interface: str, folder: Path, *, seconds: int, hostname: str = "") -> Lease:
    """Runs the client in the calling thread's network namespace; raises NoLeaseError after `seconds`."""
    result = folder / f"lease-{interface}.json"
    result.unlink(missing_ok=True)
    # udhcpc sends a discover every second; -q leaves after the lease, -n gives up.
    command = ["udhcpc", "-i", interface, "-f", "-q", "-n", "-t", str(seconds), "-T", "1", "-A", "1"]
    command += ["-s", str(SCRIPT), *(["-x", f"hostname:{hostname}"] if hostname else [])]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=seconds + 20,
        env={"PATRONUS_LEASE_FILE": str(result), "PATH": "/usr/sbin:/usr/bin"},
        check=False,
    )
    if done.returncode != 0 or not result.exists():
        raise NoLeaseError(f"no lease on {interface} within {seconds} s\n{done.stdout}{done.stderr}")
    return _read_lease(json.loads(result.read_text()))


def _read_lease(options: dict[str, str]) -> Lease:
    address = IPv4Interface(f"{options['ip']}/{options.get('subnet', '255.255.255.255')}")
    return Lease(
        address=str(address),
        routers=options.get("router", "").split(),
        dns=options.get("dns", "").split(),
        domain=options.get("domain", ""),
        seconds=int(options.get("lease", "0")),
        server=options.get("serverid", ""),
        options=options,
    )
