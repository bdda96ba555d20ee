"""The ssh section: who reaches sshd, what it is told, and that a change keeps sessions."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from patronus.features.ssh import FEATURE
from patronus.features.ssh.schema import Ssh
from patronus.values.facts import Context, LinkFact, ZoneFact
from patronus.values.fragments import RELOAD, Claim, File, Unit
from patronus.values.plan import Opening, Plan

HOUSE = Context(
    (
        ZoneFact("wan", "zones.wan", external=True),
        ZoneFact("lan", "zones.lan"),
        ZoneFact("iot", "zones.iot"),
        LinkFact("wan", "interfaces.wan", "wan"),
        LinkFact("lan", "interfaces.lan", "lan"),
        LinkFact("cams", "interfaces.cams", "iot"),
        LinkFact("spare", "interfaces.spare"),
    )
)


def check(section: dict[str, Any]) -> list[str]:
    return [f"{problem.severity} {problem.path}" for problem in FEATURE.check(Ssh.model_validate(section), HOUSE)]


def plan(section: dict[str, Any]) -> Plan:
    return Plan(tuple(FEATURE.plan(Ssh.model_validate(section), HOUSE)))


def config(section: dict[str, Any]) -> list[str]:
    return plan(section).of(File)[0].content.decode().splitlines()


def test_default_reaches_every_inside_link_with_keys_only() -> None:
    assert check({}) == []
    assert plan({}).of(Opening) == (Opening(("lan", "cams"), "tcp", 22, "ssh.interfaces"),)
    assert plan({}).of(Claim) == (Claim("tcp/22@*", "ssh.port"),)
    assert {"PermitRootLogin no", "PasswordAuthentication no", "AllowTcpForwarding no", "Port 22"} <= set(config({}))


def test_named_links_replace_the_default() -> None:
    assert plan({"interfaces": ["wan"], "port": 2222}).of(Opening) == (
        Opening(("wan",), "tcp", 2222, "ssh.interfaces"),
    )
    assert "Port 2222" in config({"port": 2222})


def test_switched_off_leaves_nothing() -> None:
    assert plan({"enabled": False}).fragments == ()


def test_a_change_reloads_so_that_sessions_stay() -> None:
    assert plan({}).of(Unit) == (Unit("ssh.service", "ssh", ("etc/ssh/sshd_config",), RELOAD),)


def test_settings_reach_sshd() -> None:
    lines = config({"password_authentication": True, "idle_timeout": "15m", "login_grace_time": "30s"})
    wanted = {"PasswordAuthentication yes", "ChannelTimeout session=900", "UnusedConnectionTimeout 900"}
    assert {*wanted, "LoginGraceTime 30"} <= set(lines)
    assert not [line for line in config({}) if "Timeout" in line]


def test_every_problem_is_reported_at_once() -> None:
    section = {"interfaces": ["lan", "lan", "wan", "moon"], "password_authentication": True}
    assert check(section) == ["warning ssh.interfaces[2]", "error ssh.interfaces[3]", "error ssh.interfaces"]
    assert check({"interfaces": ["wan"]}) == []
    assert check({"interfaces": []}) == ["warning ssh.interfaces"]
    assert check({"interfaces": [], "enabled": False}) == []


@pytest.mark.parametrize(
    "section",
    [
        {"port": 0},
        {"port": "22"},
        {"idle_timeout": "5s"},
        {"idle_timeout": "15m\nPermitRootLogin yes"},
        {"login_grace_time": "0s"},
        {"max_auth_tries": 0},
        {"permit_root_login": True},
    ],
)
def test_what_sshd_should_not_get_is_refused(section: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Ssh.model_validate(section)
