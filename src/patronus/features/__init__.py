"""Every feature of the product, in the order they plan and appear. Adding one is one line here and one folder."""

from __future__ import annotations

from typing import Any

from patronus.features.aliases import FEATURE as ALIASES
from patronus.features.contract import Feature
from patronus.features.dhcp import FEATURE as DHCP
from patronus.features.dns import FEATURE as DNS
from patronus.features.firewall import FEATURE as FIREWALL
from patronus.features.interfaces import FEATURE as INTERFACES
from patronus.features.journal import FEATURE as JOURNAL
from patronus.features.nat import FEATURE as NAT
from patronus.features.ntp import FEATURE as NTP
from patronus.features.ra import FEATURE as RA
from patronus.features.ssh import FEATURE as SSH
from patronus.features.system import FEATURE as SYSTEM
from patronus.features.zones import FEATURE as ZONES

FEATURES: tuple[Feature[Any], ...] = (
    SYSTEM,
    JOURNAL,
    ZONES,
    INTERFACES,
    ALIASES,
    FIREWALL,
    NAT,
    RA,
    DHCP,
    DNS,
    SSH,
    NTP,
)
