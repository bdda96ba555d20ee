"""Why a bundle, a manifest or a trust store was refused, in words a person can act on."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

from patronus.values import problem

Code = Literal[
    # The container.
    "too_large",
    "not_a_bundle",
    "unknown_format",
    "truncated",
    "trailing_bytes",
    "bad_header",
    # The signatures.
    "unsigned",
    "bad_signature_text",
    "wrong_namespace",
    "unknown_signer",
    "bad_signature",
    "no_touch",
    "too_few_signers",
    "already_signed",
    "cannot_sign",
    "verifier_failed",
    "ignored_signature",
    # What was signed.
    "bad_payload",
    "bad_manifest",
    "bad_member",
    "document_too_large",
    "member_altered",
    "other_device",
    "old_serial",
    "newer_schema",
    "image_too_old",
    "wrong_parent",
    "expired",
    # Local edits.
    "edits_forbidden",
    "foreign_edit",
    "not_an_edit",
    "stray_edit",
    "edit_policy",
    # The trust store.
    "bad_store",
    "bad_key",
    "rotation_forbidden",
    "broken_chain",
    "new_trust",
    "signer_retired",
]


class Reason(NamedTuple):
    """One reason: a stable code for programs, a message and the next step for people."""

    code: Code
    message: str
    hint: str

    def __str__(self) -> str:
        return f"{self.message} {self.hint}"

    def as_problem(self, severity: str = problem.ERROR) -> problem.Problem:
        """The reason in the form every other part of Patronus reports problems in."""
        return problem.Problem("", self.message, self.hint, severity)


class Refused(problem.Refused):
    """Everything that was found wrong at the step that refused; never empty. `problems` is the same without codes."""

    def __init__(self, reasons: Iterable[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__([reason.as_problem() for reason in self.reasons])

    @property
    def codes(self) -> tuple[Code, ...]:
        """The codes of all reasons, in the order found."""
        return tuple(reason.code for reason in self.reasons)


def refuse(code: Code, message: str, hint: str) -> Refused:
    """A refusal for one reason, to be raised by the caller."""
    return Refused([Reason(code, message, hint)])


def escape(text: str | bytes, limit: int = 80) -> str:
    """The text with everything a terminal could act on made visible, cut after `limit` characters."""
    if isinstance(text, bytes):
        text = text[: 4 * limit].decode("utf-8", "backslashreplace")
    shown = "".join(c if c.isprintable() and c != "\\" else ascii(c)[1:-1] for c in text[:limit])
    return shown + "..." if len(text) > limit or len(shown) > limit * 2 else shown
