"""`patronus edit`: change the document on the box itself; the box signs, as far as its owners allow."""

from __future__ import annotations

import argparse
from pathlib import Path

from patronus.cli.box import print_files, tell_deadline
from patronus.cli.text import ask, print_review, say
from patronus.ops import editing as e
from patronus.ops import messages as m
from patronus.ops import registry, wording
from patronus.ops.client import call
from patronus.ops.inputs import STDIN, read_documents
from patronus.values.problem import Problem, Refused


def run_edit(arguments: argparse.Namespace) -> int:
    """Show the plan, ask, then sign and apply; the change goes back unless somebody confirms it."""
    asks = not (arguments.yes or arguments.dry_run)
    if asks and arguments.file == STDIN:
        message = "a document from standard input leaves nothing to answer the question with"
        raise Refused([Problem("", message, "look at it with --dry-run first, then give --yes; or name a file")])
    if arguments.json and asks:
        raise Refused([Problem("", "a program is not asked", "give --dry-run, or --yes")])
    request = _read_request(arguments)
    if not (arguments.json and arguments.yes):
        plan = call(registry.PLAN_EDIT, request)
        print(plan.model_dump_json()) if arguments.json else print_review(plan.review)
        if arguments.dry_run:
            return 0
        if asks and not ask("Sign this with the key of this box, and apply it?"):
            say("nothing was changed")
            return 1
        request = request.model_copy(update={"base": plan.base})
    result = call(registry.EDIT, request, lambda text: say(f"{text} ..."))
    if arguments.json:
        print(result.model_dump_json())
        return 0
    tell_deadline(result.generation, result.confirm_within)
    if "." in result.generation:  # on a box that is its own owner an edit is a generation like any other
        say("the owners' document does not hold this yet; for them: patronus show --pending > my.yaml")
    return 0


def _read_request(arguments: argparse.Namespace) -> e.EditRequest:
    words = arguments.settings
    paths, values = words[::2], words[1::2]
    settings = [*zip(paths, values, strict=False), *((path, None) for path in arguments.remove)]
    if len(paths) != len(values) or not (settings or arguments.file):
        hint = "patronus edit system.hostname gate, or patronus edit --file my.yaml"
        raise Refused([Problem("", "an edit is settings, each with its value, or a whole document", hint)])
    if len(dict(settings)) < len(settings):
        raise Refused([Problem("", "a setting is named twice", "give each of them once")])
    if len(arguments.comment) > e.MAX_COMMENT or not all(map(str.isprintable, arguments.comment)):
        message = f"a comment is one line of at most {e.MAX_COMMENT} printable characters"
        raise Refused([Problem("", message, "shorten it")])
    return e.EditRequest(
        settings=dict(settings),
        files=_read_texts(arguments.file) if arguments.file else {},
        comment=arguments.comment,
        confirm_within=arguments.confirm_within,
    )


def _read_texts(path: Path) -> dict[str, str]:
    texts = {}
    for name, raw in read_documents(path).items():
        try:
            texts[name] = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused([Problem("", f"{name} is not UTF-8 text", "save it with UTF-8 encoding")]) from error
    return texts


def run_pending(arguments: argparse.Namespace) -> int:
    """Print the document that the owners have to merge; how much it is goes to stderr."""
    found = call(registry.PENDING_EDITS, m.Nothing())
    if arguments.json:
        print(found.model_dump_json())
        return 0
    print_files(found.files)
    what = f"{wording.tell_edits(found.edits)} on top of the owners' document, serial {found.serial}"
    say(f"{what}; merge them, and sign: patronus sign my.yaml")
    return 0
