"""A house as a document, for tests that need a whole one, and short ways through the pure half of the pipeline."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

from patronus.pipeline.load import load
from patronus.pipeline.plan import plan
from patronus.pipeline.render import render
from patronus.pipeline.validate import validate
from patronus.values.problem import Problem, Refused
from patronus.values.tree import Tree

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDXrxW8GZIhJls68Jeq0bfbM6oQsqJ5hieBtcbqgxP+h alice@desk"
HOUSE: dict[str, Any] = {
    "version": 1,
    "system": {"hostname": "gw", "domain": "home.arpa", "admins": [{"name": "alice", "ssh_keys": [KEY]}]},
    "zones": {"wan": {"external": True}, "lan": {}, "guest": {"ping": False}},
    "interfaces": {
        "wan": {
            "match": {"mac": "52:54:00:00:00:01"},
            "zone": "wan",
            "ipv4": {"method": "dhcp"},
            "ipv6": {"method": "dhcp", "prefix_hint": 56},
        },
        "lan": {
            "match": {"mac": "52:54:00:00:00:02"},
            "zone": "lan",
            "ipv4": {"addresses": ["192.168.1.1/24"]},
            "ipv6": {"from": "wan", "id": 0},
        },
        "guest": {
            "vlan": {"parent": "lan", "id": 20},
            "zone": "guest",
            "ipv4": {"addresses": ["192.168.20.1/24"]},
        },
    },
    "aliases": {"admins": {"addresses": ["192.168.1.10"]}, "web": {"ports": [80, 443]}},
    "firewall": {
        "rules": [
            {"name": "out", "action": "pass", "from": ["lan", "guest"], "to": ["wan"]},
            {"name": "admin", "action": "pass", "from": "lan", "to": "self", "protocol": "tcp", "ports": "web",
             "source": ["admins"]},
        ]
    },
    "nat": {"port_forwards": [{"name": "web", "protocol": "tcp", "ports": 443, "target": "192.168.1.10"}]},
    "dhcp": {"subnets": [{"interface": "lan", "pools": ["192.168.1.100-192.168.1.199"]}]},
    "dns": {"interfaces": ["lan", "guest"]},
    "ntp": {"serve": ["lan"]},
}  # fmt: skip


def house(**sections: Any) -> dict[str, Any]:
    """The house with some sections replaced; None leaves one out."""
    document = {**deepcopy(HOUSE), **sections}
    return {key: value for key, value in document.items() if value is not None}


def write(document: dict[str, Any]) -> bytes:
    """The document as YAML (JSON is YAML 1.2)."""
    return json.dumps(document).encode()


def render_data(document: dict[str, Any]) -> Tree:
    """The rendered tree of a document. Raises Refused."""
    return render(plan(validate(load({"house.yaml": write(document)}))))


def problems_of(document: dict[str, Any], profiles: set[str] | None = None) -> list[Problem]:
    """Every problem of a document, warnings included."""
    try:
        return problems_in(load({"house.yaml": write(document)}), profiles)
    except Refused as refused:
        return refused.problems


def problems_in(data: dict[str, Any], profiles: set[str] | None = None) -> list[Problem]:
    """Every problem of a document that is read already: what `problems_of` tells, but for those of YAML."""
    try:
        appliance = validate(data, profiles)
        plan(appliance)
    except Refused as refused:
        return refused.problems
    return list(appliance.warnings)
