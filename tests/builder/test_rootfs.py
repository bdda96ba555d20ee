"""The last touches to the image's root: identity, links, and nothing secret left."""

from pathlib import Path

import pytest

from patronus.host.engine import digest_engine
from patronus_builder.rootfs import UnfitImageError, find_secrets, finish_root, restore_modes

BASE_LINKS = "/etc/hosts\n/etc/ssh\n"
PRIVATE_KEY = f"-----BEGIN OPENSSH PRIVATE KEY-----\n{'A' * 70}\n-----END OPENSSH PRIVATE KEY-----\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A tree as Debian's packages leave it, in miniature."""
    files = {
        "etc/shadow": "root:*:20000:0:99999:7:::\n_kea:!:20000::::::\n",
        "etc/machine-id": "uninitialized\n",
        "etc/hosts": "127.0.0.1 localhost\n",
        "etc/ssh/moduli": "primes\n",
        "etc/ssh/ssh_host_ed25519_key": PRIVATE_KEY,
        "home/.keep": "",
        "usr/lib/os-release": 'ID=debian\nVERSION_CODENAME=trixie\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
        "usr/lib/patronus/links.d/base": BASE_LINKS,
        "usr/lib/python3/dist-packages/patronus/__init__.py": "NAME = 'patronus'\n",
        "usr/lib/python3/dist-packages/patronus/__pycache__/__init__.cpython-311.pyc": "stale",
        "var/lib/left/by/a/package": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def finish(root: Path) -> None:
    finish_root(root, version="1.2.3", profiles=["dns", "release", "dhcp"])


def test_the_image_names_itself_and_its_profiles(root: Path) -> None:
    finish(root)
    lines = (root / "usr/lib/os-release").read_text().splitlines()
    assert "ID=patronus" in lines
    assert 'IMAGE_VERSION="1.2.3"' in lines
    assert 'PATRONUS_PROFILES="dhcp dns"' in lines
    assert not any("Debian" in line for line in lines)


def test_the_program_that_renders_here_is_noted_and_known_by_its_sources(root: Path) -> None:
    package = root / "usr/lib/python3/dist-packages/patronus"
    digests = []
    for name in (
        "features/a/plan.py",
        "features/a/templates/a.j2",
        "values/b.py",
        "cli/main.py",
        "features/a/README.md",
    ):
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text("NAME = 'one'\n")
        digests.append(digest_engine(package))
    assert len(set(digests)) == 3, "sources that render count, others do not"
    (package / "values/b.py").rename(package / "values/c.py")
    assert digest_engine(package) not in digests
    finish(root)
    assert (root / "usr/lib/patronus/engine").read_text() == f"{digest_engine(package)}\n"


def test_rendered_folders_point_into_the_current_tree(root: Path) -> None:
    finish(root)
    assert (root / "etc/ssh").readlink() == Path("/run/patronus/current/etc/ssh")
    assert (root / "etc/hosts").readlink() == Path("/run/patronus/current/etc/hosts")


def test_modes_are_those_of_git_whatever_the_umask_of_the_clone(root: Path, tmp_path: Path) -> None:
    source = tmp_path / "clone"
    (source / "etc").mkdir(parents=True)
    for name, mode in {"etc/hosts": 0o600, "etc/tool": 0o770, "etc/nowhere": 0o600}.items():
        (source / name).write_text("")
        (source / name).chmod(mode)
    (source / "etc").chmod(0o700)
    for name in ("etc/hosts", "etc/tool"):
        (root / name).touch(mode=0o600)
    restore_modes(root, source)
    found = {name: (root / name).stat().st_mode & 0o7777 for name in ("etc", "etc/hosts", "etc/tool")}
    assert found == {"etc": 0o755, "etc/hosts": 0o644, "etc/tool": 0o755}


def test_what_debian_put_there_is_kept_without_its_keys(root: Path) -> None:
    finish(root)
    assert [path.name for path in (root / "usr/share/patronus/vendor/etc/ssh").iterdir()] == ["moduli"]


def test_the_machine_id_is_empty_and_not_uninitialized(root: Path) -> None:
    finish(root)
    assert (root / "etc/machine-id").read_bytes() == b""


def test_byte_code_ignores_time_stamps(root: Path) -> None:
    finish(root)
    compiled = list((root / "usr/lib/python3/dist-packages/patronus/__pycache__").iterdir())
    assert len(compiled) == 1
    # PEP 552: bit 0 says the source's hash is stored instead of its time, bit 1 that it is checked.
    assert int.from_bytes(compiled[0].read_bytes()[4:8], "little") == 0b01


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("etc/shadow", "root:$y$j9T$abc$def:20000:0:99999:7:::\n", "root is not locked"),
        ("etc/shadow", "root::20000:0:99999:7:::\n", "root is not locked"),
        ("etc/ssl/private/snakeoil.key", PRIVATE_KEY.replace("OPENSSH ", ""), "a private key"),
        ("usr/lib/thing/ssh_host_rsa_key", "x", "belongs to one machine"),
        ("root/.ssh/authorized_keys", "ssh-ed25519 AAAA x", "belongs to one machine"),
    ],
)
def test_a_secret_stops_the_build(root: Path, name: str, content: str, words: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(content)
    with pytest.raises(UnfitImageError, match=words):
        finish(root)


def test_a_machine_id_is_a_finding(root: Path) -> None:
    finish(root)
    (root / "etc/machine-id").chmod(0o644)
    (root / "etc/machine-id").write_text("0123456789abcdef0123456789abcdef\n")
    assert list(find_secrets(root)) == ["/etc/machine-id: not empty"]


def test_a_profile_without_files_of_its_own_changes_no_modes(root: Path, tmp_path: Path) -> None:
    before = root.stat().st_mode
    restore_modes(root, tmp_path / "absent")
    assert root.stat().st_mode == before
