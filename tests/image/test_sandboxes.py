"""Every service of the image runs with the least it needs: a baseline for all, and reasons where one cannot have it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = (
    REPOSITORY / "mkosi.extra/usr/lib/systemd/system",
    *sorted(REPOSITORY.glob("profiles/*/mkosi.extra/usr/lib/systemd/system")),
)

# systemd.exec(5). None: any value will do, as long as there is one.
BASELINE = {
    "CapabilityBoundingSet": None,
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "NoNewPrivileges": "yes",
    "PrivateDevices": "yes",
    "PrivateTmp": None,
    "ProtectClock": "yes",
    "ProtectControlGroups": "yes",
    "ProtectHome": "yes",
    "ProtectHostname": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectProc": "invisible",
    "ProtectSystem": "strict",
    "RestrictAddressFamilies": None,
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallErrorNumber": "EPERM",
    "SystemCallFilter": None,
    "UMask": None,
}

# "DynamicUser=" in systemd.exec(5).
DYNAMIC_USER = {
    "NoNewPrivileges": "yes",
    "PrivateTmp": "yes",
    "ProtectSystem": "strict",
    "RestrictSUIDSGID": "yes",
}

CHANGES_KERNEL = {"ProtectHostname", "ProtectKernelTunables"}
OPENS_DEVICES = {"PrivateDevices", "ProtectClock"}

# What a service does without, and why.
EXCEPTIONS: dict[str, dict[str, set[str]]] = {
    "patronusd.service": {"sets the host name and kernel tunables": CHANGES_KERNEL},
    "patronus-apply.service": {"sets the host name and kernel tunables": CHANGES_KERNEL},
    "patronus-revert.service": {"sets them back": CHANGES_KERNEL},
    "patronus-failsecure.service": {"writes to whatever consoles there are": OPENS_DEVICES},
    "patronus-homes.service": {"home folders are its job": {"ProtectHome"}},
    "patronus-reset.service": {"home folders are forgotten, too": {"ProtectHome"}},
    "patronus-enrol@.service": {"talks on whatever console it was started on": OPENS_DEVICES},
    "grow-state.service": {"writes the partition table": OPENS_DEVICES},
    "late-devices.service": {"writes to files below /sys": {"ProtectKernelTunables"}},
    "patronus-device-key.service": {"seals its key with the TPM": {"PrivateDevices"}},
}

# The rights that make root of a process; who has one is listed, so that nobody gets one by the way.
MIGHTY = {
    "CAP_BPF",
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_MKNOD",
    "CAP_NET_ADMIN",
    "CAP_PERFMON",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_ADMIN",
    "CAP_SYS_CHROOT",
    "CAP_SYS_MODULE",
    "CAP_SYS_PTRACE",
    "CAP_SYS_RAWIO",
}
CHANGES_GENERATIONS = {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_NET_ADMIN"}
HOLDERS = {
    "patronusd.service": CHANGES_GENERATIONS | {"CAP_SYS_PTRACE"},
    "patronus-apply.service": CHANGES_GENERATIONS,
    "patronus-revert.service": {"CAP_DAC_OVERRIDE", "CAP_NET_ADMIN"},
    "patronus-failsecure.service": {"CAP_DAC_OVERRIDE", "CAP_NET_ADMIN"},
    "patronus-load.service": {"CAP_DAC_OVERRIDE", "CAP_FOWNER"},
    "patronus-lockdown.service": {"CAP_NET_ADMIN"},
    "patronus-stick.service": {"CAP_DAC_OVERRIDE", "CAP_FOWNER"},
    "patronus-reset.service": {"CAP_DAC_OVERRIDE", "CAP_FOWNER"},
    "patronus-homes.service": {"CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER"},
    "grow-state.service": {"CAP_SYS_ADMIN"},
    "patronus-device-key.service": {"CAP_DAC_OVERRIDE"},
}


def find_services() -> Iterator[Path]:
    """Every service of ours; links mask or enable one."""
    for folder in FOLDERS:
        yield from (path for path in sorted(folder.glob("*.service")) if not path.is_symlink())


SERVICES = {path.name: path for path in find_services()}


def read_settings(path: Path) -> dict[str, str]:
    """The [Service] section; a list that is given twice is joined."""
    settings: dict[str, str] = {}
    section = ""
    for line in path.read_text().splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            settings[key] = f"{settings[key]} {value}".strip() if key in settings else value
    return {**DYNAMIC_USER, **settings} if settings.get("DynamicUser") == "yes" else settings


def test_there_are_services_to_look_at() -> None:
    assert len(SERVICES) >= 12
    assert SERVICES.keys() >= EXCEPTIONS.keys() | HOLDERS.keys(), "a list here names a service that is gone"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_the_baseline_or_a_reason(name: str) -> None:
    settings = read_settings(SERVICES[name])
    excused = set().union(*EXCEPTIONS.get(name, {}).values())
    missing = {key for key, wanted in BASELINE.items() if key not in settings or (wanted and settings[key] != wanted)}
    assert missing == excused, "give it these, or write down here why it cannot have them"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_only_the_mighty_rights_it_is_known_for(name: str) -> None:
    held = set(read_settings(SERVICES[name])["CapabilityBoundingSet"].split())
    assert not any(right.startswith("~") for right in held), "a list of what it has, not of what it lacks"
    assert held & MIGHTY == HOLDERS.get(name, set())


@pytest.mark.parametrize("name", SERVICES)
def test_no_service_waits_for_a_folder_that_whoever_has_the_disk_can_put_something_else_in_place_of(name: str) -> None:
    """systemd refuses to start it then, before its program could do without."""
    assert not {"CacheDirectory", "LogsDirectory", "StateDirectory"} & read_settings(SERVICES[name]).keys()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_may_make_the_usual_system_calls_only(name: str) -> None:
    assert read_settings(SERVICES[name])["SystemCallFilter"].split()[0] == "@system-service"
