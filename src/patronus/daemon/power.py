"""Restarts the box, switches it off, makes it forget everything."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patronus.boot.reset import KEEP_TRUST
from patronus.daemon.caller import Caller
from patronus.daemon.lock import change_lock
from patronus.host import units
from patronus.host.files import write_atomically
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


def factory_reset(layout: Layout, request: m.FactoryResetRequest, _caller: Caller) -> m.Nothing:
    """Mark the box and restart it: what is to be forgotten is in use now, the next boot does it first."""
    with change_lock(layout):
        write_atomically(layout.factory_reset, KEEP_TRUST if request.keep_trust else b"", durable=True)
    units.shut_down("reboot")
    return m.Nothing()


HANDLERS: dict[str, Callable[[Layout, Any, Caller], m.Message]] = {
    "Reboot": reboot,
    "PowerOff": power_off,
    "FactoryReset": factory_reset,
}
