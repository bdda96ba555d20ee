"""Stories about people and their box: who logs in, with what, and what a change leaves alone; the time and the logs."""

import re
import shlex
import subprocess
from collections.abc import Iterator

import pytest
from tests.vm.driver.house import BOX, House
from tests.vm.driver.owner import Owner
from tests.vm.driver.provider import GATEWAY4
from tests.vm.driver.timeserver import TimeAnswer, TimeServer, ask_time
from tests.vm.driver.waiting import wait_for

PASSWORD = "open sesame"
PASSWORD_HASH = "$y$j9T$aRdLN6XD7uw.5JFTcIiE61$iFOU4m9vtUrcfJ.W4R0F2.crKWmR9cf2/MgXYLTdhe1"
STRANGER_OPTIONS = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "LogLevel=ERROR")


def ssh_words(*options: str) -> list[str]:
    """The beginning of an ssh command that knows no host and asks nobody."""
    return ["ssh", "-F", "none", *(word for option in (*STRANGER_OPTIONS, *options) for word in ("-o", option))]


def log_in(house: House, user: str, key: Owner, *command: str) -> subprocess.CompletedProcess[str]:
    """Runs a command on the box as the client's user, by SSH with a key."""
    words = ssh_words(f"IdentityFile={key.key}", "IdentitiesOnly=yes", "PreferredAuthentications=publickey")
    return house.lan.run(*words, f"{user}@{BOX}", *command, check=False)


def log_in_by_password(house: House, user: str, password: str) -> subprocess.CompletedProcess[str]:
    """Runs `id` on the box, giving a password when asked for one."""
    helper = house.lab.folder / "askpass"
    helper.write_text(f"#!/bin/sh\necho '{password}'\n")
    helper.chmod(0o700)
    words = ssh_words("PreferredAuthentications=password", "NumberOfPasswordPrompts=1")
    answers = ["env", f"SSH_ASKPASS={helper}", "SSH_ASKPASS_REQUIRE=force"]
    return house.lan.run(*answers, *words, f"{user}@{BOX}", "id", check=False)


def test_an_admin_logs_in_with_a_key(house: House) -> None:
    done = log_in(house, "admin", house.admin, "id", "-nG")

    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {"admin", "patronus-admin", "systemd-journal"}
    assert log_in(house, "admin", house.admin, "pwd").stdout == "/var/home/admin\n"


def test_nobody_else_logs_in(house: House) -> None:
    stranger = Owner.make(house.lab.folder, "stranger")

    for user, key in (("root", house.admin), ("admin", stranger), ("unbound", house.admin)):
        assert "Permission denied" in log_in(house, user, key, "id").stderr, user


def test_people_come_and_go_without_a_restart(house: House) -> None:
    """Accounts are records, not daemons: only the oneshot that makes homes runs again."""
    visitor = Owner.make(house.lab.folder, "visitor")
    before = house.daemons()
    entry = {"name": "visitor", "role": "viewer", "ssh_keys": [visitor.public_key]}

    house.apply(house.base.add("system.admins", entry), "--confirm-now")
    assert log_in(house, "visitor", visitor, "id", "-nG").stdout.split() == ["visitor", "patronus-viewer"]
    assert log_in(house, "visitor", visitor, "patronus", "status").returncode == 0
    assert log_in(house, "visitor", visitor, "patronus", "rollback").returncode != 0, "a viewer only looks"

    house.apply(house.base, "--confirm-now")
    assert "Permission denied" in log_in(house, "visitor", visitor, "id").stderr
    assert house.daemons() == before


def test_a_password_counts_only_where_the_document_says_so(house: House) -> None:
    entry = {"name": "bob", "password_hash": PASSWORD_HASH}
    document = house.base.add("system.admins", entry)

    house.apply(document, "--confirm-now")
    assert "Permission denied (publickey)" in log_in_by_password(house, "bob", PASSWORD).stderr

    house.apply(document.put("ssh.password_authentication", True), "--confirm-now")
    assert "patronus-admin" in log_in_by_password(house, "bob", PASSWORD).stdout
    assert "Permission denied" in log_in_by_password(house, "bob", "wrong").stderr


def test_a_viewer_cannot_read_what_only_admins_are_shown(house: House) -> None:
    """The document as it was delivered with the disk, and every one since."""
    spy = Owner.make(house.lab.folder, "spy")
    entry = {"name": "spy", "role": "viewer", "ssh_keys": [spy.public_key]}
    secret = {"name": "bob", "password_hash": PASSWORD_HASH}
    house.apply(house.base.add("system.admins", secret).add("system.admins", entry), "--confirm-now")
    search = ("grep", "--recursive", "--files-with-matches", "--fixed-strings", PASSWORD_HASH, "/config", "/run")
    assert "/config/generations/" in house.router.run(*search, check=False).out, "root finds it"

    found = log_in(house, "spy", spy, shlex.join((*search, "/var")))

    assert found.stdout == ""
    assert "/config: Permission denied" in found.stderr
    modes = house.router.run("stat", "--format=%a %U", "/config", "/config/incoming").out.splitlines()
    assert modes == ["700 root"] * 2


def test_a_locked_admin_is_out(house: House) -> None:
    entry = {"name": "carol", "ssh_keys": [house.admin.public_key], "password_hash": PASSWORD_HASH, "locked": True}
    document = house.base.add("system.admins", entry).put("ssh.password_authentication", True)

    house.apply(document, "--confirm-now")

    assert "Permission denied" in log_in(house, "carol", house.admin, "id").stderr
    assert "Permission denied" in log_in_by_password(house, "carol", PASSWORD).stderr


@pytest.fixture
def open_session(house: House) -> Iterator[subprocess.Popen[bytes]]:
    """An admin's session that has said hello and stays."""
    log = house.lan.folder / "lan-ssh.log"
    log.unlink(missing_ok=True)
    words = ssh_words(f"IdentityFile={house.admin.key}", "IdentitiesOnly=yes")
    session = house.lan.spawn(*words, f"admin@{BOX}", "echo hello; exec sleep 600")
    wait_for(lambda: "hello" in log.read_text() or None, what="the session to begin")
    yield session
    session.terminate()


def test_an_open_session_outlives_a_change_of_sshd(house: House, open_session: subprocess.Popen[bytes]) -> None:
    before = house.daemons()

    house.apply(house.base.put("ssh.max_auth_tries", 2), "--confirm-now")

    assert "maxauthtries 2" in house.router.run("sshd", "-T").out.splitlines()
    assert house.daemons() == before, "sshd reads its file anew and keeps its pid"
    assert open_session.poll() is None


def test_ssh_can_be_switched_off_and_on_again(house: House) -> None:
    house.apply(house.base.put("ssh.enabled", False), "--confirm-now")
    assert not house.can_manage()

    house.apply(house.base, "--confirm-now")
    assert log_in(house, "admin", house.admin, "true").returncode == 0


def test_the_box_takes_the_time_and_gives_it_to_home(house: House) -> None:
    server = TimeServer(house.wan, GATEWAY4)
    try:
        answer = wait_for(lambda: ask_time_of_box(house), what="the box to know the time")
    finally:
        server.close()

    assert (answer.leap, answer.stratum) == (0, 2)
    assert abs(answer.offset) < 1
    assert server.asked >= 1
    assert ask_time(house.wan, house.wan_address, seconds=2) is None, "nobody outside is served"


def ask_time_of_box(house: House) -> TimeAnswer | None:
    """What the box says once it is synchronised; it is told to ask its sources now rather than in some minutes."""
    house.router.run("chronyc", "burst", "2/4", check=False)
    answer = ask_time(house.lan, BOX, seconds=3)
    return answer if answer is not None and answer.stratum > 0 else None


def test_the_journal_keeps_within_its_bounds(house: House) -> None:
    before = house.daemons()

    house.apply(house.base.put("journal.max_size", "64M"), "--confirm-now")

    said = house.router.journal("-u", "systemd-journald.service", "-n", "20")
    assert re.search(r"System Journal .* max 64M", said), said
    changed = {unit for unit, pid in house.daemons().items() if before.get(unit) != pid}
    assert changed == {"systemd-journald.service"}


def test_the_box_has_its_name_and_its_clock_zone(house: House) -> None:
    house.apply(house.base.put("system.hostname", "gate").put("system.timezone", "Asia/Tokyo"), "--confirm-now")

    assert house.router.run("uname", "-n").out.strip() == "gate"
    assert house.router.run("getent", "ahostsv4", "gate").out.split()[:3] == ["127.0.1.1", "STREAM", "gate.home.arpa"]
    assert house.router.run("date", "+%Z").out.strip() == "JST"
