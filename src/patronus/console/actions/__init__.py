"""The one list of actions: menu, keys, help and command palette are made from it."""

from __future__ import annotations

from patronus.console.action import Action
from patronus.console.actions.changes import HISTORY, PENDING
from patronus.console.actions.looking import CONNECTIONS, DIAGNOSTICS, FIREWALL_LOG, PING, STATUS
from patronus.console.actions.session import FACTORY, LOG_OUT, POWER, SHELL
from patronus.console.actions.stick import STICK
from patronus.ops import messages as m

ACTIONS: tuple[Action, ...] = (
    *(LOG_OUT, FACTORY, POWER, PING, SHELL, CONNECTIONS, FIREWALL_LOG),
    *(PENDING, HISTORY, STICK, DIAGNOSTICS, STATUS),
)
"""In the order of their numbers; those up to 10 are the numbers pfSense and OPNsense share."""


def list_actions(status: m.Status | None) -> list[Action]:
    """Return what the menu shows now."""
    return [action for action in ACTIONS if action.wanted(status)]
