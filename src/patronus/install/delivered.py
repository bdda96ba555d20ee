"""What a stick brought: the bundle this boot verified and chose. It may come while somebody looks at the menu."""

from __future__ import annotations

from pathlib import Path

from patronus.host.files import read_bounded
from patronus.host.layout import Layout
from patronus.install.answer import MAX_ANSWER, MEMBER, Answer, read_answer
from patronus.trust.format import MAX_BUNDLE


def chosen_bundle(layout: Layout) -> bytes | None:
    """The bundle, as the installed box shall find it at its first boot."""
    path = layout.chosen / "bundle"
    return read_bounded(path, MAX_BUNDLE) if path.exists() else None


def chosen_answer(layout: Layout) -> Answer | None:
    """The answer in it to the installer's questions. Raises Refused."""
    path = layout.chosen / "members" / MEMBER
    return read_answer({MEMBER: read_bounded(path, MAX_ANSWER)} if path.exists() else {})


def answer_waits(layout: Layout) -> bool:
    """Whether there is an answer that no console has taken up yet."""
    return (layout.chosen / "members" / MEMBER).exists() and not _mark(layout).exists()


def take_up_answer(layout: Layout) -> bool:
    """Whether this console is the one to follow the answer: once a boot, so that a failure is not repeated for ever."""
    _mark(layout).parent.mkdir(parents=True, exist_ok=True)
    try:
        _mark(layout).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def stick_notes(layout: Layout) -> str:
    """Why bundles of a stick were passed over, as patronus-stick.service wrote it for the consoles; "" without any."""
    path = layout.root / "run/issue.d/60-stick.issue"
    return read_bounded(path, 4096).decode(errors="replace").replace("\\\\", "\\") if path.exists() else ""


def _mark(layout: Layout) -> Path:
    return layout.root / "run/patronus-install/unattended"
