"""`patronus push HOST BUNDLE`: apply over SSH, come back from outside, and only then confirm."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

from patronus.cli.text import print_review, say
from patronus.ops.errors import CallFailed
from patronus.ops.messages import ApplyResult, Review

_NEW_CONNECTION = ("-o", "ControlMaster=no", "-o", "ControlPath=none", "-o", "ConnectTimeout=5")


def run_push(arguments: argparse.Namespace) -> int:
    """Show the plan, apply, reconnect, confirm."""
    bundle = arguments.bundle.read_bytes()
    print_review(Review.model_validate_json(_remote(arguments, "apply", "--dry-run", "--json", "-", stdin=bundle)))
    if not arguments.yes and not _ask("Apply this?"):
        say("nothing was changed")
        return 1
    deadline = f"{arguments.confirm_within}s"
    raw = _remote(arguments, "apply", "--json", "--confirm-within", deadline, "-", stdin=bundle)
    result = ApplyResult.model_validate_json(raw)
    say(f"generation {result.generation} runs; reconnecting from outside")
    return _confirm(arguments, result.generation)


def _confirm(arguments: argparse.Namespace, generation: str) -> int:
    end = time.monotonic() + min(arguments.reconnect_within, arguments.confirm_within)
    while True:
        try:
            answer = json.loads(_remote(arguments, "confirm", "--json", generation))
        except CallFailed as error:
            if time.monotonic() < end:
                time.sleep(1)
                continue
            say(f"no answer any more ({error}); the box goes back by itself within {arguments.confirm_within} s")
            return 1
        say(f"generation {answer['generation']} is confirmed")
        return 0


def _remote(arguments: argparse.Namespace, *command: str, stdin: bytes = b"") -> bytes:
    """Run `patronus` on the box over a connection of its own. Raises CallFailed."""
    options = [word for option in arguments.ssh_option for word in ("-o", option)]
    argv = ["ssh", *_NEW_CONNECTION, *options, "--", arguments.host, "patronus", *command]
    try:
        done = subprocess.run(argv, input=stdin, stdout=subprocess.PIPE, timeout=300, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CallFailed(f"ssh {arguments.host}: {error}") from error
    if done.returncode:
        raise CallFailed(f"`patronus {command[0]}` on {arguments.host} ended with code {done.returncode}")
    return done.stdout


def _ask(question: str) -> bool:
    print(f"{question} [y/N] ", end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}
