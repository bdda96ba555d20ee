"""What happens on the box when one generation follows another."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from tests.documents import HOUSE, house, render_data

from patronus.pipeline.diff import Changes, diff
from patronus.pipeline.render import render
from patronus.pipeline.review import MAX_DIFF_LINES, FileReview, review
from patronus.values.fragments import RELOAD, RULESET_PATH, File, LinkName, Symlink, Sysctl, Unit
from patronus.values.manifest import EMPTY
from patronus.values.plan import Plan

KEA = Unit("kea.service", "dhcp", ("etc/kea/kea.conf",))
NETWORKD = Unit("networkd.service", "interfaces", ("etc/network/",), RELOAD)
NONE = Changes((), (), (), (), (), (), (), ruleset=False, links=False, sysctls=False)


def changes(old: list[object], new: list[object]) -> Changes:
    return diff(render(Plan(tuple(old))).manifest, render(Plan(tuple(new))).manifest)


def file(path: str, content: str = "", **more: Any) -> File:
    return File(path, content.encode(), "o", **more)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param([], [], {}, id="nothing"),
        pytest.param([file("a")], [file("a")], {}, id="the same"),
        pytest.param([], [file("a")], {"added": ("a",)}, id="added"),
        pytest.param([file("a")], [], {"removed": ("a",)}, id="removed"),
        pytest.param([file("a", "1")], [file("a", "2")], {"changed": ("a",)}, id="content"),
        pytest.param([file("a")], [file("a", mode=0o600)], {"changed": ("a",)}, id="mode"),
        pytest.param([file("a")], [file("a", group="_kea")], {"changed": ("a",)}, id="group"),
        pytest.param([file("a")], [Symlink("a", "b", "o")], {"changed": ("a",)}, id="file becomes link"),
        pytest.param([Symlink("a", "b", "o")], [Symlink("a", "c", "o")], {"changed": ("a",)}, id="link target"),
        pytest.param([File("a", b"", "x")], [File("a", b"", "y")], {}, id="only the origin"),
        pytest.param([], [KEA], {"start": ("kea.service",)}, id="new unit"),
        pytest.param([KEA], [], {"stop": ("kea.service",)}, id="unit gone"),
        pytest.param([KEA, NETWORKD], [], {"stop": ("networkd.service", "kea.service")}, id="stop in reverse"),
        pytest.param([KEA, file("etc/kea/kea.conf", "1")], [KEA, file("etc/kea/kea.conf", "2")],
                     {"changed": ("etc/kea/kea.conf",), "restart": ("kea.service",)}, id="restart"),
        pytest.param([NETWORKD, file("etc/network/a")], [NETWORKD],
                     {"removed": ("etc/network/a",), "reload": ("networkd.service",)}, id="reload for a folder"),
        pytest.param([KEA], [KEA, file("etc/kea/kea.conf.bak")], {"added": ("etc/kea/kea.conf.bak",)},
                     id="a path that only begins alike"),
        pytest.param([NETWORKD], [NETWORKD, file("etc/networks")], {"added": ("etc/networks",)},
                     id="a folder that only begins alike"),
        pytest.param([file("etc/kea/kea.conf", "1")], [KEA, file("etc/kea/kea.conf", "2")],
                     {"changed": ("etc/kea/kea.conf",), "start": ("kea.service",)}, id="a new unit is not restarted"),
        pytest.param([Unit("x", "o", ("a",)), file("a")], [Unit("x", "o", ("b",)), file("b")],
                     {"added": ("b",), "removed": ("a",), "restart": ("x",)}, id="a unit that watches another file"),
        pytest.param([file(RULESET_PATH, "1")], [file(RULESET_PATH, "2")],
                     {"changed": (RULESET_PATH,), "ruleset": True}, id="ruleset"),
        pytest.param([Sysctl("a", "1", "o")], [Sysctl("a", "2", "o")], {"sysctls": True}, id="kernel setting"),
        pytest.param([], [LinkName("lan", "mac", "1", "o")], {"links": True}, id="link"),
    ],
)  # fmt: skip
def test_changes(old: list[object], new: list[object], expected: dict[str, Any]) -> None:
    found = changes(old, new)
    assert found == NONE._replace(**expected)
    assert bool(found) == bool(expected)


def test_from_nothing_everything_starts() -> None:
    new = render_data(HOUSE).manifest
    found = diff(EMPTY, new)
    assert found.start == tuple(unit.name for unit in new.units)
    assert found.added == tuple(new.entries)
    assert found.ruleset
    assert found.links
    assert not found.stop + found.reload + found.restart


def test_the_way_back_undoes_the_way_there() -> None:
    old, new = render_data(HOUSE).manifest, render_data(house(ntp=None, dhcp=None)).manifest
    there, back = diff(old, new), diff(new, old)
    assert (there.added, there.changed, there.removed) == (back.removed, back.changed, back.added)
    assert set(there.stop) == set(back.start)
    assert there.reload + there.restart == back.reload + back.restart


def changed_house(path: list[str | int], value: object) -> Changes:
    document = deepcopy(HOUSE)
    place: Any = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return diff(render_data(HOUSE).manifest, render_data(document).manifest)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (["firewall", "rules", 1, "ports"], 2222),
        (["firewall", "rules", 0, "action"], "block"),
        (["aliases", "admins", "addresses"], ["192.168.1.11"]),
        (["nat", "port_forwards", 0, "target"], "192.168.1.11"),
        (["zones", "guest", "ping"], True),
    ],
)
def test_a_changed_rule_touches_the_ruleset_and_no_unit(path: list[str | int], value: object) -> None:
    found = changed_house(path, value)
    assert found == NONE._replace(changed=(RULESET_PATH,), ruleset=True)


@pytest.mark.parametrize(
    ("path", "value", "restart", "reload"),
    [
        (["dhcp", "subnets", 0, "pools"], ["192.168.1.50-192.168.1.60"], ["kea-dhcp4-server.service"], []),
        (["ntp", "orphan_stratum"], 12, ["chrony.service"], []),
        (["interfaces", "lan", "promiscuous"], True, [], ["systemd-networkd.service"]),
    ],
)
def test_a_changed_service_touches_itself_only(
    path: list[str | int], value: object, restart: list[str], reload: list[str]
) -> None:
    found = changed_house(path, value)
    assert sorted(found.restart + found.reload) == sorted(restart + reload)
    assert not found.start + found.stop
    assert not found.ruleset


def test_words_for_people_change_nothing() -> None:
    for path in (["zones", "wan", "description"], ["firewall", "rules", 0, "description"]):
        assert changed_house([*path], "other words").restart == ()


def reviews(old: list[object], new: list[object]) -> list[FileReview]:
    one, two = render(Plan(tuple(old))), render(Plan(tuple(new)))
    return review(one.manifest, one.contents, two.manifest, two.contents)[1]


def test_a_review_is_a_unified_diff_with_the_origin() -> None:
    (shown,) = reviews([file("etc/a", "one\ntwo\n")], [File("etc/a", b"one\nthree\n", "ntp.serve")])
    assert shown == FileReview(
        "etc/a", "changed", "ntp.serve", "--- a/etc/a\n+++ b/etc/a\n@@ -1,2 +1,2 @@\n one\n-two\n+three"
    )


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ([file("a", "password 1", mode=0o600)], [file("a", "password 2", mode=0o600)]),
        ([], [file("a", "password 2", mode=0o600)]),
        ([file("a", "password 1", mode=0o600)], []),
        ([file("a", "password 1", mode=0o600)], [file("a", "password 1", mode=0o644)]),
        ([file("a", "password 1", mode=0o644)], [file("a", "password 2", mode=0o600)]),
        ([file("a", "password 1", mode=0o600)], [file("a", "password 2", mode=0o400)]),
        ([file("a", "password 1", mode=0o600)], [Symlink("a", "b", "o")]),
    ],
)
def test_a_file_that_is_or_was_secret_is_not_shown(old: list[object], new: list[object]) -> None:
    (shown,) = reviews(old, new)
    assert "password" not in shown.text
    assert "secret" in shown.text


def test_modes_links_and_bytes_that_are_no_text_are_shown_in_words() -> None:
    (mode,) = reviews([file("a", "x")], [file("a", "x", mode=0o755, group="_kea")])
    assert mode.text == "mode 0644 root:root -> 0755 root:_kea"
    (link,) = reviews([Symlink("a", "b", "o")], [Symlink("a", "c", "o")])
    assert link.text == "b -> c"
    (raw,) = reviews([], [File("a", b"\xff\x00\n", "o")])
    assert "\\xff" in raw.text


def test_an_endless_diff_is_cut_and_says_so() -> None:
    (shown,) = reviews([], [file("a", "x\n" * 10_000)])
    assert len(shown.text.splitlines()) == MAX_DIFF_LINES + 1
    assert "more lines" in shown.text.splitlines()[-1]
