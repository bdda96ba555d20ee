"""The menu as plain numbered questions, for when Textual cannot start: no colours, no cursor, nothing but lines."""

from __future__ import annotations

import getpass
import subprocess
import sys
import time
from collections.abc import Callable

from patronus.console import banner
from patronus.console.action import Action, Call, Page, Talk
from patronus.console.actions import list_actions
from patronus.console.conversation import Conversation, Prompt, explain
from patronus.ops.errors import CallFailed
from patronus.values.problem import Refused
from patronus.values.terminal import plain

_BACK = "b"


class PlainConsole:
    """Asks on standard input, answers on standard output. `read` and `read_secret` ask one question each."""

    def __init__(
        self, call: Call, read: Callable[[str], str] = input, read_secret: Callable[[str], str] = getpass.getpass
    ) -> None:
        self._call = call
        self._read = read
        self._read_secret = read_secret

    def run(self) -> int:
        """Serve until somebody logs out or hangs up."""
        try:
            while True:
                action = self._choose()
                if action is None:
                    continue
                if action.leaves:
                    return 0
                if action.program:
                    subprocess.run(action.program, check=False)
                else:
                    self._talk(action)
        except (EOFError, KeyboardInterrupt):
            return 0

    def _choose(self) -> Action | None:
        view = banner.look(self._call)
        self._print("", banner.tell_name(view), *banner.tell_interfaces(view))
        self._print(*banner.tell_warnings(view, time.monotonic()), "")
        actions = {str(action.number): action for action in list_actions(view.status)}
        self._print(*(f"{number:>3}) {action.title}" for number, action in actions.items()), "")
        answer = self._read("Number, or ? and a number for help: ").strip()
        if answer.startswith("?"):
            found = actions.get(answer[1:].strip())
            self._print(found.help if found else "Type the number of an item and press Enter.")
            return None
        return actions.get(answer)

    def _talk(self, action: Action) -> None:
        talk = Talk(self._call, say=lambda text: self._print(text))
        conversation = Conversation(action, talk)
        try:
            while (prompt := conversation.prepare()) is not None:
                answer = self._ask(prompt)
                if answer is None:
                    if not conversation.go_back():
                        return
                    continue
                fault = conversation.answer(prompt, answer)
                if fault:
                    self._print(fault)
            warning = action.warning(talk)
        except (Refused, CallFailed) as error:
            self._show(explain(error))
            return
        if warning and not self._agrees(warning):
            self._print("Nothing was done.")
            return
        self._show(conversation.run())

    def _ask(self, prompt: Prompt) -> str | None:
        """Return an answer; None goes back."""
        self._print("", *prompt.intro)
        if prompt.question.secret:
            return self._read_secret(f"{prompt.question.label} ({_BACK} goes back): ") or None
        if prompt.choices is None:
            default = f" [{plain(prompt.default)}]" if prompt.default else ""
            answer = self._read(f"{prompt.question.label}{default} ({_BACK} goes back): ").strip()
            return None if answer == _BACK else answer or prompt.default
        self._print(*(f"{index:>3}) {choice.label}" for index, choice in enumerate(prompt.choices, 1)))
        while True:
            answer = self._read(f"{prompt.question.label} Number ({_BACK} goes back): ").strip()
            if answer in {"", _BACK}:
                return None
            if answer.isdecimal() and 1 <= int(answer) <= len(prompt.choices):
                return prompt.choices[int(answer) - 1].value

    def _agrees(self, warning: str) -> bool:
        self._print("", warning)
        return self._read("Type yes to go on: ").strip().lower() == "yes"

    def _show(self, page: Page) -> None:
        self._print("", *page.lines)
        self._read("Enter goes on: ")

    def _print(self, *lines: str) -> None:
        for line in lines:
            sys.stdout.write(plain(line) + "\n")
        sys.stdout.flush()
