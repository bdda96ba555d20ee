"""Bundles on a stick in the appliance."""

from __future__ import annotations

import argparse
import base64
import sys

from patronus.cli.text import check_pipe, print_lines
from patronus.ops import messages as m
from patronus.ops import observations as o
from patronus.ops import registry, wording
from patronus.ops.client import call


def run_stick(arguments: argparse.Namespace) -> int:
    """List the bundles on the stick, or print one as it is."""
    if arguments.name:
        check_pipe()
        answer = call(registry.STICK_BUNDLE, o.StickRequest(name=arguments.name))
        sys.stdout.buffer.write(base64.b64decode(answer.bundle))
        return 0
    files = call(registry.STICK_BUNDLES, m.Nothing())
    rows = [(file.name, wording.count_bytes(file.size)) for file in files.files]
    print(files.model_dump_json()) if arguments.json else print_lines(wording.align(rows))
    return 0
