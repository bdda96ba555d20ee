"""Commands about whose signatures the box accepts."""

from __future__ import annotations

import argparse

from patronus.cli.text import one_line, print_findings, print_lines, say
from patronus.ops import messages as m
from patronus.ops import registry
from patronus.ops import trust as t
from patronus.ops.client import call
from patronus.ops.inputs import MAX_KEYS, read_input


def run_show(arguments: argparse.Namespace) -> int:
    """Print the trust store in force."""
    trust = call(registry.TRUST, m.Nothing())
    if arguments.json:
        print(trust.model_dump_json())
        return 0
    print(f"device      {one_line(trust.device)}")
    print_lines(_tell_own_key(trust))
    print(f"groups      {one_line(', '.join(trust.groups)) or 'none'}")
    if trust.origin == "none":
        print("trust       none: this box accepts no bundle; enrol a key at its console")
        return 0
    exchanged = f", exchanged by {trust.exchanges} bundles since" if trust.exchanges else ""
    print(f"trust       {one_line(trust.origin)}{exchanged}")
    print(f"signatures  {_tell_keys(trust)}")
    for key in trust.keys:
        print(one_line(f"key         {key.fingerprint} {', '.join(key.names)} ({key.type})"))
    print(f"exchange    {'by a signed bundle' if trust.exchangeable else 'only by another image'}")
    return 0


def _tell_own_key(trust: t.Trust) -> list[str]:
    """The key for local edits; where its private half lies is said openly."""
    if trust.own is None:
        return ["own key     none: this box signs no local edits"]
    where = "sealed by the TPM" if trust.own.sealed else "in plain on the state partition: there is no TPM"
    return [f"own key     {trust.own.fingerprint} ({where})", f"            {trust.own.line}"]


def run_stick(arguments: argparse.Namespace) -> int:
    """Print the public keys on a stick."""
    keys = call(registry.STICK_KEYS, m.Nothing())
    print(keys.model_dump_json()) if arguments.json else print_lines(keys.lines)
    return 0


def run_enrol(arguments: argparse.Namespace) -> int:
    """Enrol public keys on a box that trusts nobody."""
    keys = "\n".join(read_input(path, MAX_KEYS).decode("utf-8", "replace") for path in arguments.keys)
    request = t.EnrolRequest(keys=keys, threshold=arguments.threshold, groups=tuple(arguments.group), own=arguments.own)
    done = call(registry.ENROL, request, lambda text: say(f"{text} ..."))
    if arguments.json:
        print(done.model_dump_json())
        return 0
    say(f"the box trusts {_tell_keys(done.trust)}")
    if done.failure:
        print_findings(done.failure.findings)
    say(f"generation {done.generation or 'none'} is running")
    return 0


def _tell_keys(trust: t.Trust) -> str:
    return one_line(f"{trust.threshold} of {len(trust.keys)} keys, {trust.fingerprint}")
