"""What the medium's command line says fits what the initrd and the installer have."""

import re
import struct
from pathlib import Path

from patronus.install.medium import FOLDER, find_medium, volume_label
from patronus_builder.cache import REPOSITORY
from patronus_builder.iso import (
    CD_SECTOR,
    ESP_ON_MEDIUM,
    ROOT_ON_MEDIUM,
    VERITY_ON_MEDIUM,
    find_boot_sector,
    live_arguments,
)

ROOT_HASH = "00112233445566778899aabbccddeeff" * 2
UNITS = REPOSITORY / "images/initrd/mkosi.extra/usr/lib/systemd/system"
MEDIUM_UNIT = UNITS / "live-medium@.service"


def named(option: str) -> list[str]:
    """The values of a kernel option that may come several times."""
    return [value for name, _, value in (text.partition("=") for text in live_arguments(ROOT_HASH)) if name == option]


def test_the_label_fits_an_iso9660_volume_and_tells_builds_apart() -> None:
    assert re.fullmatch(r"[A-Z0-9_]{1,32}", volume_label(ROOT_HASH))
    assert volume_label(ROOT_HASH) != volume_label("f" + ROOT_HASH[1:])


def test_every_unit_that_is_named_exists_in_the_initrd() -> None:
    wanted = [re.sub(r"@.*\.", "@.", name) for name in named("rd.systemd.wants")]
    assert wanted and named("rd.systemd.mask")
    assert [name for name in wanted + named("rd.systemd.mask") if not (UNITS / name).is_file()] == []


def test_the_root_is_found_under_the_names_the_initrd_gives_it() -> None:
    unit = MEDIUM_UNIT.read_text()
    for option, file in (("data", ROOT_ON_MEDIUM), ("hash", VERITY_ON_MEDIUM)):
        [device] = named(f"systemd.verity_root_{option}")
        assert f"--loop-ref {Path(device).name} {FOLDER}{file}\n" in unit


def test_the_installer_finds_what_the_builder_puts_on_the_medium(tmp_path: Path) -> None:
    for name in (ROOT_ON_MEDIUM, VERITY_ON_MEDIUM, ESP_ON_MEDIUM):
        (tmp_path / name.lstrip("/")).parent.mkdir(exist_ok=True)
        (tmp_path / name.lstrip("/")).touch()
    os_release = tmp_path / "usr/lib/os-release"
    os_release.parent.mkdir(parents=True)
    os_release.write_text("IMAGE_VERSION=1.2.3\n")
    (tmp_path / "cmdline").write_text(f"quiet roothash={ROOT_HASH} console=tty0\n")
    medium = find_medium(tmp_path, tmp_path / "cmdline", tmp_path)
    assert medium is not None
    assert medium.root.exists() and medium.verity.exists() and medium.esp.exists()
    assert (medium.version, medium.root_hash) == ("1.2.3", ROOT_HASH)


def test_the_partition_table_points_where_el_torito_does(tmp_path: Path) -> None:
    volume = bytearray(64 * CD_SECTOR)
    struct.pack_into("<I", volume, 17 * CD_SECTOR + 0x47, 33)
    struct.pack_into("<BBHBBHI", volume, 33 * CD_SECTOR + 32, 0x88, 0, 0, 0, 0, 4, 34)
    (tmp_path / "volume").write_bytes(volume)
    assert find_boot_sector(tmp_path / "volume") == 34 * 4


def test_a_box_on_its_own_disk_has_no_medium(tmp_path: Path) -> None:
    (tmp_path / "cmdline").write_text(f"roothash={ROOT_HASH}\n")
    assert find_medium(tmp_path, tmp_path / "cmdline", tmp_path) is None


def test_what_is_in_force_on_the_medium_is_named_as_units_are() -> None:
    folder = REPOSITORY / "firstboot/live"
    for name in ("getty", "serial-getty"):
        assert "-m patronus.install" in (folder / f"{name}@.service.d/90-installer.conf").read_text()
    assert (folder / "grow-state.service").readlink() == Path("/dev/null")
