"""A box whose owners allow local edits, one that is its own owner, and what people do with them."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from tests.box import Box, sign
from tests.documents import HOUSE, house, write

from patronus.boot import apply as boot_apply
from patronus.boot import load, revert
from patronus.daemon import handlers
from patronus.daemon.handlers import Caller
from patronus.host import devicekey
from patronus.ops import editing as e
from patronus.ops import messages as m
from patronus.ops import trust as t
from patronus.trust import ANY_KEY
from patronus.values.problem import Refused

CALLER = Caller("carol", lambda _text: None)
ALLOWED = house(system={**HOUSE["system"], "local_edits": {"allowed": True}})
NO_DHCP = house(system=ALLOWED["system"], dhcp=None)


def owners(box: Box, serial: int, document: dict[str, Any] = ALLOWED, **changes: Any) -> bytes:
    """A bundle of the owners; the manifest says the same as the document unless told otherwise."""
    allowed = document["system"].get("local_edits", {}).get("allowed", False)
    return sign(box.key, serial, document, **{"local_edits": (ANY_KEY,) if allowed else (), **changes})


def apply(box: Box, bundle: bytes, confirm_within: int = 0) -> m.ApplyResult:
    request = m.ApplyRequest(bundle=base64.b64encode(bundle).decode(), confirm_within=confirm_within)
    return handlers.apply(box.layout, request, CALLER)


def edit(box: Box, document: dict[str, Any] | None = None, confirm_within: int = 0, **request: Any) -> str:
    """Edit on the box, the whole document or one setting; return the generation that runs then."""
    files = {} if document is None else {"my.yaml": write(document).decode()}
    wanted = e.EditRequest(files=files, confirm_within=confirm_within, **request)
    handler = handlers.HANDLERS["Edit"]
    result = handler(box.layout, wanted, CALLER)
    assert isinstance(result, m.ApplyResult)
    return result.generation


def rename(box: Box, name: str, **request: Any) -> str:
    return edit(box, settings={"system.hostname": name}, **request)


def rollback(box: Box, generation: str) -> str:
    request = m.RollbackRequest(generation=generation, confirm_within=0)
    return handlers.rollback(box.layout, request, CALLER).generation


def boot(box: Box) -> str:
    """Start again after a power cut: what runs then; empty when the box stays shut."""
    shutil.rmtree(box.layout.run)
    if load.main() or boot_apply.main():
        return ""
    return str((box.layout.run / "generation").readlink())


def status(box: Box) -> m.Status:
    return handlers.status(box.layout, m.Nothing(), CALLER)


def refusal(call: Callable[[], object]) -> str:
    """What is refused, with a next step for everything."""
    with pytest.raises(Refused) as caught:
        call()
    assert all(problem.message and problem.hint for problem in caught.value.problems)
    return str(caught.value)


def state(box: Box) -> tuple[Any, ...]:
    """What a refusal leaves as it is."""
    kept = sorted(str(path) for path in (box.layout.config / "generations").rglob("*"))
    return status(box).generation, status(box).confirmed, box.layout.current.readlink(), kept


@pytest.fixture
def edited(box: Box, monkeypatch: pytest.MonkeyPatch) -> Box:
    """A box that runs generation 10 of its owners, who allow local edits."""
    for step in (load, boot_apply, revert):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    devicekey.make(box.layout)
    box.deliver("first.bundle", owners(box, 10))
    assert (load.main() or boot_apply.main()) == 0
    box.system.calls.clear()
    return box


@pytest.fixture
def unowned(box: Box, monkeypatch: pytest.MonkeyPatch) -> Box:
    """A box that trusts nobody but itself: enrolled with its own key, nothing runs yet."""
    for step in (load, boot_apply, revert):
        monkeypatch.setattr(step, "Layout", lambda: box.layout)
    shutil.rmtree(box.layout.vendor / "trust")
    devicekey.make(box.layout)
    done = handlers.HANDLERS["Enrol"](box.layout, t.EnrolRequest(own=True), CALLER)
    assert isinstance(done, t.Enrolled)
    assert [key.fingerprint for key in done.trust.keys] == [devicekey.read(box.layout).public.fingerprint]
    return box
