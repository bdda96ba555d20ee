"""Commands for the appliance itself; they talk to patronusd."""

from __future__ import annotations

import argparse
import base64
import os
import sys
import time
from pathlib import Path
from typing import Any

from patronus.cli.text import print_findings, print_review, safe, say
from patronus.ops import messages as m
from patronus.ops import registry
from patronus.ops.client import CallFailed, call

__all__ = ["CallFailed", "add_commands"]


def add_commands(commands: Any) -> None:
    """Add the appliance's commands to the parser."""
    _add(commands, "status", "what this box runs", _status)

    apply = _add(commands, "apply", "apply a signed bundle; it goes back unless confirmed", _apply)
    apply.add_argument("bundle", help="file, or - for standard input")
    apply.add_argument("--dry-run", action="store_true", help="only show what would change")
    _add_deadline(apply)

    confirm = _add(commands, "confirm", "keep the pending change", _confirm)
    confirm.add_argument("generation", nargs="?", default="")

    rollback = _add(commands, "rollback", "undo the pending change, or apply an older generation", _rollback)
    rollback.add_argument("generation", nargs="?", default="")
    _add_deadline(rollback)

    _add(commands, "history", "kept generations", _history)

    diff = _add(commands, "diff", "what differs between two generations", _diff)
    diff.add_argument("old")
    diff.add_argument("new", nargs="?", default="", help="default: the running one")

    show = _add(commands, "show", "a generation's document", _show)
    show.add_argument("generation", nargs="?", default="", help="default: the running one")
    show.add_argument("--rendered", action="store_true", help="the daemons' files instead of the document")


def _add(commands: Any, name: str, text: str, run: Any) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=f"{text} (on the box)", description=text)
    parser.add_argument("--json", action="store_true", help="print data for programs")
    parser.set_defaults(run=run)
    return parser


def _add_deadline(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--confirm-within", type=_seconds, default=m.DEFAULT_CONFIRM, metavar="TIME", help="default 10m")
    group.add_argument("--confirm-now", action="store_const", const=0, dest="confirm_within", help="no way back")


def _seconds(text: str) -> int:
    number, unit = (text[:-1], text[-1:]) if text[-1:] in "smh" else (text, "s")
    seconds = int(number) * {"s": 1, "m": 60, "h": 3600}[unit]
    if not 0 < seconds <= m.MAX_CONFIRM:
        raise argparse.ArgumentTypeError("a time such as 90s, 10m or 2h, at most 24h")
    return seconds


def _status(arguments: argparse.Namespace) -> int:
    status = call(registry.STATUS, m.Nothing())
    if arguments.json:
        print(status.model_dump_json())
        return 0
    print(f"device      {safe(status.device)} ({safe(status.hostname)}), up {int(status.uptime)} s")
    print(f"image       {safe(status.image)}, profiles: {safe(' '.join(status.profiles)) or 'none'}")
    print(f"trust       {safe(status.trust)}")
    kept = "confirmed" if status.generation == status.confirmed else f"confirmed is {safe(status.confirmed) or 'none'}"
    print(f"generation  {safe(status.generation) or 'none'}, {kept}")
    if status.pending:
        print(f"PENDING     goes back in {status.pending.seconds_left:.0f} s unless: patronus confirm")
    for unit in status.units:
        print(f"{'running' if unit.active else 'FAILED':<12}{safe(unit.name)}  ({safe(unit.origin)})")
    if status.failure:
        print(f"LOCKED DOWN {safe(status.failure.reason)}")
        print_findings(status.failure.findings)
    return 0


def _read_bundle(name: str) -> str:
    raw = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    return base64.b64encode(raw).decode()


def _apply(arguments: argparse.Namespace) -> int:
    try:
        bundle = _read_bundle(arguments.bundle)
    except OSError as error:
        raise CallFailed(f"{arguments.bundle} cannot be read: {error.strerror}") from error
    if arguments.dry_run:
        review = call(registry.PLAN, m.BundleRequest(bundle=bundle))
        print(review.model_dump_json()) if arguments.json else print_review(review)
        return 0
    request = m.ApplyRequest(bundle=bundle, confirm_within=arguments.confirm_within)
    result = call(registry.APPLY, request, lambda text: say(f"{text} ..."))
    if arguments.json:
        print(result.model_dump_json())
        return 0
    print_review(result.review)
    _tell_deadline(result.generation, result.confirm_within)
    return 0


def _tell_deadline(generation: str, seconds: int) -> None:
    if seconds:
        say(f"generation {generation} runs; it goes back in {seconds} s unless you run: patronus confirm {generation}")
    else:
        say(f"generation {generation} runs and is confirmed")


def _confirm(arguments: argparse.Namespace) -> int:
    _print_generation(
        arguments, call(registry.CONFIRM, m.ConfirmRequest(generation=arguments.generation)), "is confirmed"
    )
    return 0


def _rollback(arguments: argparse.Namespace) -> int:
    request = m.RollbackRequest(generation=arguments.generation, confirm_within=arguments.confirm_within)
    result = call(registry.ROLLBACK, request, lambda text: say(f"{text} ..."))
    _print_generation(arguments, result, "is running")
    if arguments.generation:
        _tell_deadline(result.generation, arguments.confirm_within)
    return 0


def _print_generation(arguments: argparse.Namespace, result: m.GenerationResult, what: str) -> None:
    if arguments.json:
        print(result.model_dump_json())
    else:
        say(f"generation {result.generation or 'none'} {what}")


def _history(arguments: argparse.Namespace) -> int:
    history = call(registry.HISTORY, m.Nothing())
    if arguments.json:
        print(history.model_dump_json())
        return 0
    for entry in history.entries:
        marks = " ".join(mark for mark in ("running", "confirmed") if getattr(entry, mark))
        when = time.strftime("%Y-%m-%d %H:%M", time.gmtime(entry.confirmed_at)) if entry.confirmed_at else "never kept"
        print(safe(f"{entry.generation}  {when:<16}  {entry.author}  {entry.comment}  {marks}".rstrip()))
    return 0


def _diff(arguments: argparse.Namespace) -> int:
    if os.path.exists(arguments.old):  # noqa: PTH110 - two documents on a workstation, not generations of a box
        from patronus.ops.workstation import plan

        review = plan(Path(arguments.new), Path(arguments.old))
    else:
        review = call(registry.DIFF, m.DiffRequest(old=arguments.old, new=arguments.new))
    print(review.model_dump_json()) if arguments.json else print_review(review)
    return 0


def _show(arguments: argparse.Namespace) -> int:
    shown = call(registry.SHOW, m.ShowRequest(generation=arguments.generation, rendered=arguments.rendered))
    if arguments.json:
        print(shown.model_dump_json())
    elif len(shown.files) == 1:
        sys.stdout.write(safe(next(iter(shown.files.values()))))
    else:
        for name, text in shown.files.items():
            print(safe(f"# --- {name}\n{text}"))
    return 0
