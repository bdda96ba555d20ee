"""Walks through the questions of one action, forwards and back. Calls the box, so it belongs into a worker."""

from __future__ import annotations

from typing import NamedTuple

from patronus.console.action import Action, Choice, Page, Question, Talk
from patronus.ops.errors import CallFailed
from patronus.ops.wording import tell_findings
from patronus.values.problem import Refused


class Prompt(NamedTuple):
    """One question, ready to be asked."""

    question: Question
    intro: tuple[str, ...]
    choices: tuple[Choice, ...] | None
    default: str


class Conversation:
    """The state of one action: which question comes next, and what was asked before."""

    def __init__(self, action: Action, talk: Talk) -> None:
        self.action = action
        self.talk = talk
        self._asked: list[Question] = []

    def prepare(self) -> Prompt | None:
        """Return the next question; None when everything is known."""
        for question in self.action.questions:
            if question.name not in self.talk.answers and question.wanted(self.talk):
                choices = tuple(question.choices(self.talk)) if question.choices else None
                return Prompt(question, tuple(question.intro(self.talk)), choices, question.default(self.talk))
        return None

    def answer(self, prompt: Prompt, value: str) -> str:
        """Take an answer; return what is wrong with it, and empty when nothing is."""
        fault = prompt.question.check(value)
        if not fault:
            self.talk.answers[prompt.question.name] = value
            self._asked.append(prompt.question)
        return fault

    def go_back(self) -> bool:
        """Forget the last answer; false when there is none."""
        if not self._asked:
            return False
        del self.talk.answers[self._asked.pop().name]
        return True

    def run(self) -> Page:
        """Run the action; a refusal and a box that does not answer are pages, too."""
        try:
            return self.action.run(self.talk)
        except (Refused, CallFailed) as error:
            return explain(error)


def explain(error: Refused | CallFailed) -> Page:
    """Return why something did not happen, with what to do."""
    if isinstance(error, CallFailed):
        return Page([str(error)], good=False, prose=True)
    return Page(tell_findings(error.problems), good=False, prose=True)
