"""The steps of an action: a question, a warning, waiting, a page. Each tells the screen around it what was decided."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import ScrollableContainer, Vertical
from textual.message import Message
from textual.widgets import Input, OptionList, Static

from patronus.console.action import Page
from patronus.console.conversation import Prompt
from patronus.console.widgets import Choices, SecretInput, as_prose, as_text


class Decided(Message):
    """Somebody answered a question or a warning."""

    def __init__(self, value: str) -> None:
        super().__init__()
        self.value = value


class QuestionStep(Vertical):
    """One question: a list to choose from, or a line to type."""

    def __init__(self, prompt: Prompt) -> None:
        super().__init__()
        self.prompt = prompt

    def compose(self) -> ComposeResult:
        """Lay out what there is to know, the question, and where to answer."""
        if self.prompt.intro:
            with ScrollableContainer(id="intro", can_focus=False):
                yield Static(as_prose(*self.prompt.intro), markup=False)
        yield Static(as_prose(self.prompt.question.label), id="question", markup=False)
        if self.prompt.choices is not None:
            yield Choices([choice.label for choice in self.prompt.choices])
        else:
            kind = SecretInput if self.prompt.question.secret else Input
            yield kind(self.prompt.default, password=self.prompt.question.secret)
        yield Static(id="fault", markup=False)

    def on_mount(self) -> None:
        """Let the keys go to the answer."""
        for field in self.query(Input):
            field.cursor_blink = False
            field.focus()
        for options in self.query(OptionList):
            values = [choice.value for choice in self.prompt.choices or ()]
            options.highlighted = values.index(self.prompt.default) if self.prompt.default in values else 0
            options.focus()

    def complain(self, fault: str) -> None:
        """Show what is wrong with the answer."""
        self.query_one("#fault", Static).update(as_prose(fault))

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Take what was typed."""
        self.post_message(Decided(message.value.strip() if not self.prompt.question.secret else message.value))

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Take what was chosen."""
        if self.prompt.choices:
            self.post_message(Decided(self.prompt.choices[message.option_index].value))


class WarningStep(Vertical):
    """A warning; going back is marked, so that Enter alone does nothing."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """Lay out the warning and the two ways on."""
        yield Static(as_prose(self._text), id="warning", markup=False)
        yield Choices(["No, go back", "Yes, do it"])

    def on_mount(self) -> None:
        """Let the keys go to the choice."""
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, message: OptionList.OptionSelected) -> None:
        """Say what was decided."""
        self.post_message(Decided("yes" if message.option_index else ""))


class WorkingStep(ScrollableContainer):
    """What the box says while it works."""

    def __init__(self) -> None:
        super().__init__(id="working")
        self._lines = ["Working ..."]

    def compose(self) -> ComposeResult:
        """Begin with a word, so that nobody waits in front of an empty screen."""
        yield Static(as_prose(*self._lines), markup=False)

    def say(self, text: str) -> None:
        """Add a line."""
        self._lines.append(text)
        self.query_one(Static).update(as_prose(*self._lines))
        self.scroll_end(animate=False)


class PageStep(ScrollableContainer):
    """The end of an action: lines to read."""

    def __init__(self, page: Page) -> None:
        super().__init__(classes="page")
        self._page = page

    def compose(self) -> ComposeResult:
        """Lay out the page."""
        yield Static(markup=False)

    def on_mount(self) -> None:
        """Let the keys scroll."""
        self.show(self._page)
        self.focus()

    def show(self, page: Page) -> None:
        """Show a page; where somebody scrolled to stays."""
        self._page = page
        text = self.query_one(Static)
        text.set_class(not page.good, "-bad")
        text.set_class(page.prose, "-prose")
        text.update((as_prose if page.prose else as_text)(*page.lines))
