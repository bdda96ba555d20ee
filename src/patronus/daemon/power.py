"""Restarts the box and switches it off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patronus.daemon.caller import Caller
from patronus.host import units
from patronus.host.layout import Layout
from patronus.ops import messages as m


def reboot(_layout: Layout, _request: m.Nothing, _caller: Caller) -> m.Nothing:
    """Let systemd restart the box; it answers before the box goes down."""
    units.shut_down("reboot")
    return m.Nothing()


def power_off(_layout: Layout, _request: m.Nothing, _caller: Caller) -> m.Nothing:
    """Let systemd switch the box off."""
    units.shut_down("poweroff")
    return m.Nothing()


HANDLERS: dict[str, Callable[[Layout, Any, Caller], m.Message]] = {"Reboot": reboot, "PowerOff": power_off}
