"""Log out, restart, switch off, forget everything."""

from __future__ import annotations

from patronus.console.action import Action, Choice, Page, Question, Talk, tell
from patronus.ops import messages as m
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


_KEEP, _ALL = "keep-trust", "all"
_KEEPS = [
    Choice(_KEEP, "The box stays mine: keep whose signatures count, and its id"),
    Choice(_ALL, "Everything, as for another owner"),
]


def _forget(talk: Talk) -> Page:
    talk.ask(registry.FACTORY_RESET, m.FactoryResetRequest(keep_trust=talk.answers["what"] == _KEEP))
    return tell("The box restarts and forgets everything.")


def _warn_of_loss(talk: Talk) -> str:
    owner = "" if talk.answers["what"] == _KEEP else ", the keys enrolled here and the box's id"
    return (
        f"Configuration, history, leases, logs, home folders, SSH host keys{owner} are lost, and the box restarts. It "
        "forwards nothing until it gets a signed bundle, on a stick for example."
    )


FACTORY = Action(
    4,
    "factory-defaults",
    "Factory defaults",
    "The box forgets its configuration and everything it has learnt, and restarts as new. It then waits for a signed "
    "bundle: have a stick ready. Command line: patronus factory-reset.",
    _forget,
    questions=(Question("what", "What shall it forget?", choices=lambda _talk: _KEEPS),),
    warning=_warn_of_loss,
)
