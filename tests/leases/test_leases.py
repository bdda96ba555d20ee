"""Names of leases: Kea's file is followed across its hourly tidying, and no host gets a name that is not free."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from patronus.leases.__main__ import Resolver
from patronus.leases.follow import FollowedFile, list_older_files, read_finished
from patronus.leases.names import Settings, choose_names, next_end, write_records
from patronus.leases.table import FOREVER, LeaseTable

HEADER = (
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id"
)
HOUSE = Settings("home.arpa", frozenset({"gw"}), frozenset({"192.168.1.7"}))


def line(
    address: str, hostname: str, *, lifetime: int = 3600, expire: int = 5000, state: int = 0, mac: str = ""
) -> str:
    return f"{address},{mac},01:52:54:00:aa:00:99,{lifetime},{expire},1,0,0,{hostname},{state},,0"


def names(*lines: str, now: float = 2000.0, held: dict[str, str] | None = None) -> dict[str, str]:
    table = LeaseTable()
    table.feed([HEADER, *lines])
    return choose_names(table.leases.values(), HOUSE, now, held)


def test_a_lease_has_the_name_its_host_gave() -> None:
    assert names(line("192.168.1.100", "laptop")) == {"laptop": "192.168.1.100"}
    assert names(line("192.168.1.100", "Laptop.home.arpa.")) == {"laptop": "192.168.1.100"}


@pytest.mark.parametrize(
    "hostname", ["", "gw", "GW.home.arpa", "a.example", "-x", "x_y", "a'b", "*", "localhost.localdomain"]
)
def test_what_is_no_free_name_is_left_out(hostname: str) -> None:
    assert names(line("192.168.1.100", hostname)) == {}


def test_an_address_of_the_document_keeps_its_name() -> None:
    assert names(line("192.168.1.7", "thief")) == {}


def test_the_last_line_of_an_address_counts() -> None:
    first = line("192.168.1.100", "old")
    assert names(first, line("192.168.1.100", "new")) == {"new": "192.168.1.100"}
    assert names(first, line("192.168.1.100", "old", lifetime=0, expire=1000)) == {}
    assert names(first, line("192.168.1.100", "old", state=1)) == {}


def test_no_host_takes_the_name_that_another_one_holds() -> None:
    """Each renewal makes a lease the newer one: that must not pass the name to and fro."""
    owner, guest = line("192.168.1.9", "tv", expire=4000), line("192.168.20.8", "tv", expire=5000)
    assert names(guest, owner) == {"tv": "192.168.1.9"}
    renewed = line("192.168.1.9", "tv", expire=6000)
    assert names(owner, guest, renewed, held={"tv": "192.168.1.9"}) == {"tv": "192.168.1.9"}
    assert names(owner, guest, now=4500.0, held={"tv": "192.168.1.9"}) == {"tv": "192.168.20.8"}, "until it ends"
    assert names(owner, guest, line("192.168.1.9", "pc"), held={"tv": "192.168.1.9"})["tv"] == "192.168.20.8"


def test_a_host_takes_its_name_along_to_another_address() -> None:
    before = line("192.168.1.9", "tv", expire=4000, mac="52:54:00:00:00:09")
    after = line("192.168.2.9", "tv", expire=5000, mac="52:54:00:00:00:09")
    assert names(before, after, held={"tv": "192.168.1.9"}) == {"tv": "192.168.2.9"}


def test_a_lease_ends() -> None:
    table = LeaseTable()
    table.feed([HEADER, line("192.168.1.9", "tv"), line("192.168.1.8", "nas", lifetime=FOREVER, expire=0)])
    assert next_end(table.leases.values(), 2000.0) == 5000
    assert choose_names(table.leases.values(), HOUSE, 5000.0) == {"nas": "192.168.1.8"}


def test_damaged_lines_are_passed_over() -> None:
    assert names("192.168.1.9,x", "", "nonsense", line("192.168.1.9", "tv").replace("3600", "x")) == {}


@pytest.mark.parametrize(
    "hostname",
    ['"', '"laptop', 'lap"top', '""', "'", "a\rb", "\r", "a\x0bb", "a\u2028b", "\0", "&#x2c", "x" * 200_000],
    ids=lambda hostname: repr(hostname)[:20],
)
def test_a_hostile_name_touches_no_other_lease(hostname: str) -> None:
    before, after = line("192.168.1.9", "tv"), line("192.168.1.8", "nas")
    hostile = line("192.168.1.100", hostname)
    assert names(before, hostile, after) == {"tv": "192.168.1.9", "nas": "192.168.1.8"}


@pytest.mark.parametrize("address", ["", "x", "192.168.1", "192.168.1.256", "2001:db8::1", "1.2.3.4 "])
def test_what_is_no_address_has_no_lease(address: str) -> None:
    assert names(line(address, "tv")) == {}


def test_only_a_newline_ends_a_line(tmp_path: Path) -> None:
    path = tmp_path / "leases.csv"
    whole = ["one", "t\rw\x0bo\u2028", "three\x85", '"four']
    path.write_bytes("".join(f"{text}\n" for text in whole).encode())
    followed = FollowedFile(path)
    assert followed.read_lines() == whole
    followed.close()
    assert read_finished(path) == [*whole, ""]


def test_records_answer_both_ways() -> None:
    assert write_records({"tv": "192.168.1.9"}, "home.arpa") == [
        "tv.home.arpa. 60 IN A 192.168.1.9",
        "9.1.168.192.in-addr.arpa. 60 IN PTR tv.home.arpa.",
    ]


def test_lines_are_read_once_across_appending_renaming_and_truncating(tmp_path: Path) -> None:
    path = tmp_path / "leases.csv"
    followed = FollowedFile(path)
    assert followed.read_lines() == []
    path.write_text("one\ntw")
    assert followed.read_lines() == ["one"]
    with path.open("a") as file:
        file.write("o\n")
    assert followed.read_lines() == ["two"]
    with path.open("a") as file:
        file.write("three\n")
    path.rename(tmp_path / "leases.csv.1")
    path.write_text("four\n")
    assert followed.read_lines() == ["three", "four"]
    path.write_text("5\n")
    assert followed.read_lines() == ["5"]
    path.rename(tmp_path / "leases.csv.2")
    assert followed.read_lines() == []
    path.write_text("six\n")
    assert followed.read_lines() == ["six"]
    followed.close()


def test_older_files_are_those_kea_reads(tmp_path: Path) -> None:
    path = tmp_path / "leases.csv"
    for suffix in (".1", ".2"):
        (tmp_path / f"leases.csv{suffix}").touch()
    assert [older.suffix for older in list_older_files(path)] == [".2", ".1"]
    (tmp_path / "leases.csv.completed").touch()
    assert [older.suffix for older in list_older_files(path)] == [".completed"]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in for unbound-control that writes down what it is told, and fails while `down` exists."""
    log = tmp_path / "told"
    program = tmp_path / "bin" / "unbound-control"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\n[ -e {tmp_path}/down ] && exit 1\necho "$1" >> {log}\ncat >> {log}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return log


def test_unbound_is_told_what_changed(tmp_path: Path, told: Path) -> None:
    resolver = Resolver("home.arpa", tmp_path / "names.conf")
    resolver.update({"tv": "192.168.1.9", "nas": "192.168.1.8"})
    told.write_text("")
    resolver.update({"tv": "192.168.1.7", "nas": "192.168.1.8"})
    assert told.read_text().splitlines() == [
        "local_datas_remove",
        "tv.home.arpa.",
        "9.1.168.192.in-addr.arpa.",
        "local_datas",
        "tv.home.arpa. 60 IN A 192.168.1.7",
        "7.1.168.192.in-addr.arpa. 60 IN PTR tv.home.arpa.",
    ]
    assert "local-data: 'nas.home.arpa. 60 IN A 192.168.1.8'" in (tmp_path / "names.conf").read_text()


def test_a_resolver_that_is_down_is_told_later(tmp_path: Path, told: Path) -> None:
    resolver = Resolver("home.arpa", tmp_path / "names.conf")
    (tmp_path / "down").touch()
    resolver.update({"tv": "192.168.1.9"})
    assert not told.exists()
    assert "tv.home.arpa" in (tmp_path / "names.conf").read_text()
    (tmp_path / "down").unlink()
    resolver.next_attempt = 0.0
    resolver.update({"tv": "192.168.1.9"})
    assert "tv.home.arpa. 60 IN A 192.168.1.9" in told.read_text()


def test_a_new_run_takes_back_what_the_last_one_said(tmp_path: Path, told: Path) -> None:
    Resolver("home.arpa", tmp_path / "names.conf").update({"old": "192.168.1.9"})
    told.write_text("")
    Resolver("home.arpa", tmp_path / "names.conf").update({})
    assert told.read_text().splitlines() == ["local_datas_remove", "old.home.arpa.", "9.1.168.192.in-addr.arpa."]
