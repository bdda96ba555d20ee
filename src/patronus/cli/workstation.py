"""Commands for the owner's workstation; no root, no daemon, no appliance."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime

from patronus.cli.text import print_findings, print_review, say
from patronus.ops import workstation


def run_check(arguments: argparse.Namespace) -> None:
    """Validate a document."""
    findings = workstation.check(arguments.document, arguments.profiles)
    if arguments.json:
        print("[" + ",".join(finding.model_dump_json() for finding in findings) + "]")
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


def run_verify(arguments: argparse.Namespace) -> None:
    """Check a bundle."""
    for signer in workstation.verify(arguments.bundle, arguments.trust):
        print(f"good signature by {signer}")


def run_keygen(arguments: argparse.Namespace) -> None:
    """Make a trust folder."""
    fingerprint = workstation.keygen(arguments.keys, arguments.trust, arguments.threshold)
    print(fingerprint)
    print(f"bake it into an image with: make image TRUST={arguments.trust}", file=sys.stderr)


def run_inspect(arguments: argparse.Namespace) -> None:
    """Show what a bundle claims."""
    print("\n".join(workstation.inspect(arguments.bundle)))


def run_schema(_arguments: argparse.Namespace) -> None:
    """Print the JSON Schema."""
    print(workstation.schema())
