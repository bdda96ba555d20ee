"""The thin layers over the machine: programs, kernel settings, networkd's files, who the box is."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from patronus.host import identity, kernel, networkd, trust, units
from patronus.host.layout import Layout
from patronus.host.run import CommandFailed, Done, run
from patronus.trust import Refused
from patronus.values.fragments import Sysctl
from patronus.values.problem import Refused as RefusedHere


def test_a_program_gets_its_input_and_a_fixed_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "1")
    done = run(sys.executable, "-c", "import os,sys; print(sorted(os.environ), sys.stdin.read())", stdin=b"hello")
    assert b"hello" in done.stdout
    assert b"SECRET" not in done.stdout
    assert b"LC_ALL" in done.stdout


def test_a_failure_carries_the_end_of_what_was_said() -> None:
    script = "import sys; print('out'); print('x' * 9000 + 'the end', file=sys.stderr); sys.exit(3)"
    with pytest.raises(CommandFailed) as caught:
        run(sys.executable, "-c", script)
    assert caught.value.code == 3
    assert caught.value.output.endswith("the end\n\nout")
    assert len(caught.value.output) <= 4000
    assert run(sys.executable, "-c", script, check=False).code == 3


def test_a_program_that_hangs_is_ended() -> None:
    with pytest.raises(CommandFailed, match=r"no end after 0\.2 s"):
        run(sys.executable, "-c", "import time; time.sleep(60)", timeout=0.2)


@pytest.mark.parametrize("check", [True, False])
def test_a_program_that_is_not_there_is_told(check: bool) -> None:
    with pytest.raises(CommandFailed, match="No such file or directory"):
        run("/nothing/here", check=check)


def test_no_shell_looks_at_arguments() -> None:
    words = ["$(id)", "a b", ";", "`x`", "*", "'", '"', "\n"]
    done = run(sys.executable, "-c", "import sys, json; print(json.dumps(sys.argv[1:]))", *words)
    assert json.loads(done.stdout) == words


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that plays /proc/sys."""
    folder = tmp_path / "sys"
    for key, value in {"net/ipv4/ip_forward": "0\n", "net/ipv4/tcp_rmem": "1\t2\t3\n"}.items():
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_text(value)
    monkeypatch.setattr(kernel, "_PROC_SYS", folder)
    return folder


def test_kernel_settings_are_set_and_given_back(settings: Path, tmp_path: Path) -> None:
    originals = tmp_path / "originals.json"
    forward = Sysctl("net.ipv4.ip_forward", "1", "system")
    kernel.set_sysctls([forward], originals)
    assert (settings / "net/ipv4/ip_forward").read_text() == "1"
    kernel.set_sysctls([forward._replace(value="2")], originals)
    assert (settings / "net/ipv4/ip_forward").read_text() == "2"
    kernel.set_sysctls([], originals)
    assert (settings / "net/ipv4/ip_forward").read_text() == "0"
    assert json.loads(originals.read_bytes()) == {}


def test_a_setting_that_is_right_is_not_written(settings: Path, tmp_path: Path) -> None:
    file = settings / "net/ipv4/tcp_rmem"
    before = file.stat().st_mtime_ns
    kernel.set_sysctls([Sysctl("net.ipv4.tcp_rmem", "1 2 3", "system")], tmp_path / "originals.json")
    assert file.stat().st_mtime_ns == before


def test_a_setting_the_kernel_does_not_have_is_named(settings: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match=r"net\.nothing.*the kernel has no such setting"):
        kernel.set_sysctls([Sysctl("net.nothing", "1", "system")], tmp_path / "originals.json")


def test_what_was_set_before_a_failure_is_still_given_back(
    settings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    originals = tmp_path / "originals.json"
    wanted = [Sysctl("net.ipv4.ip_forward", "1", "system"), Sysctl("net.ipv4.tcp_rmem", "9 9 9", "system")]
    real = kernel._write

    def refuse(key: str, value: str) -> None:
        if value == "9 9 9":
            raise CommandFailed(["sysctl", key], 1, "Invalid argument")
        real(key, value)

    monkeypatch.setattr(kernel, "_write", refuse)
    with pytest.raises(CommandFailed):
        kernel.set_sysctls(wanted, originals)
    assert (settings / "net/ipv4/ip_forward").read_text() == "1"
    kernel.set_sysctls([], originals)
    assert (settings / "net/ipv4/ip_forward").read_text().strip() == "0"


def test_the_kernel_gets_its_name_by_its_file(settings: Path) -> None:
    (settings / "kernel").mkdir()
    (settings / "kernel/hostname").write_text("old\n")
    kernel.set_hostname("new")
    assert (settings / "kernel/hostname").read_text() == "new"
    kernel.set_hostname("")
    assert (settings / "kernel/hostname").read_text() == "new"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    source, target = tmp_path / "tree", tmp_path / "run"
    for name, text in {"10-lan.network": "lan", "10-lan.network.d/ra.conf": "ra", "10-wan.network": "wan"}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    return source, target


def test_networkd_sees_new_files_only_where_bytes_differ(folders: tuple[Path, Path]) -> None:
    source, target = folders
    networkd.sync_files(source, target)
    before = {path: path.stat() for path in target.rglob("*") if path.is_file()}
    (source / "10-lan.network").write_text("changed")
    (source / "10-wan.network").touch()
    networkd.sync_files(source, target)
    kept = [path.name for path, stat in before.items() if path.stat().st_ino == stat.st_ino
            and path.stat().st_mtime_ns == stat.st_mtime_ns]  # fmt: skip
    assert sorted(kept) == ["10-wan.network", "ra.conf"]
    assert (target / "10-lan.network").read_text() == "changed"


def test_files_and_folders_that_went_are_removed(folders: tuple[Path, Path], tmp_path: Path) -> None:
    source, target = folders
    networkd.sync_files(source, target)
    (source / "10-lan.network.d/ra.conf").unlink()
    networkd.sync_files(source, target)
    assert sorted(path.name for path in target.rglob("*")) == ["10-lan.network", "10-wan.network"]
    networkd.sync_files(tmp_path / "absent", target)
    assert list(target.rglob("*")) == []


def test_only_vlans_are_listed_for_removal() -> None:
    paths = ["etc/systemd/network/10-guest.netdev", "etc/systemd/network/10-lan.network", "etc/x/10-y.netdev"]
    assert networkd.list_vlans(paths) == ["guest"]


def test_no_unit_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[tuple[str, ...]] = []

    def play(*argv: str, **_options: object) -> Done:
        calls.append(argv)
        return Done(0, b"active\ninactive\nreloading\nfailed\n", b"")

    monkeypatch.setattr(units, "run", play)
    units.change_units("restart", [])
    assert units.inactive_units([]) == []
    assert calls == []
    assert units.inactive_units(["a", "b", "c", "d"]) == ["b", "d"]
    units.change_units("restart", ["-x.service"], wait=False)
    assert calls[-1] == ("systemctl", "--no-block", "restart", "--", "-x.service")


def test_a_box_gets_an_id_once_and_keeps_it(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    first = identity.read_device(layout)
    assert len(first.id) == 16
    assert identity.read_device(layout) == first
    assert identity.read_device(Layout(tmp_path / "other")).id != first.id


def test_what_is_no_device_id_is_refused_at_once(tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    path = layout.config / "device.json"
    layout.config.mkdir()
    os.mkfifo(path)
    with pytest.raises(RefusedHere, match=r"device\.json cannot be read: it is no plain file"):
        identity.read_device(layout)
    path.unlink()
    for content in (b"", b"[]", b"{}", b"null", b"\xff", b"[" * 200_000, b'{"id": "0123"}' + b" " * 5000 + b"{}"):
        path.write_bytes(content)
        with pytest.raises(RefusedHere, match=r"device\.json does not hold a device id"):
            identity.read_device(layout)
    with path.open("wb") as swollen:
        swollen.truncate(1 << 40)  # read whole, this would take all memory
    with pytest.raises(RefusedHere, match="does not hold"):
        identity.read_device(layout)


def test_all_who_ask_for_the_id_at_the_same_moment_get_the_same(tmp_path: Path) -> None:
    for number in range(20):
        layout = Layout(tmp_path / str(number))
        layout.config.mkdir(parents=True)
        gate = Barrier(8)

        def ask(layout: Layout = layout, gate: Barrier = gate) -> str:
            gate.wait()
            return identity.read_device(layout).id

        with ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(ask) for _ in range(8)]
        assert len({future.result() for future in asked}) == 1
        assert [path.name for path in layout.config.iterdir()] == ["device.json"]


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ('IMAGE_VERSION=1.2.3\nPATRONUS_PROFILES="dhcp dns"\n', identity.Image("1.2.3", ("dhcp", "dns"))),
        ("IMAGE_VERSION='1.2'\nPATRONUS_PROFILES=\n", identity.Image("1.2", ())),
        ("# nothing\n\n", identity.Image("0", ())),
    ],
)
def test_the_image_tells_its_version_and_profiles(tmp_path: Path, text: str, image: identity.Image) -> None:
    (tmp_path / "usr/lib").mkdir(parents=True)
    (tmp_path / "usr/lib/os-release").write_text(text)
    assert identity.read_image(Layout(tmp_path)) == image


def test_a_damaged_trust_store_is_refused_and_never_passed_over(tmp_path: Path) -> None:
    baked = tmp_path / "usr/lib/patronus/trust"
    baked.mkdir(parents=True)
    (baked / "allowed_signers").write_text("rubbish")
    (baked / "policy.json").write_text("{}")
    with pytest.raises(Refused):
        trust.read_trust(Layout(tmp_path))
