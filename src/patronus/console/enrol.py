"""Enrolment: on a box that trusts nobody, every console asks for the public key of its owner instead of a login.

Lines of plain text, so that it works on any screen and over any serial line. patronus-enrol@.service starts it as root,
which is what patronusd asks for, but without any right; and the box has no network.
"""

from __future__ import annotations

import signal
import sys
from io import TextIOWrapper
from typing import BinaryIO, TextIO

from patronus.ops import messages as m
from patronus.ops import registry
from patronus.ops import trust as t
from patronus.ops.client import call
from patronus.ops.errors import CallFailed
from patronus.values.problem import Problem, Refused

_WIDTH = 78
_LONGEST_LINE = 4096
"""Bytes; a terminal hands over no more, termios(3), canonical mode."""
_MOST_KEYS = 8
_MOST_GROUPS = 16

_WELCOME = """
*** THIS BOX TRUSTS NOBODY YET ***

It forwards nothing and answers nobody on the network until it knows whose
signature its configuration must bear. Whoever enrols a key here owns the box.

Device id: {device}
Image:     {image}

Type or paste the owner's public SSH key, all on one line, such as
  ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA... owner
Further owners: one line each. An empty line ends the list.
Or type stick: *.pub files and allowed_signers are read from a stick with the
label PATRONUS (FAT file system)."""


class Hangup(Exception):  # noqa: N818 - reads as what happened
    """Nobody is at the terminal any more."""


class Terminal:
    """One line out, one line in; whatever is shown is printable ASCII."""

    def __init__(self, source: BinaryIO, target: TextIO) -> None:
        self._source = source
        self._target = target

    def say(self, text: str = "") -> None:
        """Print lines; what is no plain character is shown by its number."""
        shown = "".join(char if char == "\n" or " " <= char <= "~" else ascii(char)[1:-1] for char in text)
        self._target.write(shown + "\n")
        self._target.flush()

    def ask(self, prompt: str) -> str:
        """Return the line typed, without spaces around it. Raises Hangup at the end of input."""
        self._target.write(prompt)
        self._target.flush()
        line = self._source.readline(_LONGEST_LINE)
        if not line:
            raise Hangup
        return line.decode("utf-8", "replace").strip()


def enrol(terminal: Terminal) -> None:
    """Ask until keys are enrolled, here or on another console."""
    status = call(registry.STATUS, m.Nothing())
    while call(registry.TRUST, m.Nothing()).origin == "none":
        terminal.say(_WELCOME.format(device=status.device, image=status.image))
        request = _ask_request(terminal)
        if request is None:
            continue
        try:
            terminal.say("Enrolling, and looking for a configuration ...")
            _tell(terminal, call(registry.ENROL, request))
        except Refused as refused:
            _tell_problems(terminal, refused)
            continue
        return
    terminal.say("This box has been enrolled.")


def _ask_request(terminal: Terminal) -> t.EnrolRequest | None:
    """Return what a person has typed, seen and agreed to; None to begin again."""
    keys = _ask_keys(terminal)
    if not keys:
        return None
    threshold = _ask_threshold(terminal, len(keys)) if len(keys) > 1 else 1
    groups = terminal.ask("Groups this box is in (names between spaces; usually none): ").split()[:_MOST_GROUPS]
    try:
        request = t.EnrolRequest(keys="\n".join(keys), threshold=threshold, groups=tuple(groups))
        offered = t.read_offer(request)
    except Refused as refused:
        _tell_problems(terminal, refused)
        return None
    terminal.say("\nCompare each fingerprint with what `ssh-keygen -l -f KEY.pub` prints:")
    for key in offered:
        terminal.say(f"  {key.type}, {', '.join(key.names)}\n    {key.fingerprint}")
    terminal.say(f"Signatures needed: {threshold} of {len(offered)}. Groups: {', '.join(groups) or 'none'}.")
    if terminal.ask("Type yes to trust these keys, anything else to begin again: ") == "yes":
        return request
    terminal.say("Nothing was enrolled.")
    return None


def _ask_keys(terminal: Terminal) -> list[str]:
    """Return lines that each hold a key this box could trust."""
    keys: list[str] = []
    while len(keys) < _MOST_KEYS:
        line = terminal.ask(f"Key {len(keys) + 1}: ")
        if not line:
            break
        try:
            for typed in call(registry.STICK_KEYS, m.Nothing()).lines if line == "stick" else [line]:
                (key,) = t.read_offer(t.EnrolRequest(keys=typed))
                terminal.say(f"  {key.type}, {', '.join(key.names)}, {key.fingerprint}")
                keys.append(typed)
        except Refused as refused:
            _tell_problems(terminal, refused)
        except CallFailed as error:  # such as: somebody reads the stick at another console
            terminal.say(str(error))
    return keys


def _ask_threshold(terminal: Terminal, most: int) -> int:
    while True:
        text = terminal.ask(f"How many of these {most} keys must sign? [1] ") or "1"
        if text.isascii() and text.isdecimal() and 1 <= int(text[:4]) <= most:
            return int(text)
        terminal.say(f"A number from 1 to {most}.")


def _tell(terminal: Terminal, done: t.Enrolled) -> None:
    terminal.say(f"\nEnrolled. Keys and threshold are {done.trust.fingerprint}")
    if done.generation:
        terminal.say(f"Generation {done.generation} was waiting, is signed by these keys, and runs.")
        return
    terminal.say("No configuration runs yet:")
    for finding in done.failure.findings if done.failure else ():
        terminal.say(f"  {finding.message}\n    {finding.hint}")
    terminal.say(f"Sign one for device {done.trust.device}, put it on the disk as incoming/NAME.bundle, and restart.")


def _tell_problems(terminal: Terminal, refused: Refused) -> None:
    for problem in refused.problems[:10]:
        terminal.say(_shorten(problem))


def _shorten(problem: Problem) -> str:
    text = str(problem)
    return text if len(text) < 10 * _WIDTH else text[: 10 * _WIDTH] + " ..."


def main() -> int:
    """Run on the terminal systemd gives; the keys that end programs elsewhere do nothing here."""
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_IGN)
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        enrol(Terminal(sys.stdin.buffer, sys.stdout))
    except (Hangup, CallFailed, OSError) as error:
        print(f"<4>enrolment on this console ended: {error!r}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
