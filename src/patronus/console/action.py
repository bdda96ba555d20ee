"""What a menu item is: questions, maybe a warning, then a page. Knows no terminal, so every front serves the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

from patronus.ops import messages as m
from patronus.ops.messages import Message
from patronus.ops.registry import Operation

Q = TypeVar("Q", bound=Message)
R = TypeVar("R", bound=Message)


class Call(Protocol):
    """Calls an operation of the box, as `patronus.ops.client.call` does."""

    def __call__(self, operation: Operation[Q, R], request: Q, progress: Callable[[str], None] | None = None) -> R: ...


@dataclass
class Talk:
    """One run of an action: the way to the box, what was answered so far, and where progress goes."""

    call: Call
    answers: dict[str, str] = field(default_factory=dict)
    say: Callable[[str], None] = lambda _text: None
    kept: dict[str, str] = field(default_factory=dict)
    """What is fetched once and needed by several questions."""

    def ask(self, operation: Operation[Any, R], request: Message | None = None) -> R:
        """Call an operation; its progress is said."""
        return self.call(operation, request or m.Nothing(), self.say)


class Choice(NamedTuple):
    """One answer to choose, and how it reads."""

    value: str
    label: str


def _nothing(_talk: Talk) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Question:
    """Something to ask before an action runs. What it offers may depend on the box and on earlier answers."""

    name: str
    label: str
    choices: Callable[[Talk], Sequence[Choice]] | None = None
    default: Callable[[Talk], str] = lambda _talk: ""
    intro: Callable[[Talk], Sequence[str]] = _nothing
    wanted: Callable[[Talk], bool] = lambda _talk: True
    check: Callable[[str], str] = lambda _answer: ""
    """What is wrong with an answer; empty when nothing is."""
    secret: bool = False


class Page(NamedTuple):
    """What an action shows in the end. The lines come from anywhere and are made plain where they are shown.

    Prose may be broken anywhere; other lines keep their columns.
    """

    lines: Sequence[str]
    good: bool = True
    prose: bool = False


def tell(*sentences: str) -> Page:
    """Return a page of sentences."""
    return Page(sentences, prose=True)


@dataclass(frozen=True)
class Action:
    """One item of the menu, of the help and of the command palette."""

    number: int
    name: str
    title: str
    help: str
    run: Callable[[Talk], Page]
    questions: tuple[Question, ...] = ()
    warning: Callable[[Talk], str] = lambda _talk: ""
    """What to warn of before it runs; empty asks nothing."""
    refresh: float = 0.0
    """Seconds after which the page is made anew while somebody looks at it; 0 never."""
    wanted: Callable[[m.Status | None], bool] = lambda _status: True
    """Whether the menu shows it; the status is None while the box does not answer."""
    leaves: bool = False
    """Whether it ends the session."""
    program: tuple[str, ...] = ()
    """A program that has the terminal meanwhile, instead of a page."""
