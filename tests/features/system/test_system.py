"""The system section: names, clock zone, kernel settings."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from patronus.features.system import FEATURE
from patronus.features.system.schema import System
from patronus.features.system.tunables import find_tunable_fault
from patronus.values.facts import Context, HostFact
from patronus.values.fragments import File, Symlink, Sysctl
from patronus.values.plan import Plan


def check(section: dict[str, Any]) -> list[str]:
    """Return `severity path` of every problem, but for the warning that nobody can log in."""
    problems = FEATURE.check(System.model_validate(section), Context())
    return [f"{problem.severity} {problem.path}" for problem in problems if problem.path != "system.admins"]


def plan(section: dict[str, Any]) -> Plan:
    return Plan(tuple(FEATURE.plan(System.model_validate(section), Context())))


def contents(section: dict[str, Any]) -> dict[str, str]:
    return {file.path: file.content.decode() for file in plan(section).of(File)}


def test_names_reach_the_files_and_the_other_features() -> None:
    section = {"hostname": "gw", "domain": "example.org"}
    assert contents(section)["etc/hostname"] == "gw\n"
    assert "127.0.1.1 gw.example.org gw\n" in contents(section)["etc/hosts"]
    assert list(FEATURE.facts(System.model_validate(section))) == [HostFact("gw", "example.org")]


def test_time_zone_is_a_link_into_tzdata() -> None:
    links = {link.path: link.target for link in plan({"timezone": "America/Argentina/Salta"}).of(Symlink)}
    assert links == {"etc/localtime": "/usr/share/zoneinfo/America/Argentina/Salta"}


def test_unknown_time_zone_is_refused_with_the_nearest_name() -> None:
    problems = list(FEATURE.check(System.model_validate({"timezone": "Europe/Berln"}), Context()))
    assert problems[0].path == "system.timezone"
    assert problems[0].hint == "did you mean Europe/Berlin?"


@pytest.mark.parametrize(
    "timezone", ["../../etc/shadow", "/etc/shadow", "Europe/../UTC", "Europe//Berlin", "UTC\n", ""]
)
def test_time_zone_that_is_a_path_is_refused(timezone: str) -> None:
    with pytest.raises(ValidationError):
        System.model_validate({"timezone": timezone})


def test_tunables_are_set_as_written() -> None:
    section = {
        "tunables": {"net.core.somaxconn": 4096, "net.ipv4.tcp_rmem": "4096 131072 6291456", "vm.swappiness": "-1"}
    }
    assert plan(section).of(Sysctl) == (
        Sysctl("net.core.somaxconn", "4096", "system.tunables.net.core.somaxconn"),
        Sysctl("net.ipv4.tcp_rmem", "4096 131072 6291456", "system.tunables.net.ipv4.tcp_rmem"),
        Sysctl("vm.swappiness", "-1", "system.tunables.vm.swappiness"),
    )
    assert check(section) == []


@pytest.mark.parametrize(
    "key",
    [
        "kernel.core_pattern",
        "kernel.modprobe",
        "kernel.poweroff_cmd",
        "kernel.usermodehelper.bset",
        "kernel.sysrq",
        "kernel.unprivileged_bpf_disabled",
        "fs.binfmt_misc.register",
        "fs.protected_symlinks",
        "vm.mmap_min_addr",
        "net.ipv4.ip_forward",
        "net.ipv6.conf.all.forwarding",
        "net.ipv4.conf.wan.rp_filter",
        "net.ipv6.conf.lan.accept_ra_defrtr",
        "net.ipv4.conf.all.accept_source_route",
        "net.core.bpf_jit_harden",
        "dev.cdrom.autoeject",
        "kernel.numa_balancing",
        "kernel.sched_schedstats",
    ],
)
def test_tunables_that_open_the_box_or_belong_to_the_engine_are_refused(key: str) -> None:
    assert check({"tunables": {key: "1"}}) == [f"error system.tunables.{key}"]


@pytest.mark.parametrize("key", ["net.netfilter.nf_conntrack_max", "vm.swappiness", "fs.file-max", "kernel.panic"])
def test_ordinary_tunables_are_taken(key: str) -> None:
    assert find_tunable_fault(key) is None


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("net/core/somaxconn", "1"),
        ("net.core..x", "1"),
        ("../x", "1"),
        ("net", "1"),
        ("net.core.somaxconn", "1\nkernel.core_pattern=|/x"),
        ("net.core.somaxconn", "|/bin/sh"),
        ("net.core.somaxconn", ""),
        ("net.core.somaxconn", True),
    ],
)
def test_tunables_of_another_shape_are_refused(key: str, value: object) -> None:
    with pytest.raises(ValidationError):
        System.model_validate({"tunables": {key: value}})


def test_names_that_mislead_are_reported() -> None:
    assert check({"hostname": "localhost", "domain": "office.local"}) == [
        "error system.hostname",
        "warning system.domain",
    ]
