"""Log out, restart, switch off."""

from __future__ import annotations

from patronus.console.action import Action, Choice, Page, Question, Talk, tell
from patronus.ops import registry

_CHOICES = [Choice("reboot", "Restart the box"), Choice("off", "Switch the box off")]


def _end_work(talk: Talk) -> Page:
    if talk.answers["how"] == "off":
        talk.ask(registry.POWER_OFF)
        return tell("The box switches off.")
    talk.ask(registry.REBOOT)
    return tell("The box restarts.")


def _warn(talk: Talk) -> str:
    end = "switches off" if talk.answers["how"] == "off" else "restarts"
    lost = " The change that waits is not kept." if talk.ask(registry.STATUS).pending else ""
    return f"The box {end} now. Nobody is connected meanwhile.{lost}"


LOG_OUT = Action(
    0, "log-out", "Log out", "Ends this session. The box goes on working.", lambda _talk: Page([]), leaves=True
)
SHELL = Action(
    8,
    "shell",
    "Shell",
    "A shell with the rights of whoever is logged in; `exit` leads back to the menu. Only when the running document "
    "allows it: system.console.shell. Command line: patronus --help.",
    lambda _talk: Page([]),
    wanted=lambda status: status is not None and status.console_shell,
    program=("/bin/bash",),
)
POWER = Action(
    5,
    "power",
    "Restart or switch off",
    "Asks which. Connections break; a change that waits for its confirmation is lost, as after a power cut. "
    "Command line: patronus reboot, patronus power-off.",
    _end_work,
    questions=(Question("how", "What shall the box do?", choices=lambda _talk: _CHOICES),),
    warning=_warn,
)
