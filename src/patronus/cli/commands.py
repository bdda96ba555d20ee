"""The words of the `patronus` command. Nothing heavy is imported here: on a small box every command starts with this.

`run` of a parser is `module:function` below `patronus.cli`, imported only when its command is asked for.
"""

from __future__ import annotations

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from patronus.values.limits import DEFAULT_CONFIRM, MAX_CONFIRM, MAX_SERIAL


def add_workstation(commands: Any) -> None:
    """Add the workstation's commands to the parser."""
    check = _describe(commands, "check", "validate a document or a folder of fragments")
    _add_document(check)
    check.set_defaults(run="workstation:run_check")

    plan = _describe(commands, "plan", "show what a document renders to, or what it changes")
    _add_document(plan)
    plan.add_argument("--against", type=Path, metavar="FILE", help="the document that runs now")
    plan.set_defaults(run="workstation:run_plan")

    _add_sign(commands)

    verify = _describe(commands, "verify", "check a bundle's signatures and its document")
    _add_bundle(verify)
    verify.add_argument("--trust", type=Path, required=True, metavar="FOLDER", help="folder with allowed_signers")
    verify.add_argument("--json", action="store_true", help="print data for programs")
    verify.set_defaults(run="workstation:run_verify")

    inspect = _describe(commands, "inspect", "show what a bundle claims, unverified")
    _add_bundle(inspect)
    inspect.add_argument("--json", action="store_true", help="print data for programs")
    inspect.set_defaults(run="workstation:run_inspect")

    schema = _describe(commands, "schema", "print the JSON Schema of the document")
    schema.set_defaults(run="workstation:run_schema")

    keygen = _describe(commands, "keygen", "make a trust folder from public SSH keys (ssh-keygen makes the keys)")
    keygen.add_argument("keys", type=Path, nargs="+", metavar="KEY.pub")
    keygen.add_argument("--trust", type=Path, required=True, metavar="FOLDER", help="the folder to write")
    keygen.add_argument("--threshold", type=int, default=1, help="how many different keys must sign (default 1)")
    keygen.add_argument("--group", action="append", default=[], help="a group of the boxes that hold this store")
    keygen.add_argument("--no-rotation", action="store_true", help="forbid to exchange the store by a signed bundle")
    keygen.set_defaults(run="workstation:run_keygen")


def _add_document(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("document", type=Path, help="YAML file, folder of YAML files, or - for standard input")
    parser.add_argument(
        "--profiles", nargs="*", metavar="NAME", help="profiles of the image, behind the document (default: any)"
    )
    parser.add_argument("--json", action="store_true", help="print data for programs")


def _add_bundle(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("bundle", type=Path, help="file that `patronus sign` wrote, or - for standard input")


def _add_sign(commands: Any) -> None:
    sign = _describe(commands, "sign", "check a document and sign it; or add a signature to a bundle")
    sign.add_argument("document", type=Path, help="YAML file, folder of YAML files, bundle, or - for standard input")
    sign.add_argument("--key", type=Path, action="append", required=True, help="private SSH key, or .pub with an agent")
    sign.add_argument(
        "--output", "-o", type=Path, required=True, metavar="BUNDLE", help="file to write, or - for standard output"
    )
    sign.add_argument("--serial", type=_serial, default=0, metavar="N", help="must grow (default: seconds since 1970)")
    sign.add_argument("--device", action="append", default=[], metavar="ID", help="only this box (default: any)")
    sign.add_argument("--group", action="append", default=[], help="only boxes of this group")
    sign.add_argument("--minimum-image", default="0", metavar="VERSION", help="only images from this version on, 1.4")
    sign.add_argument("--author", default="", help="default: your login name")
    sign.add_argument("--comment", default="", help="a line for the history")
    sign.add_argument("--parent", type=Path, metavar="BUNDLE", help="only on a box that runs this one")
    sign.add_argument("--trust", type=Path, metavar="FOLDER", help="carry this trust store: it replaces the box's own")
    sign.add_argument("--expires", type=_day, metavar="DATE", help="warn after this day, 2030-12-31")
    sign.add_argument(
        "--install-disk", default="", metavar="only|SERIAL", help="let the installation medium install on this disk"
    )
    sign.add_argument("--install-erase", action="store_true", help="even if there is something on it")
    sign.add_argument(
        "--install-then", choices=("power-off", "restart"), default="", help="when it is done (power-off)"
    )
    sign.set_defaults(run="workstation:run_sign")


def add_box(commands: Any) -> None:
    """Add the appliance's commands to the parser."""
    _add(commands, "status", "what this box runs")

    apply = _add(commands, "apply", "apply a signed bundle; it goes back unless confirmed")
    apply.add_argument("bundle", help="file, or - for standard input")
    apply.add_argument("--dry-run", action="store_true", help="only show what would change")
    _add_deadline(apply)

    confirm = _add(commands, "confirm", "keep the pending change")
    confirm.add_argument("generation", nargs="?", default="")

    rollback = _add(commands, "rollback", "undo the pending change, or apply an older generation")
    rollback.add_argument("generation", nargs="?", default="")
    _add_deadline(rollback)

    _add(commands, "history", "kept generations")

    diff = _describe(commands, "diff", "what differs between two documents or, on the box, two generations")
    diff.add_argument("old", help="YAML file, folder of YAML files, or generation")
    diff.add_argument("new", nargs="?", default="", help="the same; on the box by default the running generation")
    diff.add_argument("--json", action="store_true", help="print data for programs")
    diff.set_defaults(run="box:run_diff")

    show = _add(commands, "show", "a generation's document")
    show.add_argument("generation", nargs="?", default="", help="default: the running one")
    show.add_argument("--rendered", action="store_true", help="the daemons' files instead of the document")
    show.add_argument("--pending", action="store_true", help="the document with local edits that the owners must merge")

    edit = _add(commands, "edit", "change the document on the box, signed by its own key", "edit")
    what = "places of settings, as in dhcp.subnets[0].pools, each with its new value as written in the document"
    edit.add_argument("settings", nargs="*", metavar="PATH VALUE", help=what)
    edit.add_argument(
        "--remove", action="append", default=[], metavar="PATH", help="take a setting out of the document"
    )
    what = "the whole new document, into which the settings are put: a file, a folder, or -"
    edit.add_argument("--file", type=Path, metavar="FILE", help=what)
    edit.add_argument("--dry-run", action="store_true", help="only show what would change")
    edit.add_argument("--yes", action="store_true", help="do not ask after showing the plan")
    edit.add_argument("--comment", default="", help="shown by `patronus history`")
    _add_deadline(edit)


def add_observation(commands: Any) -> None:
    """Add the commands that look at the running box, and those that end its work."""
    _add(commands, "links", "network interfaces and their addresses", "observe")

    ping = _add(commands, "ping", "ask a host for a sign of life", "observe")
    ping.add_argument("host", help="name or address")
    ping.add_argument("--count", type=int, default=4, metavar="N", help="1-20 (default 4)")
    ping.add_argument("--family", type=int, choices=(4, 6), default=0, help="default: what the name has")

    connections = _add(commands, "connections", "the largest connections", "observe")
    connections.add_argument("--limit", type=int, default=20, metavar="N", help="1-500 (default 20)")
    connections.add_argument("--sort", choices=("bytes", "packets"), default="bytes", help="default: bytes")

    log = _add(commands, "firewall-log", "packets that rules logged, newest first", "observe")
    log.add_argument("--limit", type=int, default=50, metavar="N", help="1-500 (default 50)")

    counters = _add(commands, "counters", "what each firewall rule has matched", "observe")
    counters.add_argument("rule", nargs="?", default="", help="only rules with this in their place or name")

    diagnose = _add(commands, "diagnose", "routes, neighbours, sockets and more", "observe")
    diagnose.add_argument(
        "topic", choices=("routes", "neighbours", "sockets", "services", "journal", "memory", "disks")
    )

    _add(commands, "reboot", "restart the box; a pending change is not kept", "observe")
    _add(commands, "power-off", "switch the box off", "observe")

    reset = _add(commands, "factory-reset", "forget configuration, history, keys and logs, then restart", "observe")
    reset.add_argument("--keep-trust", action="store_true", help="whose signatures count, and the box's id, stay")
    reset.add_argument("--yes", action="store_true", help="nothing is forgotten without")


def add_stick(commands: Any) -> None:
    """Add `stick` to the parser."""
    stick = _add(commands, "stick", "list the bundles on a stick with the label PATRONUS, or print one", "stick")
    stick.add_argument("name", nargs="?", default="", help="print this one: patronus stick NAME | patronus apply -")


def add_trust(commands: Any) -> None:
    """Add `trust show` and `trust enrol` to the parser."""
    trust = commands.add_parser("trust", help="whose signatures this box accepts (on the box)")
    verbs = trust.add_subparsers(dest="verb", required=True, metavar="show|stick|enrol")
    _add(verbs, "show", "the keys, their fingerprints, the groups", "trust")
    stick = _add(verbs, "stick", "the public keys on a stick with the label PATRONUS; for root alone", "trust")
    stick.set_defaults(run="trust:run_stick")
    enrol = _add(verbs, "enrol", "give a box that trusts nobody its owner's keys; for root alone", "trust")
    enrol.add_argument("keys", type=Path, nargs="*", metavar="KEY.pub", help="public keys, or an allowed_signers file")
    enrol.add_argument("--own", action="store_true", help="trust the key of this box: it signs its own edits")
    enrol.add_argument("--threshold", type=int, default=1, help="how many different keys must sign (default 1)")
    enrol.add_argument("--group", action="append", default=[], help="a group this box is in")


def _describe(commands: Any, name: str, text: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    return parser


def _add(commands: Any, name: str, text: str, module: str = "box") -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=f"{text} (on the box)", description=text)
    parser.add_argument("--json", action="store_true", help="print data for programs")
    parser.set_defaults(run=f"{module}:run_{name.replace('-', '_')}")
    return parser


def _add_deadline(parser: argparse.ArgumentParser) -> None:
    group = parser.add_mutually_exclusive_group()
    deadline = "it goes back unless it is confirmed within this time: 90s, 10m, 2h (default 10m)"
    group.add_argument("--confirm-within", type=_seconds, default=DEFAULT_CONFIRM, metavar="TIME", help=deadline)
    at_once = "keep it at once: nothing goes back by itself"
    group.add_argument("--confirm-now", action="store_const", const=0, dest="confirm_within", help=at_once)


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise argparse.ArgumentTypeError("a day such as 2030-12-31") from error


def _serial(text: str) -> int:
    number = int(text) if re.fullmatch("[0-9]{1,16}", text) else 0
    if not 1 <= number <= MAX_SERIAL:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {MAX_SERIAL}")
    return number


def _seconds(text: str) -> int:
    number, unit = (text[:-1], text[-1]) if text[-1:] in {"s", "m", "h"} else (text, "s")
    seconds = int(number) * {"s": 1, "m": 60, "h": 3600}[unit] if re.fullmatch("[0-9]{1,6}", number) else 0
    if not 0 < seconds <= MAX_CONFIRM:
        raise argparse.ArgumentTypeError("a time such as 90s, 10m or 2h, at most 24h")
    return seconds


def add_push(commands: Any) -> None:
    """Add `push` to the parser."""
    push = _describe(commands, "push", "apply a bundle on a box over SSH and confirm when the box still answers")
    push.add_argument("host", help="as ssh(1) takes it: admin@192.168.1.1")
    _add_bundle(push)
    deadline = "the box goes back by itself unless it is confirmed within this time (default 10m)"
    push.add_argument("--confirm-within", type=_seconds, default=DEFAULT_CONFIRM, metavar="TIME", help=deadline)
    patience = "give up reconnecting after this time (default 1m)"
    push.add_argument("--reconnect-within", type=_seconds, default=60, metavar="TIME", help=patience)
    push.add_argument("--yes", action="store_true", help="do not ask after showing the plan")
    push.add_argument(
        "--ssh-option", "-o", action="append", default=[], metavar="OPTION", help="handed to ssh -o, such as Port=2222"
    )
    push.set_defaults(run="push:run_push")
