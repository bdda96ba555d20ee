"""Leads through one action: its questions, its warning, the work, the page. Escape goes a step back."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Footer, Static

from patronus.console.action import Action, Call, Page, Talk
from patronus.console.conversation import Conversation, Prompt, explain
from patronus.console.screens.base import ConsoleScreen
from patronus.console.screens.help import HelpScreen
from patronus.console.screens.steps import Decided, PageStep, QuestionStep, WarningStep, WorkingStep
from patronus.console.widgets import WarningLines, as_title
from patronus.ops.errors import CallFailed
from patronus.values.problem import Refused


class Prepared(Message):
    """The box has said what comes next: a question, a warning, or nothing more to ask."""

    def __init__(self, prompt: Prompt | None, warning: str) -> None:
        super().__init__()
        self.prompt, self.warning = prompt, warning


class Said(Message):
    """Progress of the work."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class Finished(Message):
    """The work has ended."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page


class DialogScreen(ConsoleScreen[None]):
    """One run of an action. Workers ask the box and post messages; only the handlers here change what is shown."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", key_display="Esc"),
        Binding("f1", "help", "Help", key_display="F1"),
        Binding("question_mark", "help", show=False),
        Binding("ctrl+l", "app.redraw", "Redraw", key_display="^L"),
    ]

    def __init__(self, action: Action, call: Call) -> None:
        super().__init__()
        self._action = action
        self._conversation = Conversation(action, Talk(call, say=self._say))
        self._step: Widget | None = None
        self._busy = False
        self.is_ready = False
        """Whether keys have something to go to: not while the box is asked what comes next."""

    def compose(self) -> ComposeResult:
        """Lay out the title, what cannot wait, and room for the step."""
        yield Static(as_title(self._action.title), id="title", markup=False)
        yield WarningLines()
        yield Vertical(id="body")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Begin with the first question."""
        self._go_on()

    def _go_on(self) -> None:
        self.is_ready = False
        self._prepare()

    @work(thread=True, exclusive=True)
    def _prepare(self) -> None:
        try:
            prompt = self._conversation.prepare()
            warning = "" if prompt else self._action.warning(self._conversation.talk)
        except (Refused, CallFailed) as error:
            self.post_message(Finished(explain(error)))
            return
        self.post_message(Prepared(prompt, warning))

    async def on_prepared(self, message: Prepared) -> None:
        """Show what comes next."""
        if message.prompt:
            await self._show(QuestionStep(message.prompt))
        elif message.warning:
            await self._show(WarningStep(message.warning))
        else:
            await self._start()

    async def on_decided(self, message: Decided) -> None:
        """Take an answer, once."""
        if not self.is_ready:
            return
        if isinstance(self._step, QuestionStep):
            fault = self._conversation.answer(self._step.prompt, message.value)
            if fault:
                self._step.complain(fault)
            else:
                self._go_on()
        elif isinstance(self._step, WarningStep):
            if message.value:
                await self._start()
            else:
                self.action_back()

    async def _start(self) -> None:
        self._busy, self.is_ready = True, False
        await self._show(WorkingStep())
        self._run()

    @work(thread=True, exclusive=True)
    def _run(self) -> None:
        self.post_message(Finished(self._conversation.run()))

    def _say(self, text: str) -> None:
        self.post_message(Said(text))

    def on_said(self, message: Said) -> None:
        """Show progress, but not that of a page which is only made anew."""
        if isinstance(self._step, WorkingStep):
            self._step.say(message.text)

    async def on_finished(self, message: Finished) -> None:
        """Show the page, and make it anew from time to time when the action says so."""
        if isinstance(self._step, PageStep):
            self._step.show(message.page)
        else:
            await self._show(PageStep(message.page))
            self.console_app.poll()
        self._busy = False
        if self._action.refresh:
            self.set_timer(self._action.refresh, self._run)

    async def _show(self, step: Widget) -> None:
        body = self.query_one("#body")
        self._step = step
        with self.app.batch_update():
            await body.remove_children()
            await body.mount(step)
        self.is_ready = True
        self.console_app.turns.stir()

    def action_back(self) -> None:
        """Go back a question, or to the menu. What the box has begun it ends."""
        if self._busy:
            return
        # What is being prepared reads the answers: none is taken from it, Escape leads to the menu then.
        if self.is_ready and not isinstance(self._step, PageStep) and self._conversation.go_back():
            self._go_on()
        else:
            self.dismiss()

    def action_help(self) -> None:
        """Explain the action."""
        self.app.push_screen(HelpScreen(self._action.title, [self._action.help]))
