"""The QEMU command line and the decision about KVM, without starting anything."""

import base64
import itertools
from pathlib import Path

import pytest

from patronus_builder.vm import accelerate
from patronus_builder.vm.agent import agent_credentials
from patronus_builder.vm.command import KVM, TCG, Drive, MachineSpec, Port, TapNic, UserNic, qemu_command
from patronus_builder.vm.firmware import Firmware, find_firmware
from patronus_builder.vm.run import user_nics
from patronus_builder.vm.smbios import credential_string, kernel_arguments_string

FIRMWARE = Firmware(Path("/fw/code.fd"), Path("/fw/variables.fd"))


def options_of(command: list[str], name: str) -> list[str]:
    """The values of every option of that name."""
    return [value for option, value in itertools.pairwise(command) if option == name]


def test_cards_keep_their_order_and_their_addresses() -> None:
    spec = MachineSpec(
        Path("/m"), FIRMWARE, nics=(TapNic("52:54:00:00:00:01", 7), UserNic("52:54:00:00:00:02", ("a=b",)))
    )
    command = qemu_command(spec)
    assert options_of(command, "-netdev") == ["tap,id=nic0,fd=7,vhost=off", "user,id=nic1,a=b"]
    cards = [device for device in options_of(command, "-device") if device.startswith("virtio-net")]
    assert [card.rpartition("mac=")[2] for card in cards] == ["52:54:00:00:00:01", "52:54:00:00:00:02"]


def test_commas_in_paths_do_not_become_options() -> None:
    spec = MachineSpec(Path("/m,x"), FIRMWARE, ports=(Port("p", Path("/m,x/p.sock")),))
    command = qemu_command(spec)
    assert any("file=/m,,x/disk.qcow2" in drive for drive in options_of(command, "-drive"))
    assert any("path=/m,,x/p.sock" in chardev for chardev in options_of(command, "-chardev"))


def test_a_machine_has_a_tpm_only_when_it_shall() -> None:
    assert not [word for word in qemu_command(MachineSpec(Path("/m"), FIRMWARE)) if "tpm" in word]
    command = qemu_command(MachineSpec(Path("/m,x"), FIRMWARE, tpm=True))
    assert "tpm-crb,tpmdev=tpm0" in options_of(command, "-device")
    assert "socket,id=tpm0,path=/m,,x/tpm.sock" in options_of(command, "-chardev")


def test_only_the_machines_own_files_can_be_written() -> None:
    drives = options_of(qemu_command(MachineSpec(Path("/m"), FIRMWARE)), "-drive")
    writable = [drive for drive in drives if "readonly=on" not in drive]
    assert writable and all("file=/m/" in drive for drive in writable)


def test_what_is_plugged_in_is_read_only_unless_said_otherwise() -> None:
    plugged = (
        Drive("medium", Path("/i,so"), "cd", bootable=True),
        Drive("stick", Path("/stick"), "usb"),
        Drive("other", Path("/other"), writable=True),
        Drive("failing", Path("/failing"), writable=True, faults=Path("/rules")),
    )
    command = qemu_command(MachineSpec(Path("/m"), FIRMWARE, drives=plugged))
    drives = {drive.split(",")[1]: drive for drive in options_of(command, "-drive")}
    assert "readonly=on" in drives["id=medium"] and "file=/i,,so" in drives["id=medium"]
    assert "readonly=on" in drives["id=stick"]
    assert "readonly=off" in drives["id=other"]
    assert "file.config=/rules" in drives["id=failing"] and "file.image.filename=/failing" in drives["id=failing"]
    devices = {device.partition("drive=")[2].split(",")[0]: device for device in options_of(command, "-device")}
    assert devices["medium"].startswith("ide-cd") and "bootindex=1" in devices["medium"]
    assert devices["stick"].startswith("usb-storage") and "bootindex" not in devices["stick"]
    assert "serial=other" in devices["other"]


def test_credentials_and_arguments_are_written_as_systemd_reads_them() -> None:
    prefix, _, encoded = credential_string("a.b~c", b"\x00binary").partition("=")
    assert prefix == "io.systemd.credential.binary:a.b~c"
    assert base64.b64decode(encoded) == b"\x00binary"
    assert kernel_arguments_string(["a", "b=c"]) == "io.systemd.stub.kernel-cmdline-extra=a b=c"


@pytest.mark.parametrize("name", ["", "a=b", "a/b", "a:b", "a\nb"])
def test_names_that_are_no_credentials_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="credential"):
        credential_string(name, b"")


def test_the_agents_units_run_the_programs_that_travel_with_them() -> None:
    credentials = agent_credentials()
    for name in ("agent", "shell"):
        unit = credentials[f"systemd.extra-unit.test-{name}.service"].decode()
        assert f"/run/credentials/@system/test-{name}.py" in unit
        compile(credentials[f"test-{name}.py"], name, "exec")


def test_no_kvm_device_means_emulation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATRONUS_ACCEL", raising=False)
    assert accelerate.choose_accelerator(tmp_path / "image", device=tmp_path / "kvm") is TCG


def test_a_verdict_is_asked_for_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def boots(image: Path) -> bool:
        asked.append(image)
        return True

    monkeypatch.delenv("PATRONUS_ACCEL", raising=False)
    monkeypatch.setenv("PATRONUS_CACHE", str(tmp_path))
    monkeypatch.setattr(accelerate, "host_key", lambda: "this-host")
    monkeypatch.setattr(accelerate, "boots_with_kvm", boots)
    for _ in range(2):
        assert accelerate.choose_accelerator(Path("image"), device=Path("/dev/null")) is KVM
    assert asked == [Path("image")]


def test_people_can_decide_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATRONUS_ACCEL", "tcg")
    assert accelerate.choose_accelerator(Path("image"), device=Path("/dev/null")) is TCG


def test_missing_firmware_names_the_package(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="ovmf"):
        find_firmware(tmp_path)


def test_ssh_of_the_box_is_reached_through_loopback_only() -> None:
    _, lan = user_nics("192.168.7.1", 2222)
    assert "hostfwd=tcp:127.0.0.1:2222-192.168.7.1:22" in lan.options
    assert "net=192.168.7.0/24" in lan.options
