"""Where cached things live."""

from pathlib import Path

import pytest

from patronus_builder.cache import cache_root, key_of


def test_the_setting_names_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATRONUS_CACHE", str(tmp_path))
    assert cache_root() == tmp_path


def test_the_users_cache_folder_is_the_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PATRONUS_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_root() == tmp_path / "patronus"


def test_a_key_depends_on_every_part_and_on_where_it_ends() -> None:
    assert key_of("ab", "c") == key_of("ab", b"c")
    assert len({key_of("ab", "c"), key_of("a", "bc"), key_of("abc"), key_of("ab", "c", "")}) == 4
