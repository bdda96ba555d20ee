"""`patronus push HOST BUNDLE`: apply over SSH, come back from outside, and only then confirm."""

from __future__ import annotations

import argparse
import subprocess
import time

from patronus.cli.text import ask, print_review, say
from patronus.ops.errors import CallFailed
from patronus.ops.inputs import STDIN, is_bundle, read_input
from patronus.ops.messages import Review
from patronus.values.problem import Problem, Refused

_NEW_CONNECTION = (
    *("-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "ConnectTimeout=5"),
    *("-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=3"),
)
_NO_CONNECTION = 255
"""What ssh(1) ends with when it fails itself."""
_LONGEST = 300
"""Seconds for one command on the box."""
_SHORTEST_TRY = 10.0
"""Seconds that the last attempt to reconnect gets at least: a slow box needs some for the login alone."""
UNCONFIRMED = 4
"""The exit code when the change runs, or may run, and the box has not answered since."""


class RemoteRefused(CallFailed):
    """The box answered: no."""


def run_push(arguments: argparse.Namespace) -> int:
    """Show the plan, apply, reconnect, confirm."""
    if arguments.bundle == STDIN and not arguments.yes:
        message = "a bundle from standard input leaves nothing to answer the question with"
        raise Refused([Problem("", message, "look at the plan first, then give --yes; or name a file")])
    bundle = read_input(arguments.bundle)
    if not is_bundle(bundle):
        raise Refused([Problem("", f"{arguments.bundle} is no signed bundle", "make one with: patronus sign")])
    try:
        plan = _plan(arguments, bundle)
        print_review(plan)
        if not arguments.yes and not ask("Apply this?"):
            say("nothing was changed")
            return 1
        _apply(arguments, bundle)
        say(f"generation {plan.generation} runs; reconnecting from outside")
        return _confirm(arguments, plan.generation)
    except RemoteRefused as error:
        say(f"{error}; see above")
        return 1


def _plan(arguments: argparse.Namespace, bundle: bytes) -> Review:
    raw = _remote(arguments, "apply", "--dry-run", "--json", "-", stdin=bundle)
    try:
        return Review.model_validate_json(raw)
    except ValueError as error:
        raise CallFailed(f"{arguments.host} does not answer like Patronus; is it an appliance?") from error


def _apply(arguments: argparse.Namespace, bundle: bytes) -> None:
    """Apply. A connection that the change itself breaks proves nothing: reconnecting will tell."""
    deadline = f"{arguments.confirm_within}s"
    try:
        _remote(arguments, "apply", "--json", "--confirm-within", deadline, "-", stdin=bundle)
    except RemoteRefused:
        raise
    except CallFailed as error:
        say(f"the connection broke while the change was applied ({error})")


def _confirm(arguments: argparse.Namespace, generation: str) -> int:
    end = time.monotonic() + min(arguments.reconnect_within, arguments.confirm_within)
    while True:
        left = max(_SHORTEST_TRY, end - time.monotonic())
        try:
            _remote(arguments, "confirm", "--json", generation, longest=left)
        except RemoteRefused:
            raise
        except CallFailed as error:
            if time.monotonic() < end:
                time.sleep(1)
                continue
            say(
                f"no answer any more ({error}); unless the confirmation has reached it, the box goes back by itself "
                f"within {arguments.confirm_within} s"
            )
            return UNCONFIRMED
        say(f"generation {generation} is confirmed")
        return 0


def _remote(arguments: argparse.Namespace, *command: str, stdin: bytes = b"", longest: float = _LONGEST) -> bytes:
    """Run `patronus` on the box over a connection of its own. Raises RemoteRefused, or CallFailed without an answer."""
    options = [word for option in arguments.ssh_option for word in ("-o", option)]
    argv = ["ssh", *_NEW_CONNECTION, *options, "--", arguments.host, "patronus", *command]
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, timeout=longest, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CallFailed(f"ssh {arguments.host}: {error}") from error
    if done.stderr:
        for line in done.stderr.decode("utf-8", "backslashreplace").replace("\r\n", "\n").rstrip("\n").split("\n"):
            say(line)
    if done.returncode == 1:
        raise RemoteRefused(f"{arguments.host} refuses to {command[0]} it")
    if done.returncode == _NO_CONNECTION:
        raise CallFailed(f"no connection to {arguments.host}, or it broke; try: ssh {arguments.host} patronus status")
    if done.returncode:
        raise CallFailed(f"`patronus {command[0]}` on {arguments.host} ended with code {done.returncode}")
    return done.stdout
