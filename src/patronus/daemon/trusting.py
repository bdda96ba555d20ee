"""Whom the box trusts: show it, and give a box that trusts nobody its first trust store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patronus.boot.failure import forget_failure
from patronus.daemon import look
from patronus.daemon.caller import Caller
from patronus.daemon.lock import change_lock
from patronus.daemon.sticks import plugged_in
from patronus.host import devicekey, identity, stick, units
from patronus.host import trust as host_trust
from patronus.host.layout import Layout
from patronus.ops import messages as m
from patronus.ops import trust as t
from patronus.trust.enrol import read_keys
from patronus.trust.store import MAX_STORE
from patronus.values.problem import Problem, Refused

_LONGEST = 4096  # characters of a line, as at a terminal
_MOST = 8  # keys of a stick
OWN_NAME = "this-box"
"""The box's own key among the signers of a box that signs its own edits."""


def show(layout: Layout, _request: m.Nothing, _caller: Caller) -> t.Trust:
    """Tell whose signatures count."""
    device, own = identity.read_device(layout).id, _read_own(layout)
    try:
        trust = host_trust.read_trust(layout)
    except host_trust.TrustsNobody:
        return t.Trust(device=device, own=own)
    store = trust.store
    return t.Trust(
        device=device,
        own=own,
        origin=trust.origin,
        threshold=store.threshold,
        keys=tuple(map(t.describe_key, store.signers)),
        fingerprint=store.fingerprint,
        groups=store.groups or (),
        exchanges=len(trust.chain.eras) - 1,
        exchangeable=store.rotation,
    )


def _read_own(layout: Layout) -> t.OwnKey | None:
    key = devicekey.find(layout)
    return t.OwnKey(line=key.public.text, fingerprint=key.public.fingerprint, sealed=key.sealed) if key else None


def enrol(layout: Layout, request: t.EnrolRequest, caller: Caller) -> t.Enrolled:
    """Write the first trust store, then look for a configuration as at boot."""
    own = f"\n{devicekey.read(layout).public.text} {OWN_NAME}\n" if request.own else ""
    store = read_keys((request.keys + own).encode("utf-8", "replace"), request.threshold, request.groups)
    with change_lock(layout):
        host_trust.enrol(layout, store)
        caller.progress("look for a configuration that these keys have signed")
        layout.no_trust.unlink(missing_ok=True)
        forget_failure(layout)
        units.start_over()
    now = look.status(layout)
    return t.Enrolled(trust=show(layout, m.Nothing(), caller), generation=now.generation, failure=now.failure)


def read_stick(layout: Layout, _request: m.Nothing, _caller: Caller) -> t.StickKeys:
    """Read the keys somebody brought on a stick; they are only shown, and enrolled when a person says so."""
    with plugged_in(layout) as folder:
        found = stick.read_files(folder, "allowed_signers", "*.pub", limit=MAX_STORE)
    text = "\n".join(content[:MAX_STORE].decode("utf-8", "replace") for content in found.values())
    lines = [line[:_LONGEST] for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not lines:
        hint = "copy your .pub file onto it"
        raise Refused([Problem("", "the stick holds neither a *.pub file nor allowed_signers", hint)])
    return t.StickKeys(lines=tuple(lines[:_MOST]))


HANDLERS: dict[str, Callable[[Layout, Any, Caller], m.Message]] = {
    "Trust": show,
    "Enrol": enrol,
    "StickKeys": read_stick,
}
