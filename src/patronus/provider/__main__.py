"""Follows the name servers systemd-networkd knows: `python3 -m patronus.provider`.

They come from DHCP, from router advertisements and from `interfaces.<name>.dns`. With the argument `resolv.conf` they
go to `/run/patronus-provider/resolv.conf`, for a box without a resolver of its own; with `forward` Unbound forwards to
them, by a file it includes and by unbound-control(8) at once.
"""

from __future__ import annotations

import subprocess
import sys
import time
from ipaddress import IPv6Address, ip_address
from pathlib import Path

STATE = Path("/run/systemd/netif/state")
FOLDER = Path("/run/patronus-provider")
INTERVAL = 1.0
"""Seconds between looks at the state; a look is one small file."""


def read_servers(state: str) -> list[str]:
    """Return the addresses in networkd's state, in order, each once (the format of sd-network, `DNS=a b#name`)."""
    words = [word for line in state.splitlines() if line.startswith("DNS=") for word in line[4:].split()]
    return list(dict.fromkeys(server for word in words if (server := word.partition("#")[0]) and _is_address(server)))


def _is_address(word: str) -> bool:
    try:
        ip_address(word)
    except ValueError:
        return False
    return True


def write_resolv_conf(servers: list[str]) -> str:
    """Return resolv.conf(5); the C library reads three servers."""
    return "".join(["# Name servers of the provider.\n", *(f"nameserver {server}\n" for server in servers[:3])])


def write_forward_zone(servers: list[str]) -> str:
    """Return the file Unbound includes; empty lets it ask the root servers."""
    lines = "".join(f"    forward-addr: {server}\n" for server in servers)
    return f'forward-zone:\n    name: "."\n{lines}' if servers else "# The provider gave no name server.\n"


def list_routable(servers: list[str]) -> list[str]:
    """Leave out link-local servers: Unbound cannot name the link they are on."""
    return [server for server in servers if not isinstance(address := ip_address(server), IPv6Address)
            or not address.is_link_local]  # fmt: skip


def tell_unbound(servers: list[str]) -> bool:
    """Change the running Unbound; false when it does not answer yet."""
    words = ["forward_add", ".", *servers] if servers else ["forward_remove", "."]
    return subprocess.run(["unbound-control", *words], capture_output=True, check=False).returncode == 0


def _replace(path: Path, content: str) -> None:
    draft = path.with_suffix(".new")
    draft.write_text(content)
    draft.rename(path)


def main(purpose: str) -> None:
    """Run until the service is stopped."""
    done: list[str] | None = None
    while True:
        try:
            servers = read_servers(STATE.read_text())
        except FileNotFoundError:
            servers = []
        if purpose == "forward":
            servers = list_routable(servers)
        if servers != done:
            if purpose == "forward":
                _replace(FOLDER / "forward.conf", write_forward_zone(servers))
                done = servers if tell_unbound(servers) else None
            else:
                _replace(FOLDER / "resolv.conf", write_resolv_conf(servers))
                done = servers
        time.sleep(INTERVAL)


if __name__ == "__main__":
    main(sys.argv[1])
