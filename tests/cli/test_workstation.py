"""The workstation's commands as an owner runs them: exit codes, data on stdout, words on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.box import sign, sign_members
from tests.cli.conftest import Command
from tests.documents import HOUSE, house, render_data, write

from patronus.cli.main import make_parser
from patronus.host.engine import digest_engine
from patronus.host.sshkeygen import SshKeygen
from patronus.trust import ANY_DEVICE, Manifest, Target, make_bundle, pack, split, unpack
from patronus.values.version import SCHEMA_VERSION, VERSION
from patronus_builder.image import DEFAULT_VERSION

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\x9b1m\n\r\t;$(id)"


@pytest.fixture
def document(tmp_path: Path) -> Path:
    path = tmp_path / "house.yaml"
    path.write_bytes(write(HOUSE))
    return path


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_bytes(write(house(ssh={"port": 0}, zones={"LAN": {}})))
    return path


@pytest.fixture
def bundle(tmp_path: Path, alice: Path) -> Path:
    path = tmp_path / "house.bundle"
    path.write_bytes(sign(alice, 7, comment="the first"))
    return path


@pytest.fixture
def trust(tmp_path: Path, alice: Path, patronus: Command) -> Path:
    assert patronus("keygen", alice.with_suffix(".pub"), "--trust", "trust").returncode == 0
    return tmp_path / "trust"


def test_a_good_document_is_valid(document: Path, patronus: Command) -> None:
    done = patronus("check", document)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "the document is valid\n")


def test_a_bad_document_is_refused_with_every_problem(broken: Path, patronus: Command) -> None:
    done = patronus("check", broken)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: ssh.port: expected at least 1" in done.stderr
    assert "error: zones.LAN: expected a zone name" in done.stderr
    assert done.stderr.endswith("2 errors\n")


def test_problems_are_data_for_programs(broken: Path, document: Path, patronus: Command) -> None:
    done = patronus("check", "--json", broken)
    assert done.returncode == 1
    assert {"ssh.port", "zones.LAN"} == {problem["path"] for problem in json.loads(done.stdout)}
    assert json.loads(patronus("check", "--json", document).stdout) == []


def test_every_refusal_is_data_where_data_is_asked_for(broken: Path, trust: Path, patronus: Command) -> None:
    """One form for every command: a list of problems, as `check` prints it."""
    expected = json.loads(patronus("check", "--json", broken).stdout)
    documents: list[list[str | Path]] = [
        ["plan", broken], ["plan", broken, "--against", broken], ["diff", broken, broken]
    ]  # fmt: skip
    for argv in documents:
        done = patronus(*argv, "--json")
        assert (done.returncode, json.loads(done.stdout)) == (1, expected)
        assert "error: ssh.port" in done.stderr
    others: list[list[str | Path]] = [
        ["verify", broken, "--trust", trust], ["verify", "absent", "--trust", trust],
        ["inspect", broken], ["inspect", "absent"], ["apply", "absent"], ["check", "absent"],
    ]  # fmt: skip
    for argv in others:
        done = patronus(*argv, "--json")
        assert done.returncode == 1
        (problem,) = json.loads(done.stdout)
        assert problem.keys() == {"path", "message", "hint", "severity"}
        assert f"error: {problem['message']}\n" in done.stderr


BOX = ["status", "apply", "confirm", "rollback", "history", "diff", "show", "links", "ping", "connections",
       "firewall-log", "counters", "diagnose", "reboot", "power-off", "factory-reset", "stick", "trust",
       "edit"]  # fmt: skip


@pytest.mark.parametrize("command", BOX)
def test_away_from_a_box_programs_are_told_so_too(command: str, bundle: Path, patronus: Command) -> None:
    words: dict[str, list[str | Path]] = {
        "apply": [bundle],
        "diff": ["7"],
        "ping": ["gw"],
        "diagnose": ["routes"],
        "factory-reset": ["--yes"],
        "trust": ["show"],
        "edit": ["system.hostname", "gw", "--yes"],
    }
    done = patronus(command, *words.get(command, []), "--json")
    assert done.returncode == 3
    (problem,) = json.loads(done.stdout)
    assert "is this the appliance?" in problem["message"]
    assert problem["severity"] == "error"


def test_every_command_with_data_is_tried_here() -> None:
    commands = next(action for action in make_parser()._actions if action.dest == "command").choices
    assert isinstance(commands, dict)
    with_data = {name for name, parser in commands.items() if "--json" in parser.format_help()}
    assert with_data == {"check", "plan", "verify", "inspect", *BOX} - {"trust"}


def test_a_folder_of_fragments_is_one_document(tmp_path: Path, patronus: Command) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    for number, (key, value) in enumerate(HOUSE.items()):
        (folder / f"{number:02}-Teil Ä {key}.yaml").write_bytes(write({key: value}))
    assert patronus("check", folder).returncode == 0
    assert patronus("check", tmp_path / "absent").returncode == 1
    (tmp_path / "empty").mkdir()
    done = patronus("check", tmp_path / "empty")
    assert done.returncode == 1
    assert "holds no *.yaml file" in done.stderr


def test_an_absent_profile_is_refused_by_name(document: Path, patronus: Command) -> None:
    done = patronus("check", document, "--profiles", "dhcp")
    assert done.returncode == 1
    assert "needs the image profile 'dns'" in done.stderr


def test_a_plan_reads_like_a_review(document: Path, tmp_path: Path, patronus: Command) -> None:
    other = tmp_path / "other.yaml"
    other.write_bytes(write(house(ntp={"serve": ["lan"], "orphan_stratum": 12})))
    done = patronus("plan", other, "--against", document)
    assert done.returncode == 0
    assert "changed /etc/chrony/chrony.conf" in done.stdout
    assert "restart chrony.service" in done.stdout
    assert "kea" not in done.stdout
    assert patronus("plan", document, "--against", document).stdout == "nothing changes\n"
    data = json.loads(patronus("plan", "--json", other, "--against", document).stdout)
    assert data["restart"] == ["chrony.service"]


def test_a_plan_shows_lines_that_look_like_headers(tmp_path: Path, patronus: Command) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    for path, text in ((first, "-- one"), (second, "++ two")):
        record = {"name": "x.home.arpa", "txt": [text]}
        path.write_bytes(write(house(dns={"interfaces": ["lan"], "records": [record]})))
    shown = patronus("diff", first, second).stdout
    assert "one" in shown
    assert "two" in shown


def test_diff_wants_two_documents(document: Path, patronus: Command) -> None:
    assert patronus("diff", document, document).stdout == "nothing changes\n"
    done = patronus("diff", document)
    assert done.returncode == 1
    assert "name the second one" in done.stderr


def test_sign_inspect_verify(document: Path, trust: Path, alice: Path, tmp_path: Path, patronus: Command) -> None:
    output = tmp_path / "out.bundle"
    options = ["--key", alice, "-o", output, "--serial", "5", "--device", "gate-1", "--comment", "Grüße",
               "--expires", "2030-12-31", "--minimum-image", "0.2"]  # fmt: skip
    done = patronus("sign", document, *options)
    assert (done.returncode, done.stdout) == (0, "")
    shown = patronus("inspect", output).stdout
    assert shown.startswith("UNVERIFIED")
    for line in (
        "serial: 5", "for: device gate-1", "comment: Grüße", "expires: 2030-12-31 00:00:00 UTC",
        "needs image: 0.2 or later",
    ):  # fmt: skip
        assert line in shown
    data = json.loads(patronus("inspect", "--json", output).stdout)
    assert data["manifest"]["serial"] == 5
    assert data["manifest"]["members"][0]["name"] == "config.yaml"
    done = patronus("verify", output, "--trust", trust)
    assert (done.returncode, done.stdout) == (0, "good signature by alice\n")
    told = json.loads(patronus("verify", "--json", output, "--trust", trust).stdout)
    assert told == {"signers": ["alice"], "warnings": []}


def test_keygen_leaves_another_trust_store_alone(trust: Path, tmp_path: Path, patronus: Command) -> None:
    before = (trust / "allowed_signers").read_bytes()
    stranger = tmp_path / "stranger"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(stranger)], check=True)
    done = patronus("keygen", f"{stranger}.pub", "--trust", trust)
    assert (done.returncode, done.stdout) == (1, "")
    assert "holds another trust store" in done.stderr
    assert (trust / "allowed_signers").read_bytes() == before


def test_keygen_lowers_no_threshold(alice: Path, mallory: Path, tmp_path: Path, patronus: Command) -> None:
    keys = alice.with_suffix(".pub"), mallory.with_suffix(".pub")
    folder = tmp_path / "both"
    for _ in range(2):
        assert patronus("keygen", *keys, "--trust", folder, "--threshold", "2").returncode == 0, "the same store again"
    done = patronus("keygen", *keys, "--trust", folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert json.loads((folder / "policy.json").read_bytes()) == {"threshold": 2}


@pytest.mark.parametrize("option", [["--device", "x"], ["--serial", "5"], ["--expires", "2030-01-01"]])
def test_who_adds_a_signature_cannot_change_what_the_bundle_says(
    document: Path, alice: Path, mallory: Path, tmp_path: Path, patronus: Command, option: list[str]
) -> None:
    bundle = tmp_path / "b.bundle"
    assert patronus("sign", document, "--key", alice, "-o", bundle).returncode == 0
    before = bundle.read_bytes()
    done = patronus("sign", bundle, "--key", mallory, "-o", bundle, *option)
    assert done.returncode == 1
    assert "a bundle is signed as it is" in done.stderr
    assert bundle.read_bytes() == before


def test_a_bundle_may_carry_the_next_trust_store(
    document: Path, trust: Path, alice: Path, mallory: Path, tmp_path: Path, patronus: Command
) -> None:
    made = patronus("keygen", mallory.with_suffix(".pub"), "--trust", "next", "--group", "hq", "--no-rotation")
    assert made.returncode == 0
    assert json.loads((tmp_path / "next/policy.json").read_bytes()) == {
        "groups": ["hq"], "rotation": False, "threshold": 1
    }  # fmt: skip
    output = tmp_path / "out.bundle"
    done = patronus("sign", document, "--key", alice, "--trust", "next", "-o", output)
    assert done.returncode == 0
    assert "new trust store: mallory (SHA256:" in done.stderr
    assert "with it, these signers count no more: SHA256:" in done.stderr
    shown = patronus("inspect", output).stdout
    for line in ("new trust store: 1 of 1 keys must sign", "groups: hq", "no bundle may exchange it", "member: trust/"):
        assert line in shown
    done = patronus("verify", output, "--trust", trust)
    assert (done.returncode, done.stdout) == (0, "good signature by alice\n")
    assert "adds mallory (SHA256:" in done.stderr
    assert patronus("verify", output, "--trust", "next").returncode == 1
    done = patronus("sign", output, "--key", mallory, "--trust", "next", "-o", output)
    assert done.returncode == 1
    assert "a bundle is signed as it is" in done.stderr


def test_verify_tells_what_is_odd_about_a_good_bundle(
    document: Path, trust: Path, alice: Path, tmp_path: Path, patronus: Command
) -> None:
    output = tmp_path / "out.bundle"
    assert patronus("sign", document, "--key", alice, "-o", output, "--expires", "2020-12-31").returncode == 0
    done = patronus("verify", output, "--trust", trust)
    assert (done.returncode, done.stdout) == (0, "good signature by alice\n")
    assert "warning: The config expired on 2020-12-31" in done.stderr
    (warning,) = json.loads(patronus("verify", "--json", output, "--trust", trust).stdout)["warnings"]
    assert warning["severity"] == "warning"


def test_verify_refuses_a_schema_it_does_not_know(
    document: Path, trust: Path, alice: Path, tmp_path: Path, patronus: Command
) -> None:
    manifest = Manifest(5, SCHEMA_VERSION + 1, "0", Target((ANY_DEVICE,)), "alice", datetime(2026, 1, 1, tzinfo=UTC))
    payload = pack(manifest, {"config.yaml": document.read_bytes()})
    output = tmp_path / "out.bundle"
    output.write_bytes(make_bundle(payload, [str(alice)], SshKeygen()))
    done = patronus("verify", output, "--trust", trust)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"written for schema {SCHEMA_VERSION + 1}; this image knows up to {SCHEMA_VERSION}" in done.stderr


def test_a_folder_is_signed_as_fragments_any_box_reads(
    tmp_path: Path, trust: Path, alice: Path, patronus: Command
) -> None:
    folder = tmp_path / "site"
    folder.mkdir()
    for name, keys in {"10-Base.yaml": ["version", "system", "zones"], "Größe_2 .yaml": ["interfaces"]}.items():
        (folder / name).write_bytes(write({key: HOUSE[key] for key in keys}))
    assert patronus("sign", folder, "--key", alice, "-o", "out").returncode == 0
    names = [
        member["name"] for member in json.loads(patronus("inspect", "--json", "out").stdout)["manifest"]["members"]
    ]
    assert names == ["config/00-base.yaml", "config/01-gr-e-2.yaml", "rendered.json"]
    shown = patronus("inspect", "out").stdout
    assert "for: every device\n" in shown
    assert "needs image: any\n" in shown
    assert patronus("verify", "out", "--trust", trust).returncode == 0


def test_a_second_signature_is_added(document: Path, alice: Path, mallory: Path, patronus: Command) -> None:
    keys = [alice.with_suffix(".pub"), mallory.with_suffix(".pub")]
    assert patronus("keygen", *keys, "--trust", "two", "--threshold", "2").returncode == 0
    assert patronus("sign", document, "--key", alice, "-o", "one").returncode == 0
    done = patronus("verify", "one", "--trust", "two")
    assert done.returncode == 1
    assert "2 different keys must sign, but only 1 did: alice" in done.stderr
    assert patronus("sign", "one", "--key", mallory, "-o", "both").returncode == 0
    assert patronus("verify", "both", "--trust", "two").stdout.splitlines() == [
        "good signature by alice",
        "good signature by mallory",
    ]


def retold(bundle: Path, alice: Path, **claim: str) -> bytes:
    """The bundle's document signed by Alice with another claim of what it renders to."""
    members = dict(unpack(split(bundle.read_bytes()).payload).members)
    members["rendered.json"] = json.dumps(
        {**json.loads(members["rendered.json"]), **claim}, separators=(",", ":")
    ).encode()
    return sign_members(alice, 1, members)


def test_a_bundle_says_what_its_document_renders_to(document: Path, alice: Path, patronus: Command) -> None:
    assert patronus("sign", document, "--key", alice, "-o", "one").returncode == 0
    members = unpack(split((document.parent / "one").read_bytes()).payload).members
    assert json.loads(members["rendered.json"]) == {
        "engine": digest_engine(),
        "tree": render_data(HOUSE).manifest.digest,
    }


@pytest.mark.parametrize(
    ("claim", "complaint"),
    [
        ({"tree": "00" * 32}, "its document renders to something else than it says"),
        ({"engine": "00" * 32}, "the bundle was made with another version of patronus"),
    ],
)
def test_nobody_signs_what_cannot_be_seen_here(
    claim: dict[str, str], complaint: str, document: Path, alice: Path, mallory: Path, patronus: Command
) -> None:
    assert patronus("sign", document, "--key", alice, "-o", "one").returncode == 0
    (document.parent / "false").write_bytes(retold(document.parent / "one", alice, **claim))
    done = patronus("sign", "false", "--key", mallory, "-o", "both")
    assert done.returncode == 1
    assert complaint in done.stderr
    assert not (document.parent / "both").exists()


def test_verify_refuses_a_rendering_that_is_not_the_one_here(
    document: Path, trust: Path, alice: Path, patronus: Command
) -> None:
    assert patronus("sign", document, "--key", alice, "-o", "one").returncode == 0
    (document.parent / "false").write_bytes(retold(document.parent / "one", alice, tree="00" * 32))
    done = patronus("verify", "false", "--trust", trust)
    assert done.returncode == 1
    assert "renders to something else than the same program makes of it here" in done.stderr
    assert "renders to" not in patronus("verify", "one", "--trust", trust).stderr


def test_a_bad_document_is_not_signed(broken: Path, alice: Path, tmp_path: Path, patronus: Command) -> None:
    done = patronus("sign", broken, "--key", alice, "-o", "out")
    assert done.returncode == 1
    assert "ssh.port" in done.stderr
    assert not (tmp_path / "out").exists()


def test_signing_never_overwrites_what_is_no_bundle(
    document: Path, alice: Path, bundle: Path, patronus: Command
) -> None:
    before = document.read_bytes()
    done = patronus("sign", document, "--key", alice, "-o", document)
    assert done.returncode == 1
    assert "exists and is no bundle" in done.stderr
    assert document.read_bytes() == before
    assert patronus("sign", document, "--key", alice, "-o", bundle).returncode == 0


@pytest.mark.parametrize("place", ["/dev/null", "folder", "pipe"])
def test_a_bundle_replaces_nothing_but_plain_files(
    place: str, document: Path, alice: Path, tmp_path: Path, patronus: Command
) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    before = (tmp_path / place).stat()
    done = patronus("sign", document, "--key", alice, "-o", place)
    assert done.returncode == 1
    assert f"{place} is no plain file" in done.stderr
    assert (tmp_path / place).stat() == before


ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PATH": os.environ["PATH"]}


def test_documents_and_bundles_go_through_pipes(
    document: Path, trust: Path, alice: Path, mallory: Path, tmp_path: Path
) -> None:
    argv = [sys.executable, "-m", "patronus"]

    def run(*words: str, given: bytes) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run([*argv, *words], env=ENVIRONMENT, input=given, capture_output=True, check=True)

    signed = run("sign", "-", "--key", str(alice), "-o", "-", given=document.read_bytes())
    assert signed.stderr == b""
    assert run("verify", "-", "--trust", str(trust), given=signed.stdout).stdout == b"good signature by alice\n"
    twice = run("sign", "-", "--key", str(mallory), "-o", "-", given=signed.stdout).stdout
    assert run("inspect", "-", given=twice).stdout.count(b"signed by: ") == 2
    assert not (tmp_path / "-").exists()


def test_a_bundle_is_not_printed_on_a_terminal(document: Path, alice: Path) -> None:
    master, slave = os.openpty()
    try:
        argv = [sys.executable, "-m", "patronus", "sign", str(document), "--key", str(alice), "-o", "-"]
        done = subprocess.run(argv, env=ENVIRONMENT, stdout=slave, stderr=subprocess.PIPE, check=False)
        os.write(slave, b"end\n")
        assert os.read(master, 100) == b"end\r\n"
    finally:
        os.close(master)
        os.close(slave)
    assert done.returncode == 1
    assert b"not for reading on a terminal" in done.stderr


def test_a_key_that_is_none_is_told(document: Path, patronus: Command) -> None:
    done = patronus("sign", document, "--key", document, "-o", "out")
    assert done.returncode == 1
    assert "Nothing was signed" in done.stderr


@pytest.mark.parametrize("where", [0, 9, 100, -1])
def test_a_damaged_bundle_is_refused(bundle: Path, trust: Path, where: int, patronus: Command) -> None:
    content = bytearray(bundle.read_bytes())
    content[where] ^= 1
    bundle.write_bytes(content)
    assert patronus("verify", bundle, "--trust", trust).returncode == 1


def test_a_strangers_bundle_is_refused(tmp_path: Path, trust: Path, mallory: Path, patronus: Command) -> None:
    (tmp_path / "x").write_bytes(sign(mallory, 1))
    done = patronus("verify", "x", "--trust", trust)
    assert done.returncode == 1
    assert "a key this trust store does not list" in done.stderr


def test_a_signed_document_with_mistakes_is_refused(
    tmp_path: Path, trust: Path, alice: Path, patronus: Command
) -> None:
    (tmp_path / "x").write_bytes(sign(alice, 1, house(ssh={"port": 0})))
    done = patronus("verify", "x", "--trust", trust)
    assert done.returncode == 1
    assert "ssh.port" in done.stderr


def test_a_trust_folder_needs_enough_keys(alice: Path, tmp_path: Path, patronus: Command) -> None:
    done = patronus("keygen", alice.with_suffix(".pub"), "--trust", "trust", "--threshold", "2")
    assert done.returncode == 1
    assert "2 different keys must sign, but there is only 1" in done.stderr
    assert not (tmp_path / "trust").exists()
    assert patronus("keygen", alice, "--trust", "trust").returncode == 1, "a private key is no public one"
    done = patronus("keygen", alice.with_suffix(".pub"), "--trust", "trust")
    assert done.stdout.startswith("SHA256:")


def test_the_schema_is_json_for_editors(patronus: Command) -> None:
    schema = json.loads(patronus("schema").stdout)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert {"version", "system", "interfaces", "firewall"} <= set(schema["properties"])


@pytest.mark.parametrize(
    "argv",
    [
        [],
        ["nothing"],
        ["check"],
        ["check", "a", "b"],
        ["sign", "a"],
        ["sign", "a", "--key", "b", "-o", "c", "--serial", "x"],
        ["sign", "a", "--key", "b", "-o", "c", "--serial", "0"],
        ["sign", "a", "--key", "b", "-o", "c", "--serial", "-1"],
        ["sign", "a", "--key", "b", "-o", "c", "--serial", "9007199254740992"],
        ["sign", "a", "--key", "b", "-o", "c", "--expires", "soon"],
        ["apply", "a", "--confirm-within", "5d"],
        ["apply", "a", "--confirm-within", "0s"],
        ["apply", "a", "--confirm-within", "25h"],
        ["apply", "a", "--confirm-within", ""],
        ["apply", "a", "--confirm-within", "5m", "--confirm-now"],
        ["push", "host"],
        ["check", "a", HOSTILE],
        [HOSTILE],
    ],
)
def test_wrong_usage_is_code_two(argv: list[str], patronus: Command) -> None:
    done = patronus(*argv)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: patronus" in done.stderr
    assert done.stderr.endswith(" --help\n")


@pytest.mark.parametrize(
    "argv",
    [
        ["inspect", "absent"],
        ["verify", "absent", "--trust", "absent"],
        ["sign", "absent", "--key", "k", "-o", "o"],
        ["keygen", "absent", "--trust", "t"],
        ["push", "host", "absent"],
        ["plan", "absent"],
        ["check", "/"],
    ],
)
def test_an_absent_file_is_named(argv: list[str], patronus: Command) -> None:
    done = patronus(*argv)
    assert done.returncode == 1
    assert "absent" in done.stderr or "*.yaml" in done.stderr


def test_an_output_that_cannot_be_written_is_named(document: Path, alice: Path, patronus: Command) -> None:
    done = patronus("sign", document, "--key", alice, "-o", "/proc/nothing/x")
    assert done.returncode == 1
    assert "/proc/nothing" in done.stderr


@pytest.mark.parametrize("command", ["status", "history", "confirm", "rollback", "show"])
def test_away_from_a_box_its_commands_say_so(command: str, patronus: Command) -> None:
    done = patronus(command)
    assert (done.returncode, done.stdout) == (3, "")
    assert "is this the appliance?" in done.stderr


def test_nothing_hostile_reaches_the_terminal_raw(tmp_path: Path, alice: Path, trust: Path, patronus: Command) -> None:
    """The fixture fails on every raw control character; here every way in is used."""
    name = HOSTILE.replace("/", "") + ".yaml"
    hostile = tmp_path / name
    hostile.write_bytes(write(house(**{HOSTILE: 1}, zones={HOSTILE: {HOSTILE: HOSTILE}}, ntp={HOSTILE: 1})))
    for argv in (["check", hostile], ["check", tmp_path / (HOSTILE + "absent")], ["plan", hostile]):
        assert patronus(*argv).returncode == 1
    undecodable = Path(str(tmp_path) + "/\udcff\udc9b.yaml")
    undecodable.write_bytes(b"a: \x00")
    assert patronus("check", undecodable).returncode == 1
    assert patronus("check", "--json", undecodable).returncode == 1
    raw = tmp_path / "raw"
    raw.write_bytes(HOSTILE.encode())
    for argv in (["inspect", raw], ["verify", raw, "--trust", trust], ["check", raw]):
        assert patronus(*argv).returncode == 1
    signed = tmp_path / "signed"
    signed.write_bytes(sign_members(alice, 1, {"config.yaml": hostile.read_bytes()}))
    assert patronus("inspect", signed).returncode == 0
    assert patronus("verify", signed, "--trust", trust).returncode == 1


def test_it_says_which_version_it_is(patronus: Command) -> None:
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
    assert project["tool"]["setuptools"]["dynamic"]["version"]["attr"] == "patronus.values.version.VERSION"
    assert VERSION == DEFAULT_VERSION, "the image's, unless its maker says otherwise"
    done = patronus("--version")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"patronus {VERSION}, for documents of version {SCHEMA_VERSION}\n"


def test_it_is_a_program_without_warnings(broken: Path) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PYTHONWARNINGS": "error", "LC_ALL": "C"}
    argv = [sys.executable, "-m", "patronus", "check", "--json", str(broken)]
    done = subprocess.run(argv, env=environment, capture_output=True, check=False)
    assert done.returncode == 1
    assert len(json.loads(done.stdout)) == 2
    assert done.stderr.endswith(b"2 errors\n")


@pytest.mark.parametrize("command", ["schema", "inspect"])  # more than a pipe holds, and less
def test_a_reader_that_goes_away_is_no_error(command: str, bundle: Path) -> None:
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    names = [str(bundle)] if command == "inspect" else []
    argv = [sys.executable, "-m", "patronus", command, *names]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait(60) == 0


@pytest.mark.parametrize("rules", [1, 3000])
def test_a_reader_that_goes_away_makes_no_refusal_good(rules: int, tmp_path: Path) -> None:
    document = tmp_path / "wrong.yaml"
    document.write_bytes(write(house(firewall={"rules": [{"name": "x"}] * rules})))
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    argv = [sys.executable, "-m", "patronus", "check", "--json", str(document)]
    with subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        assert b"Traceback" not in program.stderr.read()
        assert program.wait(60) == 1


@pytest.mark.parametrize(
    ("closed", "command", "name", "code"),
    [
        ((1,), "inspect", "house.bundle", 0),
        ((2,), "check", "broken.yaml", 1),
        ((0, 1, 2), "inspect", "house.bundle", 0),
        ((0, 1, 2), "check", "-", 1),
    ],
)
def test_a_closed_stream_is_an_empty_one(
    closed: tuple[int, ...], command: str, name: str, code: int, bundle: Path, broken: Path
) -> None:
    def close() -> None:
        for number in closed:
            os.close(number)

    argv = [sys.executable, "-m", "patronus", command, name]
    environment = {"PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    done = subprocess.run(argv, cwd=bundle.parent, env=environment, capture_output=True, check=False, preexec_fn=close)
    assert done.returncode == code
    assert b"Traceback" not in done.stderr


def test_a_bundle_is_no_document_and_a_document_no_bundle(
    document: Path, bundle: Path, trust: Path, patronus: Command
) -> None:
    for argv in (["check", bundle], ["plan", bundle], ["diff", document, bundle], ["diff", bundle, document]):
        done = patronus(*argv)
        assert done.returncode == 1
        assert "house.bundle is a signed bundle, no document" in done.stderr
        assert "patronus inspect" in done.stderr
    for argv in (["inspect", document], ["verify", document, "--trust", trust], ["push", "gw", document, "--yes"]):
        done = patronus(*argv)
        assert done.returncode == 1
        assert "patronus sign" in done.stderr


def test_no_fragment_is_left_out_in_silence(document: Path, patronus: Command) -> None:
    (document.parent / "nat.yml").write_bytes(write({"nat": {}}))
    done = patronus("check", document.parent)
    assert done.returncode == 1
    assert "nat.yml would not be read" in done.stderr


def test_of_two_documents_the_wrong_one_is_named(document: Path, broken: Path, patronus: Command) -> None:
    assert f"(in {broken})" in patronus("plan", document, "--against", broken).stderr
    assert f"(in {broken})" not in patronus("plan", broken, "--against", document).stderr
    assert "absent.yaml cannot be read" in patronus("diff", "absent.yaml", document).stderr
    assert "absent.yaml cannot be read" in patronus("diff", document, "absent.yaml").stderr


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--minimum-image", "latest"),
        ("--device", "my box"),
        ("--group", "Ä"),
        ("--comment", "a\nb"),
        ("--author", "a" * 999),
    ],
)
def test_an_option_that_does_not_fit_leads_to_the_options(
    option: str, value: str, document: Path, alice: Path, tmp_path: Path, patronus: Command
) -> None:
    done = patronus("sign", document, "--key", alice, "-o", "out", option, value)
    assert done.returncode == 1
    assert option[2:5] in done.stderr
    assert "see: patronus sign --help" in done.stderr
    assert "Make the bundle with" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_bundle_that_has_expired_when_it_is_signed(document: Path, alice: Path, patronus: Command) -> None:
    done = patronus("sign", document, "--key", alice, "-o", "out", "--expires", "2020-12-31")
    assert done.returncode == 0
    assert "warning: it has expired already, on 2020-12-31" in done.stderr


def test_a_bundle_goes_into_a_folder_that_is_there(
    document: Path, alice: Path, tmp_path: Path, patronus: Command
) -> None:
    done = patronus("sign", document, "--key", alice, "-o", "typo/gw.bundle")
    assert done.returncode == 1
    assert "there is no folder typo" in done.stderr
    assert not (tmp_path / "typo").exists()


def test_keygen_names_the_file_that_is_no_public_key(
    document: Path, alice: Path, tmp_path: Path, patronus: Command
) -> None:
    done = patronus("keygen", f"{alice}.pub", document, "--trust", "trust")
    assert done.returncode == 1
    assert f"{document}: " in done.stderr
    assert not (tmp_path / "trust").exists()


def test_a_private_key_is_no_member_of_a_trust_folder(alice: Path, tmp_path: Path, patronus: Command) -> None:
    done = patronus("keygen", alice, "--trust", "trust")
    assert done.returncode == 1
    assert f"{alice} is a private key" in done.stderr
    assert f"{alice}.pub" in done.stderr
    assert not (tmp_path / "trust").exists()


def test_what_is_no_trust_folder(bundle: Path, alice: Path, tmp_path: Path, patronus: Command) -> None:
    for folder in (tmp_path, tmp_path / "absent", alice.with_suffix(".pub")):
        done = patronus("verify", bundle, "--trust", folder)
        assert done.returncode == 1
        assert f"{folder} is no trust folder" in done.stderr
        assert "patronus keygen" in done.stderr


FORGED = "the document is valid"


@pytest.mark.parametrize("name", [f"x\n{FORGED}\nerror: a.yaml", f"\x1b[2K\n{FORGED}\n"])
def test_nothing_in_a_name_forges_a_line(name: str, tmp_path: Path, patronus: Command) -> None:
    (tmp_path / "site").mkdir()
    fragment = tmp_path / f"site/{name}.yaml"
    (tmp_path / "keys.yaml").write_bytes(write(house(**{name: {}}, zones={name: {}, "lan": {name: 1}})))
    for content in (b"a: [", b"\xff", b"a: 1\n\ta: 2", b"- 1", b"version: 1\nversion: 1"):
        fragment.write_bytes(content)
        for document in ("site", fragment, "keys.yaml"):
            done = patronus("check", "--json", document)
            assert done.returncode == 1
            lines = [line for line in done.stderr.splitlines() if not line.startswith("    ")]
            assert FORGED not in lines
            told = len(json.loads(done.stdout))
            assert len(lines) == told + (told > 1), "a line for each, and how many"
    fragment.unlink()
    fragment.symlink_to("nowhere")
    assert FORGED not in patronus("check", "site").stderr.splitlines()


def test_what_somebody_wrote_at_length_is_told_in_short(tmp_path: Path, patronus: Command) -> None:
    long = "k" * 200_000
    path = tmp_path / "long.yaml"
    path.write_text(f"version: 1\n? {long}\n: 1\nzones:\n  ? {long}\n  : {{pong: 1}}\nssh: {{port: {long}}}\n")
    done = patronus("check", path)
    assert done.returncode == 1
    assert max(map(len, done.stderr.splitlines())) < 1000
    assert "(200000 characters)" in done.stderr
    assert "kkk.pong: is not a known key here" in done.stderr, "the end of a place tells most"
    assert long in {problem["path"] for problem in json.loads(patronus("check", "--json", path).stdout)}


def test_of_many_problems_the_first_are_printed_and_all_are_data(tmp_path: Path, patronus: Command) -> None:
    path = tmp_path / "many.yaml"
    rules = [{"name": f"r{number}", "action": "pass", "source": ["nowhere"]} for number in range(300)]
    path.write_bytes(write(house(firewall={"rules": rules})))
    done = patronus("check", path)
    assert done.stderr.count("error: firewall.rules[") == 100
    assert done.stderr.endswith("... and 200 more errors; `patronus check --json` lists all\n300 errors\n")
    assert len(json.loads(patronus("check", "--json", path).stdout)) == 300
