"""Messages about local edits: changes of the document made on the box and signed by its own key."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from patronus.ops.messages import Message, Review
from patronus.values.limits import DEFAULT_CONFIRM, MAX_CONFIRM

MAX_COMMENT = 500


class EditRequest(Message):
    """New values, written as in the document, by the config path of their settings, None to remove one; in that order.

    With `files` these are the document, and the settings are put into it. `base` is the generation the edit was made
    on, empty for whichever runs; `confirm_within` 0 means confirmed at once.
    """

    settings: dict[Annotated[str, Field(max_length=1000)], str | None] = {}  # noqa: RUF012 - pydantic copies it
    files: dict[str, str] = {}  # noqa: RUF012
    base: str = ""
    comment: Annotated[str, Field(max_length=MAX_COMMENT)] = ""
    confirm_within: Annotated[int, Field(ge=0, le=MAX_CONFIRM)] = DEFAULT_CONFIRM


class EditPlan(Message):
    """What an edit would change, and the generation it was made on."""

    base: str
    review: Review


class PendingEdits(Message):
    """What the owners have to merge: documents by file name, with so many edits since their generation `serial`."""

    edits: int
    serial: int
    files: dict[str, str]
