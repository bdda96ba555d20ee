"""Reads what the network interfaces are doing now: ip-address(8), sysfs-class-net."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

from patronus.host.run import run

_SYSFS = Path("/sys/class/net")


class LinkState(NamedTuple):
    """One interface. `mac` is the permanent address when there is one; `speed` is Mbit/s, 0 when unknown."""

    name: str
    mac: str
    driver: str
    physical: bool
    up: bool
    carrier: bool
    speed: int
    addresses: tuple[str, ...]


def list_links(sysfs: Path = _SYSFS) -> list[LinkState]:
    """Return every interface but the loopback."""
    listing = json.loads(run("ip", "-json", "-details", "address", "show").stdout or b"[]")
    return [_read_link(link, sysfs / link["ifname"]) for link in listing if link.get("link_type") != "loopback"]


def _read_link(link: dict[str, Any], folder: Path) -> LinkState:
    kind = link.get("linkinfo", {}).get("info_kind", "")
    driver = folder / "device/driver"
    flags = link.get("flags", ())
    return LinkState(
        name=link["ifname"],
        mac=link.get("permaddr", link.get("address", "")).lower(),
        driver=driver.resolve().name if driver.exists() else kind,
        physical=(folder / "device").exists(),
        up="UP" in flags,
        carrier="LOWER_UP" in flags,
        speed=_read_speed(folder / "speed"),
        addresses=tuple(
            f"{entry['local']}/{entry['prefixlen']}"
            for entry in link.get("addr_info", ())
            if entry.get("scope") != "link" and not entry.get("temporary")
        ),
    )


def _read_speed(path: Path) -> int:
    try:
        return max(0, int(path.read_text()))  # -1: the driver does not know
    except (OSError, ValueError):  # EINVAL while the interface is down
        return 0
