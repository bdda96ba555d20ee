"""Requests and results of the operations. Durations are seconds, times are seconds since 1970, bundles base64."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from patronus.values.limits import DEFAULT_CONFIRM, MAX_CONFIRM


class Message(BaseModel):
    """Base of every request and result."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Nothing(Message):
    """A request without parameters."""


class FactoryResetRequest(Message):
    """`keep_trust`: the box stays its owner's: whose signatures count, and the box's id."""

    keep_trust: bool = False


class Finding(Message):
    """One problem, as `patronus.values.problem.Problem`."""

    path: str
    message: str
    hint: str
    severity: str


class FileChange(Message):
    """One file a change touches; `text` is a unified diff, or why none is shown."""

    path: str
    kind: str
    origin: str
    text: str


class Review(Message):
    """What a change would do, the way a reviewer reads it."""

    generation: str = ""
    files: tuple[FileChange, ...] = ()
    stop: tuple[str, ...] = ()
    reload: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    start: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


class PendingChange(Message):
    """A change that goes back by itself unless it is confirmed."""

    generation: str
    previous: str
    seconds_left: float
    author: str


class UnitState(Message):
    """A unit the running generation wants."""

    name: str
    active: bool
    origin: str


class Failure(Message):
    """Why the box is locked down."""

    reason: str
    findings: tuple[Finding, ...]


class Status(Message):
    """The box at a glance."""

    device: str
    hostname: str
    image: str
    profiles: tuple[str, ...]
    uptime: float
    generation: str
    confirmed: str
    pending: PendingChange | None
    failure: Failure | None
    units: tuple[UnitState, ...]
    trust: str
    edits: int = 0
    """Local edits since the generation of the owners, which they have not signed."""
    console_shell: bool = False
    """Whether the running document lets the menu on the console offer a shell."""


class BundleRequest(Message):
    """A signed bundle to look at."""

    bundle: str


class ApplyRequest(Message):
    """A signed bundle to apply; `confirm_within` 0 means confirmed at once."""

    bundle: str
    confirm_within: Annotated[int, Field(ge=0, le=MAX_CONFIRM)] = DEFAULT_CONFIRM


class ApplyResult(Message):
    """What an apply did; `confirm_within` seconds remain when it is not 0."""

    generation: str
    confirm_within: int
    review: Review


class ConfirmRequest(Message):
    """Confirm the pending change; `generation` guards against confirming somebody else's."""

    generation: str = ""


class RollbackRequest(Message):
    """Go back: to the state before the pending change, or to an older generation, which then waits like any change."""

    generation: str = ""
    confirm_within: Annotated[int, Field(ge=0, le=MAX_CONFIRM)] = DEFAULT_CONFIRM


class GenerationResult(Message):
    """The generation that is running after the operation."""

    generation: str


class HistoryEntry(Message):
    """One kept generation."""

    generation: str
    serial: int
    author: str
    comment: str
    confirmed_at: int
    edit: int = 0
    running: bool
    confirmed: bool


class History(Message):
    """Every kept generation, newest first."""

    entries: tuple[HistoryEntry, ...]


class DiffRequest(Message):
    """Two generations; empty means the running one."""

    old: str = ""
    new: str = ""


class ShowRequest(Message):
    """A generation, empty for the running one; `rendered` asks for the daemons' files instead of the document."""

    generation: str = ""
    rendered: bool = False


class Shown(Message):
    """Texts by file name."""

    files: dict[str, str]
