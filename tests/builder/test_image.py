"""What decides whether an image has to be built again."""

from pathlib import Path

import pytest

from patronus_builder import image
from patronus_builder.__main__ import _read_trust, make_parser
from patronus_builder.image import ImageRequest, check_profiles, check_version, digest_inputs


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(image, "REPOSITORY", tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1")
    (tmp_path / "mkosi.conf").write_text("[Output]\n")
    (tmp_path / "src/patronus/__pycache__").mkdir(parents=True)
    (tmp_path / "src/patronus/main.py").write_text("x = 1\n")
    return tmp_path


REQUEST = ImageRequest(["dhcp"])


def test_the_same_inputs_have_the_same_key(inputs: Path) -> None:
    before = digest_inputs(REQUEST)
    (inputs / "src/patronus/__pycache__/main.cpython-311.pyc").write_text("compiled meanwhile")
    (inputs / "README.md").write_text("not an input")
    assert digest_inputs(REQUEST) == before


@pytest.mark.parametrize("name", ["mkosi.conf", "src/patronus/main.py", "src/patronus/new.py"])
def test_a_changed_or_new_file_changes_the_key(inputs: Path, name: str) -> None:
    before = digest_inputs(REQUEST)
    (inputs / name).write_text("changed\n")
    assert digest_inputs(REQUEST) != before


def test_a_mode_and_a_link_count(inputs: Path) -> None:
    before = digest_inputs(REQUEST)
    (inputs / "src/patronus/main.py").chmod(0o755)
    executable = digest_inputs(REQUEST)
    (inputs / "src/patronus/link").symlink_to("main.py")
    assert len({before, executable, digest_inputs(REQUEST)}) == 3


def test_every_choice_of_the_caller_counts(inputs: Path, tmp_path: Path) -> None:
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust/policy.json").write_text("{}")
    requests = [
        REQUEST,
        ImageRequest(["dhcp", "dns"]),
        ImageRequest(["dhcp"], version="2"),
        ImageRequest(["dhcp"], release=True),
        ImageRequest(["dhcp"], trust=tmp_path / "trust"),
    ]
    assert len({digest_inputs(request) for request in requests}) == len(requests)


def test_the_clock_of_the_files_counts(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest_inputs(REQUEST)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "2")
    assert digest_inputs(REQUEST) != before


def test_an_unknown_profile_is_named_with_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        check_profiles(["dhcp", "coffee"])
    said = capsys.readouterr().err
    assert "coffee" in said
    assert "dhcp, dns" in said


@pytest.mark.parametrize("text", ["../../x", "1/../../x", "", "v1", "1.2.3+2-0", "1_2", "1 2", "1\n", "1" * 28])
def test_what_is_no_version_ends_the_build(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        check_version(text)
    assert "VERSION=1.2.3" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["1", "0.1.0", "2026.11", "1.4.2-rc1", "1.0~7"])
def test_versions_are_taken(text: str) -> None:
    check_version(text)


@pytest.mark.parametrize("request_", [ImageRequest(["coffee"]), ImageRequest(["dhcp"], version="../x")])
def test_a_typo_leaves_the_image_that_is_there(
    request_: ImageRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "inputs").write_text("what it was built from")
    monkeypatch.setattr(image, "PARTS_FOLDER", tmp_path)
    with pytest.raises(SystemExit):
        image.build_image(request_)
    assert (tmp_path / "inputs").exists()


def read(*arguments: str) -> Path | None:
    """The trust folder that `make image` with these arguments bakes in."""
    return _read_trust(make_parser().parse_args(["image", *arguments]))


def test_an_image_may_trust_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("patronus_builder.__main__.make_developer_trust", lambda: tmp_path / "developer")
    assert read("--trust", "none") is None
    assert read("--release") is None
    assert read() == tmp_path / "developer"
    (tmp_path / "allowed_signers").touch()
    assert read("--trust", str(tmp_path)) == tmp_path


def test_a_trust_folder_that_is_none_ends_the_build(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        read("--trust", str(tmp_path / "nome"))
