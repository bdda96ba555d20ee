"""Raw bytes -> plain data: whatever the bytes are, either plain data or a refusal that names the place."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patronus.pipeline import read_yaml
from patronus.pipeline.load import MAX_DOCUMENT, load
from patronus.pipeline.read_yaml import MAX_DEPTH, MAX_PROBLEMS
from patronus.values.problem import Problem, Refused

HAS_LIBYAML = read_yaml.parse is read_yaml.parse_fast
PARSERS = ["parse_fast", "parse_slowly"] if HAS_LIBYAML else ["parse_slowly"]


@pytest.fixture(autouse=True, params=PARSERS)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything holds with both parsers."""
    monkeypatch.setattr(read_yaml, "parse", getattr(read_yaml, request.param))


def refused(*documents: bytes) -> list[Problem]:
    """The problems of documents called a.yaml, b.yaml, ...; none when they load. Every one must help the reader."""
    names = [f"{letter}.yaml" for letter in "abcdefgh"]
    try:
        load(dict(zip(names, documents, strict=False)))
    except Refused as error:
        assert error.problems
        assert all(problem.message and problem.hint for problem in error.problems)
        return error.problems
    return []


@pytest.mark.parametrize(
    ("raw", "place", "reason"),
    [
        pytest.param(b"a: &x 1\n", "a.yaml:1:4", "anchors", id="anchor"),
        pytest.param(b"a: 1\nb: *x\n", "a.yaml:2:4", "aliases", id="alias"),
        pytest.param(b"a: {<<: {b: 1}}\n", "a.yaml:1:5", "merge keys", id="merge key"),
        pytest.param(b"a: !!str 1\n", "a.yaml:1:4", "tags", id="core tag"),
        pytest.param(b"a: !!python/object/apply:os.system [id]\n", "a.yaml:1:4", "tags", id="python tag"),
        pytest.param(b"a: ! 1\n", "a.yaml:1:4", "tags", id="non-specific tag"),
        pytest.param(b"!!set {a, b}\n", "a.yaml:1:1", "tags", id="tag of the root"),
        pytest.param(b"a: !!binary aGk=\n", "a.yaml:1:4", "tags", id="binary"),
        pytest.param(b"%YAML 1.1\n---\na: 1\n", "a.yaml:[12]:1", "directives", id="YAML 1.1"),
        pytest.param(b"%TAG ! tag:x,2000:\n---\na: 1\n", "a.yaml:[12]:1", "directives", id="tag directive"),
        pytest.param(b"a:\n\tb: 1\n", "a.yaml:2:1", "tab", id="tab as indentation"),
        pytest.param(b"a: 1\n\tb: 2\n", "a.yaml:2:1", "tab", id="tab after a value"),
        pytest.param(b"a:\t1\n", "a.yaml:1:3", "tab", id="tab before a value"),
        pytest.param(b"a: 1\t# x\n", "a.yaml:1:5", "tab", id="tab before a comment"),
        pytest.param(b'a: "\t"\n', "a.yaml:1:5", "tab", id="tab in quotes"),
        pytest.param(b": 1\n", "a.yaml:1:1", "key", id="empty key"),
        pytest.param(b"'': 1\n", "a.yaml:1:1", "a key is empty", id="quoted empty key"),
        pytest.param(b"a: 1\nb: \0\n", "a.yaml:2", "NUL", id="NUL"),
        pytest.param("a: 1\n".encode("utf-16"), "a.yaml:1", "UTF-8", id="UTF-16"),
        pytest.param(b"a: 1\nb: \xe4\n", "a.yaml:2", "UTF-8", id="Latin-1"),
        pytest.param(b"a: \xed\xa0\x80\n", "a.yaml:1", "UTF-8", id="surrogate in UTF-8"),
        pytest.param(b'a: "\\ud800"\n', "a.yaml:1:[47]", "UTF-16|Unicode", id="escaped half of a surrogate pair"),
        pytest.param(b"a: 1\nb: \x1b[31m\n", "a.yaml:2:4", r"U\+001B", id="terminal escape"),
        pytest.param(b"a: 1\rb: 2\r", "a.yaml:1:5", r"U\+000D", id="line ends of an old Macintosh"),
        pytest.param("a: x\u2028b: y".encode(), "a.yaml:1:5", r"U\+2028", id="line separator"),
        pytest.param("é: x\na: \ufeffx".encode(), "a.yaml:2:4", r"U\+FEFF", id="byte order mark inside"),
        pytest.param("a: \x9b31m\n".encode(), "a.yaml:1:4", r"U\+009B", id="C1 control"),
        pytest.param(b"a: {}\nb: {}\na: {}\n", "a.yaml:3:1", "'a' stands twice", id="key twice"),
        pytest.param(b"a:\n  b: 1\n  'b': 2\n", "a.yaml:3:3", "'b' stands twice", id="nested key twice, once quoted"),
        pytest.param(b"a: {b: 1, b: 1}\n", "a.yaml:1:11", "'b' stands twice", id="key twice in braces"),
        pytest.param(b"{true: 1, 'true': 2}\n", "a.yaml:1:11", "'true' stands twice", id="one key in two spellings"),
        pytest.param(b"? [a, b]\n: c\n", "a.yaml:1:3", "key is expected", id="list as key"),
        pytest.param(b"? {a: b}\n: c\n", "a.yaml:1:3", "key is expected", id="mapping as key"),
        pytest.param(b"a: 1\n---\nb: 2\n", "a.yaml:2:1", "second document", id="two documents"),
        pytest.param(b"a: 1\n...\nb: 2\n", "a.yaml:3:1", "second document|document start", id="text after the end"),
        pytest.param(b"a: " + b"9" * 5000, "a.yaml:1:4", "5000 digits", id="huge number"),
        pytest.param(b"a: 0x" + b"f" * 99, "a.yaml:1:4", "101 digits", id="huge hexadecimal number"),
        pytest.param(b"a: .nan\n", "a.yaml:1:4", ".nan is no number", id="nan"),
        pytest.param(b"a: -.inf\n", "a.yaml:1:4", "-.inf is no number", id="infinity"),
        pytest.param(b"a: 1e999\n", "a.yaml:1:4", "1e999 is no number", id="number past every float"),
        pytest.param(b"a: b: c\n", "a.yaml:1:5", "mapping values", id="colon in a value"),
        pytest.param(b'a: 1\nb: "x\nc: d\n', "a.yaml:4:1", "begins in line 2", id="quote that never ends"),
        pytest.param(b"a: [1, 2\nb: 3\n", "a.yaml:2:2", "begins in line 1", id="bracket that never ends"),
        pytest.param(b"a:\n  b: 1\n c: 2\n", "a.yaml:3:2", "not valid YAML", id="wrong indentation"),
        pytest.param(b'a: "\\q"\n', "a.yaml:1:[56]", "escape", id="unknown escape"),
        pytest.param(b"- a\n", "a.yaml", "not a mapping", id="list"),
        pytest.param(b"hello\n", "a.yaml", "not a mapping", id="scalar"),
    ],
)
def test_refused_with_place_and_reason(raw: bytes, place: str, reason: str) -> None:
    problems = refused(raw)
    assert any(re.match(f"{place}: .*(?:{reason})", problem.message) for problem in problems), problems


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (b"12:30:45", "12:30:45"),
        (b"52:54:00:00:00:01", "52:54:00:00:00:01"),
        (b"2020-01-01", "2020-01-01"),
        (b"2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        (b"yes", "yes"),
        (b"off", "off"),
        (b"1_000", "1_000"),
        (b"0b11", "0b11"),
        (b"=", "="),
        (b"0", 0),
        (b"0o10", 8),
        (b"0x10", 16),
        (b"-5", -5),
        (b"1.5", 1.5),
        (b"True", True),
        (b"~", None),
        (b"", None),
        (b"'1'", "1"),
        (b'"\\x1b"', "\x1b"),
        (b"|\n  two\n  lines\n", "two\nlines\n"),
        ("grüße".encode(), "grüße"),
    ],
)
def test_scalars_follow_the_core_schema(raw: bytes, value: Any) -> None:
    read = load({"a.yaml": b"a: " + raw})["a"]
    assert (type(read), read) == (type(value), value)


@pytest.mark.parametrize("raw", [b"010", b"022", b"-07", b"00"])
def test_a_number_that_others_read_as_octal_is_refused(raw: bytes) -> None:
    with pytest.raises(Refused, match="begins with 0: some read it as octal"):
        load({"a.yaml": b"a: " + raw})
    assert load({"a.yaml": b"a: '" + raw + b"'"}) == {"a": raw.decode()}


@pytest.mark.parametrize("raw", [b"", b"# nothing yet\n", b"null\n", b"---\n", b"\xef\xbb\xbf"])
def test_an_empty_document_is_an_empty_mapping(raw: bytes) -> None:
    assert load({"a.yaml": raw}) == {}


def test_a_byte_order_mark_and_windows_line_ends_are_accepted() -> None:
    assert load({"a.yaml": b"\xef\xbb\xbfa: 1\r\nb: 2\r\n"}) == {"a": 1, "b": 2}


def test_tabs_may_stand_in_comments() -> None:
    assert load({"a.yaml": b"#\ta\na: 1 # b\tc\n"}) == {"a": 1}


def test_colons_in_flow_mappings_are_text() -> None:
    """YAML 1.2, which old versions of libyaml do not know."""
    assert load({"a.yaml": b"a: {mac: 52:54:00:00:00:01}\n"}) == {"a": {"mac": "52:54:00:00:00:01"}}


def test_keys_are_text_as_they_stand() -> None:
    assert load({"a.yaml": b"{1: a, true: b, ~: c, 2020-01-01: d}"}) == {
        "1": "a",
        "true": "b",
        "~": "c",
        "2020-01-01": "d",
    }


def test_everything_wrong_in_every_file_is_told_at_once() -> None:
    found = refused(b"a: &x 1\na: !!str 2\n", b"c: .inf\nd: {e: 1, e: 2}\n")
    assert [problem.message.partition(": ")[0] for problem in found] == [
        "a.yaml:1:4",
        "a.yaml:2:1",
        "a.yaml:2:4",
        "b.yaml:1:4",
        "b.yaml:2:11",
    ]


def test_a_bomb_of_anchors_is_refused_unexpanded() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 40)]
    started = time.process_time()
    assert len(refused("\n".join(lines).encode())) == MAX_PROBLEMS
    assert time.process_time() - started < 2


@pytest.mark.parametrize("raw", [b"a: " + b"[" * 100_000, b"- " * 100_000, b"{a: " * 50_000, b"[" * 100 + b"]" * 100])
def test_deep_nesting_is_refused_soon(raw: bytes) -> None:
    assert any(f"nested deeper than {MAX_DEPTH}" in problem.message for problem in refused(raw))


def test_depth_up_to_the_limit_loads() -> None:
    load({"a.yaml": b"a: " + b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1)})
    assert refused(b"a: " + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_size_is_checked_before_anything_is_parsed() -> None:
    for documents in ([b"&" * 10_000_000], [b"#" * (MAX_DOCUMENT // 2 + 1)] * 2):
        (problem,) = refused(*documents)
        assert "MiB" in problem.message


def test_long_lists_load() -> None:
    numbers = list(range(5000))
    assert load({"a.yaml": f"a: {numbers}".encode()}) == {"a": numbers}


def test_fragments_meet_in_one_document() -> None:
    merged = load(
        {
            "10-base.yaml": b"version: 1\nzones: {lan: {}}\ndns: {records: {a: 1}}\n",
            "20-guest.yaml": b"version: 1\nzones: {guest: {ping: false}}\ndns: {records: {b: 2}}\n",
        }
    )
    assert merged == {
        "version": 1,
        "zones": {"lan": {}, "guest": {"ping": False}},
        "dns": {"records": {"a": 1, "b": 2}},
    }


def test_the_order_of_fragments_is_that_of_their_names() -> None:
    files = {"b.yaml": b"zones: {two: {}}", "a.yaml": b"zones: {one: {}}"}
    assert list(load(files)["zones"]) == ["one", "two"]


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [
        (b"version: 1", b"version: 2", "version"),
        (b"ssh: {port: 22}", b"ssh: {port: 22}", "ssh.port"),
        (b"zones: {lan: {ping: true}}", b"zones: {lan: {ping: false}}", "zones.lan.ping"),
        (b"firewall: {rules: [1]}", b"firewall: {rules: [2]}", "firewall.rules"),
        (b"zones: {lan: {}}", b"zones: 5", "zones"),
        (b"zones: ~", b"zones: {lan: {}}", "zones"),
    ],
)
def test_a_key_set_in_two_files_is_refused_with_both_names(first: bytes, second: bytes, path: str) -> None:
    (problem,) = refused(first, second)
    assert problem.path == path
    assert "a.yaml" in problem.message
    assert "b.yaml" in problem.message


@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_load_or_be_refused(raw: bytes) -> None:
    refused(raw)


@given(st.text(alphabet="ab:-[]{},&*!|>'\"%@`#? \n\t\\0.~<=", max_size=60))
def test_no_yaml_does_anything_but_load_or_be_refused(text: str) -> None:
    refused(text.encode())


PIECES = [
    *[
        "a",
        "b",
        "1",
        "-",
        " ",
        "  ",
        "\n",
        "\n  ",
        "\n    ",
        ": ",
        ":",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ",",
        '"',
        "'",
        "|",
        "|-",
    ],
    *[
        "|+",
        ">",
        ">-",
        "|2",
        "#",
        " # x\n",
        "\\",
        "\\n",
        "%",
        "@",
        "`",
        "x y",
        "key",
        "---",
        "...",
        "\n- ",
        "\nk: ",
        "\n  k: ",
    ],
    *[
        "é",
        "=",
        "~",
        "null",
        "/",
        ".",
        ";",
        "? ",
        "\r\n",
        "''",
        '""',
        ": |\n  ",
        ": >\n  ",
        "k: ",
        "\t",
        "\r",
        "\x85",
        "\u2028",
    ],
]


@pytest.mark.skipif(not HAS_LIBYAML, reason="there is one parser only")
@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_both_parsers_read_the_same_or_one_refuses(text: str) -> None:
    """A workstation and a box may have different ones: a document never means two things."""
    found = []
    for parse in (read_yaml.parse_fast, read_yaml.parse_slowly):
        with pytest.MonkeyPatch.context() as patch, suppress(Refused):
            patch.setattr(read_yaml, "parse", parse)
            found.append(load({"a.yaml": f"k: {text}".encode()}))
    assert len(found) < 2 or repr(found[0]) == repr(found[1])
