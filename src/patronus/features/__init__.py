"""Every feature of the product, in the order they plan and appear. Adding one is one line here and one folder."""

from __future__ import annotations

from typing import Any

from patronus.features.contract import Feature
from patronus.features.interfaces import FEATURE as INTERFACES
from patronus.features.ntp import FEATURE as NTP

FEATURES: tuple[Feature[Any], ...] = (INTERFACES, NTP)
