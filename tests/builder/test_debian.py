"""Where packages come from."""

from collections.abc import Iterator

import pytest

from patronus_builder import debian


@pytest.fixture(autouse=True)
def _forget_mirrors() -> Iterator[None]:
    debian.find_mirrors.cache_clear()
    yield
    debian.find_mirrors.cache_clear()


@pytest.fixture(autouse=True)
def _without_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PATRONUS_MIRROR", raising=False)
    monkeypatch.delenv("PATRONUS_SECURITY_MIRROR", raising=False)


@pytest.mark.parametrize(
    ("sources", "archive", "security"),
    [
        (
            "Types: deb\nURIs: http://mirror.example/debian/\nSuites: bookworm\n\nURIs: http://mirror.example/debian-security",
            "http://mirror.example/debian",
            "http://mirror.example/debian-security",
        ),
        (
            "deb [signed-by=/x.gpg] https://ftp.example/debian trixie main\ndeb http://other.example/ubuntu noble main",
            "https://ftp.example/debian",
            debian.PUBLIC_SECURITY_MIRROR,
        ),
        ("deb http://archive.example/ubuntu noble main", debian.PUBLIC_MIRROR, debian.PUBLIC_SECURITY_MIRROR),
    ],
    ids=["deb822", "one-line", "ubuntu"],
)
def test_the_hosts_own_mirror_is_used(
    monkeypatch: pytest.MonkeyPatch, sources: str, archive: str, security: str
) -> None:
    monkeypatch.setattr(debian, "_read_host_sources", lambda: sources)
    assert debian.find_mirrors() == debian.Mirrors(archive, security)


def test_the_setting_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "_read_host_sources", lambda: "deb http://mirror.example/debian trixie main")
    monkeypatch.setenv("PATRONUS_MIRROR", "http://chosen.example/debian")
    assert debian.find_mirrors().archive == "http://chosen.example/debian"


def test_security_updates_come_from_their_own_mirror(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "_read_host_sources", lambda: "")
    archive, security = debian.format_sources("trixie", "trixie-security").split("\n\n")
    assert f"URIs: {debian.PUBLIC_MIRROR}\nSuites: trixie\n" in archive
    assert f"URIs: {debian.PUBLIC_SECURITY_MIRROR}\nSuites: trixie-security\n" in security
