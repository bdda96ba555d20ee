"""Commands for the owner's workstation; no root, no daemon, no appliance."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from patronus.cli.text import print_findings, print_review, say
from patronus.ops import workstation


def add_commands(commands: Any) -> None:
    """Add the workstation's commands to the parser."""
    check = commands.add_parser("check", help="validate a document or a folder of fragments")
    _add_document(check)
    check.set_defaults(run=_check)

    plan = commands.add_parser("plan", help="show what a document renders to, or what it changes")
    _add_document(plan)
    plan.add_argument("--against", type=Path, metavar="FILE", help="the document that runs now")
    plan.set_defaults(run=_plan)

    _add_sign(commands)

    verify = commands.add_parser("verify", help="check a bundle's signatures and its document")
    verify.add_argument("bundle", type=Path)
    verify.add_argument("--trust", type=Path, required=True, metavar="FOLDER", help="folder with allowed_signers")
    verify.set_defaults(run=_verify)

    inspect = commands.add_parser("inspect", help="show what a bundle claims, unverified")
    inspect.add_argument("bundle", type=Path)
    inspect.set_defaults(run=lambda arguments: print("\n".join(workstation.inspect(arguments.bundle))))

    schema = commands.add_parser("schema", help="print the JSON Schema of the document")
    schema.set_defaults(run=lambda _arguments: print(workstation.schema()))

    keygen = commands.add_parser("keygen", help="make a trust folder from public SSH keys (ssh-keygen makes the keys)")
    keygen.add_argument("keys", type=Path, nargs="+", metavar="KEY.pub")
    keygen.add_argument("--trust", type=Path, required=True, metavar="FOLDER", help="the folder to write")
    keygen.add_argument("--threshold", type=int, default=1, help="how many different keys must sign (default 1)")
    keygen.set_defaults(run=_keygen)


def _add_document(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("document", type=Path, help="YAML file, or folder of YAML files")
    parser.add_argument("--profiles", nargs="*", metavar="NAME", help="profiles of the image (default: any)")
    parser.add_argument("--json", action="store_true", help="print data for programs")


def _add_sign(commands: Any) -> None:
    sign = commands.add_parser("sign", help="check a document and sign it; or add a signature to a bundle")
    sign.add_argument("document", type=Path, help="YAML file, folder of YAML files, or bundle")
    sign.add_argument("--key", type=Path, action="append", required=True, help="private SSH key, or .pub with an agent")
    sign.add_argument("--output", "-o", type=Path, required=True, metavar="BUNDLE")
    sign.add_argument("--serial", type=int, default=0, help="must grow (default: seconds since 1970)")
    sign.add_argument("--device", action="append", default=[], metavar="ID", help="only this box (default: any)")
    sign.add_argument("--group", action="append", default=[], help="only boxes of this group")
    sign.add_argument("--minimum-image", default="0", metavar="VERSION")
    sign.add_argument("--author", default=getpass.getuser())
    sign.add_argument("--comment", default="")
    sign.add_argument("--parent", type=Path, metavar="BUNDLE", help="only on a box that runs this one")
    sign.add_argument("--expires", metavar="DATE", help="warn after this day, 2030-12-31")
    sign.set_defaults(run=_sign)


def _check(arguments: argparse.Namespace) -> None:
    findings = workstation.check(arguments.document, arguments.profiles)
    if arguments.json:
        print("[" + ",".join(finding.model_dump_json() for finding in findings) + "]")
    else:
        print_findings(findings)
        say("the document is valid")


def _plan(arguments: argparse.Namespace) -> None:
    review = workstation.plan(arguments.document, arguments.against, arguments.profiles)
    if arguments.json:
        print(review.model_dump_json())
    else:
        print_review(review)


def _sign(arguments: argparse.Namespace) -> None:
    options = workstation.SignOptions(
        serial=arguments.serial,
        devices=tuple(arguments.device),
        groups=tuple(arguments.group),
        minimum_image=arguments.minimum_image,
        author=arguments.author,
        comment=arguments.comment,
        parent=workstation.bundle_digest(arguments.parent) if arguments.parent else "",
        expires=datetime.fromisoformat(arguments.expires).replace(tzinfo=UTC) if arguments.expires else None,
    )
    arguments.output.write_bytes(workstation.sign(arguments.document, arguments.key, options))
    say(f"{arguments.output} is signed; look at it with: patronus inspect {arguments.output}")


def _verify(arguments: argparse.Namespace) -> None:
    for signer in workstation.verify(arguments.bundle, arguments.trust):
        print(f"good signature by {signer}")


def _keygen(arguments: argparse.Namespace) -> None:
    fingerprint = workstation.keygen(arguments.keys, arguments.trust, arguments.threshold)
    print(fingerprint)
    print(f"bake it into an image with: make image TRUST={arguments.trust}", file=sys.stderr)
