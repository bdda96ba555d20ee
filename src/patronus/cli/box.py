"""Commands for the appliance itself; they talk to patronusd."""

from __future__ import annotations

import argparse
import base64
import sys
from collections.abc import Mapping
from pathlib import Path

from patronus.cli.text import print_findings, print_lines, print_review, safe, say
from patronus.ops import messages as m
from patronus.ops import registry, wording
from patronus.ops.client import call
from patronus.ops.inputs import read_input
from patronus.values.problem import Problem, Refused


def run_status(arguments: argparse.Namespace) -> int:
    """Print the box at a glance."""
    status = call(registry.STATUS, m.Nothing())
    if arguments.json:
        print(status.model_dump_json())
        return 0
    print_lines(wording.tell_status(status))
    if status.failure:
        print_findings(status.failure.findings)
    return 0


def _read_bundle(name: str) -> str:
    return base64.b64encode(read_input(Path(name))).decode()


def run_apply(arguments: argparse.Namespace) -> int:
    """Apply a bundle, or show what it would change."""
    bundle = _read_bundle(arguments.bundle)
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
    tell_deadline(result.generation, result.confirm_within)
    return 0


def tell_deadline(generation: str, seconds: int) -> None:
    """Say until when a change may be confirmed."""
    if seconds:
        say(f"generation {generation} runs; it goes back in {seconds} s unless you run: patronus confirm {generation}")
    else:
        say(f"generation {generation} runs and is confirmed")


def run_confirm(arguments: argparse.Namespace) -> int:
    """Keep the pending change."""
    _print_generation(
        arguments, call(registry.CONFIRM, m.ConfirmRequest(generation=arguments.generation)), "is confirmed"
    )
    return 0


def run_rollback(arguments: argparse.Namespace) -> int:
    """Go back."""
    request = m.RollbackRequest(generation=arguments.generation, confirm_within=arguments.confirm_within)
    result = call(registry.ROLLBACK, request, lambda text: say(f"{text} ..."))
    _print_generation(arguments, result, "is running")
    if arguments.generation:
        tell_deadline(result.generation, arguments.confirm_within)
    return 0


def _print_generation(arguments: argparse.Namespace, result: m.GenerationResult, what: str) -> None:
    if arguments.json:
        print(result.model_dump_json())
    else:
        say(f"generation {result.generation or 'none'} {what}")


def run_history(arguments: argparse.Namespace) -> int:
    """List generations."""
    history = call(registry.HISTORY, m.Nothing())
    if arguments.json:
        print(history.model_dump_json())
        return 0
    if history.entries:
        print_lines(wording.tell_history(history))
    return 0


def run_diff(arguments: argparse.Namespace) -> int:
    """Compare generations, or two documents."""
    if any(map(_is_document, (arguments.old, arguments.new))):
        from patronus.ops.workstation import plan

        if not arguments.new:
            raise Refused([Problem("", "one document alone has no difference", "name the second one, too")])
        review = plan(Path(arguments.new), Path(arguments.old))
    else:
        review = call(registry.DIFF, m.DiffRequest(old=arguments.old, new=arguments.new))
    print(review.model_dump_json()) if arguments.json else print_review(review)
    return 0


def _is_document(name: str) -> bool:
    """Tell a document on a workstation from a generation of a box, whose name has neither a dot nor a slash."""
    return bool(name) and (Path(name).exists() or "." in name or "/" in name)


def run_show(arguments: argparse.Namespace) -> int:
    """Print a generation, or what the owners have to merge."""
    if arguments.pending:
        from patronus.cli.edit import run_pending

        if arguments.generation or arguments.rendered:
            raise Refused([Problem("", "--pending prints the running document as it is", "give it alone")])
        return run_pending(arguments)
    shown = call(registry.SHOW, m.ShowRequest(generation=arguments.generation, rendered=arguments.rendered))
    if arguments.json:
        print(shown.model_dump_json())
    else:
        print_files(shown.files)
    return 0


def print_files(files: Mapping[str, str]) -> None:
    """Print texts, with their names when there are several."""
    if len(files) == 1:
        sys.stdout.write(safe(next(iter(files.values()))))
        return
    for name, text in files.items():
        print_lines([f"# --- {name}"])
        print(safe(text))
