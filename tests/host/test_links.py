"""Which NIC gets which name: exactly one match, or no guess."""

from __future__ import annotations

import pytest

from patronus.host import links
from patronus.host.links import Nic, assign, rename
from patronus.values.fragments import LinkName

WAN = Nic("eth0", "52:54:00:00:00:01", "pci-0000:00:03.0", ("eth0", "enp0s3"))
LAN = Nic("eth1", "52:54:00:00:00:02", "pci-0000:00:04.0", ("eth1", "enp0s4"))


def wanted(name: str, kind: str, value: str) -> LinkName:
    return LinkName(name, kind, value, f"interfaces.{name}.match")


@pytest.mark.parametrize(
    ("kind", "value"),
    [("mac", "52:54:00:00:00:01"), ("path", "pci-0000:00:03.0"), ("name", "eth0"), ("name", "enp0s3")],
)
def test_every_way_of_matching(kind: str, value: str) -> None:
    assert assign([wanted("wan", kind, value)], [WAN, LAN]) == links.Assignment({"eth0": "wan"}, [], [])


def test_an_absent_card_is_told_with_those_present() -> None:
    found = assign([wanted("wan", "mac", "52:54:00:00:00:99"), wanted("lan", "name", "eth1")], [WAN, LAN])
    assert found.renames == {"eth1": "lan"}
    (problem,) = found.absent
    assert problem.path == "interfaces.wan.match"
    assert problem.message == "no NIC has mac 52:54:00:00:00:99"
    assert "eth0 52:54:00:00:00:01 pci-0000:00:03.0" in problem.hint
    assert assign([wanted("wan", "name", "eth0")], []).absent[0].hint == "present: no NIC at all"


def test_two_cards_that_match_are_both_named_and_none_is_taken() -> None:
    twin = LAN._replace(mac=WAN.mac)
    found = assign([wanted("wan", "mac", WAN.mac)], [WAN, twin])
    assert found.renames == {}
    (problem,) = found.ambiguous
    assert problem.message == "mac 52:54:00:00:00:01 matches more than one: eth0, eth1"


def test_two_interfaces_on_one_card_are_both_named() -> None:
    found = assign([wanted("wan", "mac", WAN.mac), wanted("lan", "path", WAN.path)], [WAN, LAN])
    (problem,) = found.ambiguous
    assert problem.path == "interfaces.lan.match"
    assert problem.message == "path pci-0000:00:03.0 matches eth0, which is already wan"


def test_an_empty_value_matches_no_card_without_that_property() -> None:
    assert assign([wanted("wan", "path", "")], [WAN._replace(path="")]).absent


class Kernel:
    """Link names as the kernel keeps them: a name in use cannot be given again."""

    def __init__(self, *names: str) -> None:
        self.names = {name: name for name in names}
        self.altnames: list[tuple[str, str]] = []

    def run(self, *argv: str, stdin: bytes, **_options: object) -> None:
        assert argv[0] == "ip"
        assert argv[-2:] == ("-batch", "-")
        for line in stdin.decode().splitlines():
            self.take("ip", *line.split())

    def take(self, *argv: str) -> None:
        if argv[:4] == ("ip", "link", "set", "dev") and argv[5] == "name":
            old, new = argv[4], argv[6]
            assert new not in self.names, f"{new} is in use"
            assert len(new) <= 15
            self.names[new] = self.names.pop(old)
        elif argv[:3] == ("ip", "link", "set"):
            assert argv[4] in self.names
        elif argv[:4] == ("ip", "link", "property", "add"):
            self.altnames.append((argv[5], argv[7]))


@pytest.mark.parametrize(
    ("names", "renames", "expected"),
    [
        (["eth0", "eth1"], {"eth0": "wan", "eth1": "lan"}, {"wan": "eth0", "lan": "eth1"}),
        (["wan", "lan"], {"wan": "lan", "lan": "wan"}, {"lan": "wan", "wan": "lan"}),
        (["wan", "eth1"], {"eth1": "wan"}, {"wan": "eth1", "unused0": "wan"}),
        (["a", "b", "c"], {"a": "b", "b": "c", "c": "a"}, {"b": "a", "c": "b", "a": "c"}),
        (["wan"], {"wan": "wan"}, {"wan": "wan"}),
        (["unused0", "wan", "eth1"], {"eth1": "wan"}, {"unused0": "unused0", "wan": "eth1", "unused1": "wan"}),
        (["patr0", "eth1"], {"eth1": "wan"}, {"patr0": "patr0", "wan": "eth1"}),
    ],
)
def test_renaming_swaps_and_makes_room(
    names: list[str], renames: dict[str, str], expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(*names)
    monkeypatch.setattr(links, "run", kernel.run)
    rename(renames, [WAN._replace(name=name) for name in names])
    for old, new in renames.items():
        assert kernel.names[new] == old
    assert kernel.names == expected
    assert all(kernel.names[name] == old for name, old in kernel.altnames)
