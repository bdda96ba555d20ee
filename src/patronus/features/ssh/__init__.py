"""Logging in over the network: the OpenSSH server."""

from __future__ import annotations

from patronus.features.contract import Feature
from patronus.features.ssh.checks import check
from patronus.features.ssh.plan import plan
from patronus.features.ssh.schema import Ssh

FEATURE = Feature(
    key="ssh",
    title="SSH",
    schema=Ssh,
    plan=plan,
    check=check,
    default=True,
)
