"""The appliance's commands: what is asked of patronusd, and what a person or a program gets to see."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Command
from tests.hostile import spoil

from patronus.cli import box, observe
from patronus.cli import trust as trust_commands
from patronus.ops import messages as m
from patronus.ops import observations as o
from patronus.ops import trust as t
from patronus.ops.registry import Operation
from patronus.values.problem import Problem, Refused

EVIL = "\x1b[2J\x9b\u202e"
REVIEW = m.Review(
    generation="8-abc",
    files=(m.FileChange(path="etc/x", kind="changed", origin="ntp", text="--- a/x\n+++ b/x\n@@ -1 +1 @@\n-1\n+2"),),
    restart=("chrony.service",),
)
STATUS = m.Status(
    device="0123", hostname="gw", image="1.2", profiles=("dhcp", "dns"), uptime=12.5, generation="8-abc",
    confirmed="7-def", pending=m.PendingChange(generation="8-abc", previous="7-def", seconds_left=42, author="Alice"),
    failure=None, trust="1 of 1 keys, SHA256:x",
    units=(m.UnitState(name="chrony.service", active=True, origin="ntp"),
           m.UnitState(name="unbound.service", active=False, origin="dns")),
)  # fmt: skip
HISTORY = m.History(
    entries=(
        m.HistoryEntry(generation="8-abc", serial=8, author="Alice", comment="new", confirmed_at=0, running=True,
                       confirmed=False),
        m.HistoryEntry(generation="7-def", serial=7, author="Bob", comment="", confirmed_at=1_800_000_000,
                       running=False, confirmed=True),
    )
)  # fmt: skip
ANSWERS: dict[str, m.Message] = {
    "Status": STATUS,
    "Plan": REVIEW,
    "Apply": m.ApplyResult(generation="8-abc", confirm_within=90, review=REVIEW),
    "Confirm": m.GenerationResult(generation="8-abc"),
    "Rollback": m.GenerationResult(generation="7-def"),
    "History": HISTORY,
    "Diff": REVIEW,
    "Show": m.Shown(files={"config.yaml": "version: 1\n"}),
    "Links": o.Links(
        links=(
            o.Link(
                name="lan",
                zone="lan",
                mac="52:54:00:00:00:02",
                driver="e1000",
                physical=True,
                up=True,
                carrier=True,
                speed=1000,
                addresses=("192.168.1.1/24",),
            ),
        )
    ),
    "Ping": o.Output(lines=("1 packets",), ok=True),
    "Connections": o.Connections(
        total=9,
        entries=(
            o.Connection(
                protocol="tcp",
                state="ESTABLISHED",
                packets=3,
                source="192.168.1.100:40000",
                destination="198.51.100.1:443",
                bytes=1500,
            ),
        ),
    ),
    "FirewallLog": o.FirewallLog(
        entries=(
            o.LoggedPacket(
                time=1_800_000_000,
                rule="box.default",
                incoming="wan",
                outgoing="",
                protocol="TCP",
                source="198.51.100.9:1",
                destination="203.0.113.2:22",
                detail="SYN",
            ),
        )
    ),
    "Counters": o.Counters(
        seconds=61,
        rules=(
            o.RuleHits(place="firewall.rules", name="lan-out", stage="filter", packets=3, bytes=180),
            o.RuleHits(place="nat.port_forwards", name="web", stage="nat", packets=0, bytes=0),
            o.RuleHits(place="box", name="default", stage="filter", packets=12, bytes=1500),
        ),
    ),
    "Diagnose": o.Output(lines=("default via 198.51.100.1",), ok=True),
    "Trust": t.Trust(
        device="0123",
        origin="baked",
        threshold=1,
        keys=(t.TrustedKey(names=("alice",), type="ssh-ed25519", fingerprint="SHA256:a"),),
        fingerprint="SHA256:all",
        groups=("homes", EVIL),
        exchanges=2,
    ),
    "Reboot": m.Nothing(),
    "PowerOff": m.Nothing(),
    "FactoryReset": m.Nothing(),
}


class Daemon:
    """Plays patronusd: answers, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.answers = dict(ANSWERS)
        self.refusal: Refused | None = None

    def call(
        self, operation: Operation[Any, Any], request: m.Message, progress: Callable[[str], None] | None = None
    ) -> m.Message:
        self.asked.append((operation.name, request.model_dump()))
        if progress:
            progress("half-way")
        if self.refusal:
            raise self.refusal
        return self.answers[operation.name]


@pytest.fixture
def daemon(monkeypatch: pytest.MonkeyPatch) -> Daemon:
    played = Daemon()
    for module in (box, observe, trust_commands):
        monkeypatch.setattr(module, "call", played.call)
    return played


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "x.bundle"
    path.write_bytes(b"PATRONUS")
    return path


def test_status_shows_what_runs_what_waits_and_what_failed(daemon: Daemon, patronus: Command) -> None:
    shown = patronus("status").stdout
    assert "generation  8-abc, confirmed is 7-def" in shown
    assert "goes back in 42 s unless: patronus confirm" in shown
    assert "running     chrony.service  (ntp)" in shown
    assert "FAILED      unbound.service  (dns)" in shown


def test_status_of_a_locked_down_box_says_why(daemon: Daemon, patronus: Command) -> None:
    finding = m.Finding(path="", message="nobody signed it", hint="sign it", severity="error")
    failure = m.Failure(reason="no configuration can be trusted", findings=(finding,))
    daemon.answers["Status"] = STATUS.model_copy(
        update={"failure": failure, "generation": "", "confirmed": "", "pending": None, "units": ()}
    )
    done = patronus("status")
    assert "LOCKED DOWN no configuration can be trusted" in done.stdout
    assert "nobody signed it" in done.stderr
    daemon.answers["Status"] = STATUS.model_copy(update={"failure": failure})
    assert "LOCKED DOWN again unless confirmed: no configuration can be trusted" in patronus("status").stdout


def test_apply_asks_for_a_confirmation_by_default(daemon: Daemon, bundle: Path, patronus: Command) -> None:
    done = patronus("apply", bundle)
    assert done.returncode == 0
    assert daemon.asked == [("Apply", {"bundle": "UEFUUk9OVVM=", "confirm_within": 600})]
    assert "restart chrony.service" in done.stdout
    assert "half-way ..." in done.stderr
    assert "goes back in 90 s unless you run: patronus confirm 8-abc" in done.stderr


@pytest.mark.parametrize(
    ("options", "seconds"),
    [(["--confirm-within", "90s"], 90), (["--confirm-within", "10m"], 600), (["--confirm-within", "2h"], 7200),
     (["--confirm-within", "45"], 45), (["--confirm-now"], 0)],
)  # fmt: skip
def test_the_deadline_is_the_callers(
    options: list[str], seconds: int, daemon: Daemon, bundle: Path, patronus: Command
) -> None:
    assert patronus("apply", bundle, *options).returncode == 0
    assert daemon.asked[0][1]["confirm_within"] == seconds


def test_a_dry_run_only_plans(daemon: Daemon, bundle: Path, patronus: Command) -> None:
    assert "changed /etc/x  (ntp)" in patronus("apply", "--dry-run", bundle).stdout
    assert [name for name, _ in daemon.asked] == ["Plan"]


def test_an_absent_bundle_asks_nothing(daemon: Daemon, patronus: Command) -> None:
    done = patronus("apply", "absent")
    assert done.returncode == 1
    assert "absent cannot be read: No such file or directory" in done.stderr
    assert daemon.asked == []


def test_a_refusal_is_code_one_with_every_problem(daemon: Daemon, bundle: Path, patronus: Command) -> None:
    daemon.refusal = Refused([Problem("a.b", "is wrong", "mend it"), Problem("c", "odd", "", "warning")])
    done = patronus("apply", bundle)
    assert (done.returncode, done.stdout) == (1, "")
    assert "error: a.b: is wrong\n    -> mend it" in done.stderr
    assert "warning: c: odd" in done.stderr


@pytest.mark.parametrize(
    ("argv", "asked"),
    [
        (["confirm"], ("Confirm", {"generation": ""})),
        (["confirm", "8-abc"], ("Confirm", {"generation": "8-abc"})),
        (["rollback"], ("Rollback", {"generation": "", "confirm_within": 600})),
        (["rollback", "7-def", "--confirm-now"], ("Rollback", {"generation": "7-def", "confirm_within": 0})),
        (["diff", "7-def"], ("Diff", {"old": "7-def", "new": ""})),
        (["diff", "7-def", "8-abc"], ("Diff", {"old": "7-def", "new": "8-abc"})),
        (["show"], ("Show", {"generation": "", "rendered": False})),
        (["show", "7-def", "--rendered"], ("Show", {"generation": "7-def", "rendered": True})),
        (["history"], ("History", {})),
        (["links"], ("Links", {})),
        (["ping", "gw", "--count", "2", "--family", "6"], ("Ping", {"host": "gw", "count": 2, "family": 6})),
        (["connections"], ("Connections", {"limit": 20, "sort": "bytes"})),
        (["firewall-log", "--limit", "7"], ("FirewallLog", {"limit": 7})),
        (["counters", "web"], ("Counters", {})),
        (["diagnose", "routes"], ("Diagnose", {"topic": "routes"})),
        (["reboot"], ("Reboot", {})),
        (["power-off"], ("PowerOff", {})),
        (["factory-reset", "--yes"], ("FactoryReset", {"keep_trust": False})),
        (["factory-reset", "--yes", "--keep-trust"], ("FactoryReset", {"keep_trust": True})),
    ],
)
def test_what_is_asked(argv: list[str], asked: tuple[str, dict[str, Any]], daemon: Daemon, patronus: Command) -> None:
    assert patronus(*argv).returncode == 0
    assert daemon.asked == [asked]


def test_counters_are_a_table_of_all_rules_or_of_those_asked_for(daemon: Daemon, patronus: Command) -> None:
    assert patronus("counters").stdout.splitlines() == [
        "rule               name     stage   packets  bytes",
        "firewall.rules     lan-out  filter  3        180",
        "nat.port_forwards  web      nat     0        0",
        "box                default  filter  12       1.5k",
        "since the rules were loaded, 1 min 1 s ago",
    ]
    assert [line.split()[1] for line in patronus("counters", "port_forwards").stdout.splitlines()[1:-1]] == ["web"]


def test_history_tells_what_runs_and_what_boots(daemon: Daemon, patronus: Command) -> None:
    assert patronus("history").stdout.splitlines() == [
        "8-abc  never kept        Alice  new  running",
        "7-def  2027-01-15 08:00  Bob    confirmed",
    ]


def test_show_prints_a_document_as_it_is(daemon: Daemon, patronus: Command) -> None:
    assert patronus("show").stdout == "version: 1\n"
    daemon.answers["Show"] = m.Shown(files={"a": "1\n", "b": "2\n"})
    assert patronus("show").stdout == "# --- a\n1\n\n# --- b\n2\n\n"


@pytest.mark.parametrize(
    ("argv", "name"),
    [(["status"], "Status"), (["history"], "History"), (["confirm"], "Confirm"), (["rollback"], "Rollback"),
     (["diff", "7-def"], "Diff"), (["show"], "Show"), (["apply", "x.bundle"], "Apply"),
     (["apply", "--dry-run", "x.bundle"], "Plan"), (["links"], "Links"), (["ping", "gw"], "Ping"),
     (["connections"], "Connections"), (["firewall-log"], "FirewallLog"), (["counters"], "Counters"),
     (["diagnose", "routes"], "Diagnose"),
     (["reboot"], "Reboot"), (["power-off"], "PowerOff"), (["factory-reset", "--yes"], "FactoryReset")],
)  # fmt: skip
def test_programs_get_the_whole_result(
    argv: list[str], name: str, daemon: Daemon, bundle: Path, patronus: Command
) -> None:
    done = patronus(*argv, "--json")
    assert done.returncode == 0
    assert type(ANSWERS[name]).model_validate(json.loads(done.stdout)) == ANSWERS[name]


@pytest.mark.parametrize("argv", [["status"], ["history"], ["confirm"], ["rollback", "7"], ["diff", "7"], ["show"],
                                  ["apply", "x.bundle"], ["apply", "--dry-run", "x.bundle"], ["links"],
                                  ["ping", "gw"], ["connections"], ["firewall-log"],
                                  ["diagnose", "disks"]])  # fmt: skip
def test_nothing_a_box_says_reaches_the_terminal_raw(
    argv: list[str], daemon: Daemon, bundle: Path, patronus: Command
) -> None:
    """The fixture fails on every raw control character."""
    daemon.answers = {name: type(item).model_validate(spoil(item.model_dump(), EVIL)) for name, item in ANSWERS.items()}
    assert patronus(*argv).returncode == 0
    daemon.refusal = Refused([Problem(EVIL, EVIL, EVIL, EVIL)])
    assert patronus(*argv).returncode == 1


@pytest.mark.parametrize("argv", [["ping", "-f"], ["ping", "a b"], ["ping", "gw", "--count", "21"],
                                  ["connections", "--limit", "0"], ["firewall-log", "--limit", "501"],
                                  ["factory-reset"], ["factory-reset", "--keep-trust"]])  # fmt: skip
def test_what_makes_no_sense_asks_nothing(argv: list[str], daemon: Daemon, patronus: Command) -> None:
    assert patronus(*argv).returncode in {1, 2}
    assert daemon.asked == []


def test_a_host_that_does_not_answer_is_code_one(daemon: Daemon, patronus: Command) -> None:
    daemon.answers["Ping"] = o.Output(lines=(), ok=False)
    done = patronus("ping", "gw")
    assert (done.returncode, done.stdout) == (1, "half-way\n")


def test_what_goes_on_is_told_in_columns(daemon: Daemon, patronus: Command) -> None:
    assert "lan        lan   1000 Mbit/s  52:54:00:00:00:02" in patronus("links").stdout
    assert "1.5k   3        tcp       192.168.1.100:40000" in patronus("connections").stdout
    assert "box.default  wan > self  TCP  198.51.100.9:1  203.0.113.2:22  SYN" in patronus("firewall-log").stdout
    assert patronus("diagnose", "routes").stdout == "default via 198.51.100.1\n"
    assert "restarts" in patronus("reboot").stderr


def test_trust_tells_in_words_what_the_fingerprint_of_its_keys_does_not_cover(
    patronus: Command, daemon: Daemon
) -> None:
    lines = dict(line.split(maxsplit=1) for line in patronus("trust", "show").stdout.splitlines())
    assert lines["signatures"] == "1 of 1 keys, SHA256:all"
    assert lines["trust"] == "baked, exchanged by 2 bundles since"
    assert lines["groups"].startswith("homes, ")
    assert lines["exchange"] == "only by another image"
    assert "\x1b" not in lines["groups"]
