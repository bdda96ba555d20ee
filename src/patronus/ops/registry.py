"""The operations a box serves: name, types, who may, whether it disrupts. API documents are made from this list."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Generic, TypeVar

from patronus.ops import editing as e
from patronus.ops import messages as m
from patronus.ops import observations as o
from patronus.ops import trust as t

INTERFACE = "io.patronus.Box"
SOCKET = "/run/patronus/ops.socket"

Q = TypeVar("Q", bound=m.Message)
R = TypeVar("R", bound=m.Message)


class Role(IntEnum):
    """Who may call; each role may do what the lower ones may.

    ROOT is nobody's role: no login and no network leads there, only the programs the image starts on its own consoles.
    """

    NOBODY = 0
    VIEWER = 1
    OPERATOR = 2
    ADMIN = 3
    ROOT = 4


ROLE_GROUPS = {
    "patronus-admin": Role.ADMIN,
    "patronus-operator": Role.OPERATOR,
    "patronus-viewer": Role.VIEWER,
}


@dataclass(frozen=True)
class Operation(Generic[Q, R]):
    """One thing the box can do for somebody."""

    name: str
    summary: str
    request: type[Q]
    result: type[R]
    role: Role
    disrupts: bool = False


STATUS = Operation("Status", "The box at a glance", m.Nothing, m.Status, Role.VIEWER)
PLAN = Operation("Plan", "What a bundle would change", m.BundleRequest, m.Review, Role.ADMIN)
APPLY = Operation("Apply", "Apply a signed bundle", m.ApplyRequest, m.ApplyResult, Role.ADMIN, disrupts=True)
CONFIRM = Operation("Confirm", "Keep the pending change", m.ConfirmRequest, m.GenerationResult, Role.ADMIN)
ROLLBACK = Operation("Rollback", "Go back", m.RollbackRequest, m.GenerationResult, Role.ADMIN, disrupts=True)
HISTORY = Operation("History", "Kept generations", m.Nothing, m.History, Role.VIEWER)
DIFF = Operation("Diff", "What differs between two generations", m.DiffRequest, m.Review, Role.ADMIN)
SHOW = Operation("Show", "A generation's document or rendered files", m.ShowRequest, m.Shown, Role.ADMIN)

PLAN_EDIT = Operation("PlanEdit", "What a local edit would change", e.EditRequest, e.EditPlan, Role.ADMIN)
EDIT = Operation(
    "Edit", "Change the document, signed by the box's own key", e.EditRequest, m.ApplyResult, Role.ADMIN, disrupts=True
)
PENDING_EDITS = Operation("PendingEdits", "Local edits to be merged", m.Nothing, e.PendingEdits, Role.ADMIN)

LINKS = Operation("Links", "Network interfaces and their addresses", m.Nothing, o.Links, Role.VIEWER)
PING = Operation("Ping", "Ask a host for a sign of life", o.PingRequest, o.Output, Role.OPERATOR)
CONNECTIONS = Operation("Connections", "Largest connections", o.ConnectionsRequest, o.Connections, Role.OPERATOR)
FIREWALL_LOG = Operation("FirewallLog", "Packets rules logged", o.FirewallLogRequest, o.FirewallLog, Role.OPERATOR)
COUNTERS = Operation("Counters", "What each firewall rule has matched", m.Nothing, o.Counters, Role.VIEWER)
DIAGNOSE = Operation("Diagnose", "Routes, neighbours, sockets, ...", o.DiagnoseRequest, o.Output, Role.OPERATOR)
REBOOT = Operation("Reboot", "Restart the box", m.Nothing, m.Nothing, Role.OPERATOR, disrupts=True)
POWER_OFF = Operation("PowerOff", "Switch the box off", m.Nothing, m.Nothing, Role.ADMIN, disrupts=True)
FACTORY_RESET = Operation(
    "FactoryReset", "Forget everything and restart", m.FactoryResetRequest, m.Nothing, Role.ADMIN, disrupts=True
)

TRUST = Operation("Trust", "Whose signatures this box accepts", m.Nothing, t.Trust, Role.VIEWER)
ENROL = Operation(
    "Enrol", "Give a box that trusts nobody its owner's keys", t.EnrolRequest, t.Enrolled, Role.ROOT, disrupts=True
)
STICK_KEYS = Operation("StickKeys", "Public keys on a stick with the label PATRONUS", m.Nothing, t.StickKeys, Role.ROOT)
STICK_BUNDLES = Operation("StickBundles", "Bundles on a stick", m.Nothing, o.StickFiles, Role.ADMIN)
STICK_BUNDLE = Operation("StickBundle", "A bundle from a stick", o.StickRequest, m.BundleRequest, Role.ADMIN)

OPERATIONS: tuple[Operation[Any, Any], ...] = (
    *(STATUS, PLAN, APPLY, CONFIRM, ROLLBACK, HISTORY, DIFF, SHOW),
    *(PLAN_EDIT, EDIT, PENDING_EDITS),
    *(LINKS, PING, CONNECTIONS, FIREWALL_LOG, COUNTERS, DIAGNOSE, REBOOT, POWER_OFF, FACTORY_RESET),
    *(TRUST, ENROL, STICK_KEYS, STICK_BUNDLES, STICK_BUNDLE),
)


def operation(name: str) -> Operation[Any, Any] | None:
    """Return an operation by name."""
    return next((item for item in OPERATIONS if item.name == name), None)
