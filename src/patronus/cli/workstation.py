"""Commands for the owner's workstation; no root, no daemon, no appliance."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path

from patronus.cli.text import check_pipe, print_findings, print_lines, print_review, say
from patronus.ops import workstation


def run_check(arguments: argparse.Namespace) -> None:
    """Validate a document."""
    findings = workstation.check(arguments.document, arguments.profiles)
    if arguments.json:
        print(json.dumps([finding.model_dump() for finding in findings]))
    else:
        print_findings(findings)
        say("the document is valid")


def run_plan(arguments: argparse.Namespace) -> None:
    """Show what a document changes."""
    review = workstation.plan(arguments.document, arguments.against, arguments.profiles)
    if arguments.json:
        print(review.model_dump_json())
    else:
        print_review(review)


def run_sign(arguments: argparse.Namespace) -> None:
    """Sign a document or a bundle."""
    to_stdout = arguments.output == Path("-")
    check_pipe() if to_stdout else workstation.check_output(arguments.output)  # before a passphrase or a touch is asked
    options = workstation.SignOptions(
        serial=arguments.serial,
        devices=tuple(arguments.device),
        groups=tuple(arguments.group),
        minimum_image=arguments.minimum_image,
        author=arguments.author or _login_name(),
        comment=arguments.comment,
        parent=workstation.bundle_digest(arguments.parent) if arguments.parent else "",
        expires=arguments.expires,
        trust=arguments.trust,
        install_disk=arguments.install_disk,
        install_erase=arguments.install_erase,
        install_then=arguments.install_then,
    )
    bundle = workstation.sign(arguments.document, arguments.key, options)
    print_findings(workstation.tell_signed(bundle))
    if to_stdout:
        sys.stdout.buffer.write(bundle)
    else:
        workstation.write_bundle(arguments.output, bundle)
        say(f"{arguments.output} is signed; look at it with: patronus inspect {arguments.output}")


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user without an entry in passwd(5)
        return ""


def run_verify(arguments: argparse.Namespace) -> None:
    """Check a bundle."""
    verdict = workstation.verify(arguments.bundle, arguments.trust)
    if arguments.json:
        warnings = [finding.model_dump() for finding in verdict.findings]
        print(json.dumps({"signers": verdict.signers, "warnings": warnings}))
        return
    print_findings(verdict.findings)
    print_lines(f"good signature by {signer}" for signer in verdict.signers)


def run_keygen(arguments: argparse.Namespace) -> None:
    """Make a trust folder."""
    fingerprint = workstation.keygen(
        arguments.keys, arguments.trust, arguments.threshold, arguments.group, rotation=not arguments.no_rotation
    )
    print(fingerprint)
    say(f"bake it into an image with: make image TRUST={arguments.trust}")


def run_inspect(arguments: argparse.Namespace) -> None:
    """Show what a bundle claims."""
    if arguments.json:
        print(json.dumps(workstation.inspect_data(arguments.bundle)))
    else:
        print_lines(workstation.inspect(arguments.bundle))


def run_schema(_arguments: argparse.Namespace) -> None:
    """Print the JSON Schema."""
    print(workstation.schema())
