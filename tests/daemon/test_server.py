"""Who may ask what, what a wrong request is told, and what travels over the socket."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from patronus.daemon import server
from patronus.daemon.handlers import HANDLERS, Busy, Caller
from patronus.daemon.peer import Peer, _read_ids, identify
from patronus.daemon.server import answer
from patronus.host.layout import Layout
from patronus.ops import client, registry, wire
from patronus.ops import messages as m
from patronus.ops.errors import CallFailed
from patronus.ops.registry import OPERATIONS, ROLE_GROUPS, Operation, Role
from patronus.values.problem import Problem, Refused

ADMIN = Peer("alice", Role.ADMIN)
RESULT = m.GenerationResult(generation="7-abc")


def handler(result: object) -> Callable[[Layout, Any, Caller], m.Message]:
    """Return a handler that returns a message, or raises an exception after telling its progress."""

    def handle(_layout: Layout, _request: Any, caller: Caller) -> m.Message:
        caller.progress("half-way")
        if isinstance(result, Exception):
            raise result
        assert isinstance(result, m.Message)
        return result

    return handle


def ask(message: Any, peer: Peer = ADMIN) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the answer and the progress messages before it."""
    progress: list[dict[str, Any]] = []
    return answer(peer, message, progress.append), progress


def call(name: str, **more: Any) -> dict[str, Any]:
    return {"method": f"{registry.INTERFACE}.{name}", **more}


def test_every_operation_has_a_handler_and_every_handler_an_operation() -> None:
    assert set(HANDLERS) == {operation.name for operation in OPERATIONS}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_it_and_the_lower_ones_may(
    operation: Operation[Any, Any], role: Role, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HANDLERS, operation.name, handler(RESULT))
    needed = {"name": "x", "bundle": "", "host": "gw", "topic": "routes", "keys": ""}
    parameters = {key: needed[key] for key in operation.request.model_fields if key in needed}
    reply, _ = ask(call(operation.name, parameters=parameters), Peer("somebody", role))
    if role >= operation.role:
        assert reply == {"parameters": {"generation": "7-abc"}}
    else:
        assert reply["error"] == wire.DENIED
        assert operation.role.name.lower() in reply["parameters"]["message"]
        assert "somebody" in reply["parameters"]["message"]


def test_nobody_may_do_nothing_and_a_viewer_changes_nothing() -> None:
    assert all(operation.role > Role.NOBODY for operation in OPERATIONS)
    assert all(operation.role > Role.VIEWER for operation in OPERATIONS if operation.disrupts)
    assert [operation.name for operation in OPERATIONS if operation.disrupts and operation.role < Role.ADMIN] == [
        "Reboot"
    ], "an operator restarts the box and changes nothing else"


@pytest.mark.parametrize("message", [None, 1, "x", [], {}, {"method": 1}, {"method": None}, {"method": ["a"]}])
def test_what_is_no_call_is_told_so(message: Any) -> None:
    assert ask(message)[0]["error"] == wire.INVALID


@pytest.mark.parametrize(
    "method", ["", "Status", "io.patronus.Box", "io.patronus.Box.", "io.patronus.Box.status", "org.other.Status",
               "io.patronus.Box.Status.more", "io.patronus.Box.__class__", "x" * 1_000_000]
)  # fmt: skip
def test_an_unknown_method_is_told_so_briefly(method: str) -> None:
    reply, _ = ask({"method": method})
    assert reply["error"] == wire.UNKNOWN
    assert len(json.dumps(reply)) < 400


@pytest.mark.parametrize(
    "parameters",
    [{"bundle": 5}, {"bundel": ""}, {}, [], "x", {"bundle": "", "confirm_within": -1}, {"bundle": "", "more": 1},
     {"bundle": "", "confirm_within": 86_401}, {"bundle": "", "confirm_within": "soon"}],
)  # fmt: skip
def test_parameters_that_do_not_fit_are_refused_before_the_handler(
    parameters: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(HANDLERS, "Apply", handler(AssertionError("the handler ran")))
    reply, _ = ask(call("Apply", parameters=parameters))
    assert reply["error"] == wire.INVALID
    assert "Apply" in reply["parameters"]["message"]


@pytest.mark.parametrize(
    ("raised", "error", "words"),
    [
        (Busy(), wire.BUSY, "another change is under way"),
        (ValueError("odd"), wire.FAILED, "Status failed: odd; see: journalctl -u patronusd"),
        (OSError(28, "No space left"), wire.FAILED, "No space left"),
        (RecursionError(), wire.FAILED, "Status failed"),
    ],
)
def test_failures_are_answers(raised: Exception, error: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "Status", handler(raised))
    reply, _ = ask(call("Status"))
    assert reply["error"] == error
    assert words in reply["parameters"]["message"]


def test_a_refusal_carries_every_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    problems = [Problem("a.b", "is wrong", "mend it"), Problem("", "odd", "", "warning")]
    monkeypatch.setitem(HANDLERS, "Status", handler(Refused(problems)))
    reply, _ = ask(call("Status"))
    assert reply["error"] == wire.REFUSED
    assert [Problem(*fields) for fields in reply["parameters"]["problems"]] == problems


def test_progress_is_told_to_those_who_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "Status", handler(RESULT))
    assert ask(call("Status"))[1] == []
    assert ask(call("Status", more=True))[1] == [{"parameters": {"progress": "half-way"}, "continues": True}]


def test_what_is_asked_is_noted_with_who_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(HANDLERS, "Confirm", handler(RESULT))
    ask(call("Confirm"))
    ask(call("Confirm"), Peer("eve", Role.VIEWER))
    assert capsys.readouterr().err.splitlines() == ["<5>alice: Confirm", "<4>eve: may not Confirm"]


def test_the_caller_is_who_the_kernel_says(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert _read_ids(ours) == (os.geteuid(), os.getegid())
        monkeypatch.setattr("patronus.daemon.peer._read_ids", lambda _stream: (0, 0))
        assert identify(ours) == Peer("root", Role.ROOT)
        monkeypatch.setattr("patronus.daemon.peer._read_ids", lambda _stream: (4_000_000_000, 0))
        assert identify(ours) == Peer("4000000000", Role.NOBODY)


@pytest.mark.parametrize(
    ("groups", "role"),
    [([], Role.NOBODY), (["users"], Role.NOBODY), (["patronus-viewer", "patronus-operator"], Role.OPERATOR),
     (["users", "patronus-admin"], Role.ADMIN)],
)  # fmt: skip
def test_the_highest_role_of_all_groups_counts(groups: list[str], role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    module = "patronus.daemon.peer"
    monkeypatch.setattr(f"{module}._read_ids", lambda _stream: (1000, 1000))
    monkeypatch.setattr(f"{module}.pwd.getpwuid", lambda _uid: type("Entry", (), {"pw_name": "bob"}))
    monkeypatch.setattr(f"{module}.os.getgrouplist", lambda *_: list(range(len(groups))))
    monkeypatch.setattr(f"{module}._group_name", lambda gid: groups[gid])
    ours, theirs = socket.socketpair()
    with ours, theirs:
        assert identify(ours) == Peer("bob", role)
    assert set(ROLE_GROUPS.values()) == {Role.VIEWER, Role.OPERATOR, Role.ADMIN}


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """One end of a connection to patronusd, which believes the other end is Alice."""
    monkeypatch.setattr(server, "identify", lambda _stream: ADMIN)
    monkeypatch.setitem(HANDLERS, "Status", handler(RESULT))
    ours, theirs = socket.socketpair()
    ours.settimeout(10)
    talk = threading.Thread(target=server._answer_all, args=(theirs,))
    talk.start()
    with ours:
        yield ours
    talk.join(10)
    assert not talk.is_alive()


def everything(line: socket.socket) -> bytes:
    """Return all bytes until the other end closes."""
    line.shutdown(socket.SHUT_WR)
    return b"".join(iter(lambda: line.recv(65536), b""))


CALL = json.dumps(call("Status")).encode() + b"\0"
ANSWER = b'{"parameters": {"generation": "7-abc"}}\0'


def test_calls_in_one_piece_in_many_pieces_and_many_in_one(line: socket.socket) -> None:
    for byte in CALL:
        line.sendall(bytes([byte]))
    line.sendall(CALL + CALL)
    assert everything(line) == ANSWER * 3


@pytest.mark.parametrize(
    "garbage",
    [b"rubbish\0", b"\0", b"{\0", b"\xff\xfe\0", b"[" * 50_000 + b"\0", b"\x16\x03\x01" * 100 + b"\0",
     b"9" * 5000 + b"\0"],
    ids=["word", "empty", "half", "no UTF-8", "deep", "TLS", "huge number"],
)  # fmt: skip
def test_garbage_ends_the_connection_and_nothing_else(
    line: socket.socket, garbage: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    line.sendall(CALL + garbage + CALL)
    assert everything(line) in (ANSWER, ANSWER + b"")
    assert "Traceback" not in capsys.readouterr().err


def test_half_a_call_is_no_call(line: socket.socket) -> None:
    line.sendall(CALL[:-5])
    assert everything(line) == b""


def test_a_message_past_the_limit_ends_the_connection() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = wire.Connection(theirs, 10)
        ours.sendall(b'"12345678"\0"123456789"\0')
        assert connection.receive() == "12345678"
        with pytest.raises(wire.TooLong):
            connection.receive()


def test_an_endless_message_is_not_collected() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        connection = wire.Connection(theirs, 1000)
        ours.sendall(b"x" * 2000)
        with pytest.raises(wire.TooLong):
            connection.receive()


def test_who_has_no_role_may_send_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "identify", lambda _stream: Peer("eve", Role.NOBODY))
    ours, theirs = socket.socketpair()
    talk = threading.Thread(target=server._answer_all, args=(theirs,))
    talk.start()
    with ours, pytest.raises(OSError, match=r"Broken pipe|reset"):
        for _ in range(1000):
            ours.sendall(b"x" * 65536)
    talk.join(10)


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A patronusd that answers one connection on a socket the client finds."""
    path = str(tmp_path / "ops.socket")
    monkeypatch.setattr(client, "SOCKET", path)
    monkeypatch.setattr(server, "identify", lambda _stream: ADMIN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=lambda: server._answer_all(listener.accept()[0]), daemon=True)
        thread.start()
        yield
        thread.join(10)


def test_the_client_gets_the_result_and_the_progress(served: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "Confirm", handler(RESULT))
    told: list[str] = []
    assert client.call(registry.CONFIRM, m.ConfirmRequest(), told.append) == RESULT
    assert told == ["half-way"]


def test_the_client_gets_the_problems(served: None, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = Problem("a", "b", "c", "warning")
    monkeypatch.setitem(HANDLERS, "Confirm", handler(Refused([problem])))
    with pytest.raises(Refused) as caught:
        client.call(registry.CONFIRM, m.ConfirmRequest())
    assert caught.value.problems == [problem]


def test_the_client_gets_a_failure_in_words(served: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "Confirm", handler(Busy()))
    with pytest.raises(CallFailed, match="another change is under way"):
        client.call(registry.CONFIRM, m.ConfirmRequest())


def test_a_client_without_a_box_says_where_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SOCKET", str(tmp_path / "absent"))
    with pytest.raises(CallFailed, match=r"cannot reach patronusd.*is this the appliance"):
        client.call(registry.STATUS, m.Nothing())


def test_a_client_whose_box_dies_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "ops.socket")
    monkeypatch.setattr(client, "SOCKET", path)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        dying = threading.Thread(target=lambda: listener.accept()[0].close())
        dying.start()
        with pytest.raises(CallFailed):
            client.call(registry.STATUS, m.Nothing())
        dying.join(10)


def test_who_has_no_role_gets_one_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "identify", lambda _stream: Peer("eve", Role.NOBODY))
    ours, theirs = socket.socketpair()
    talk = threading.Thread(target=server._answer_all, args=(theirs,))
    talk.start()
    with ours:
        ours.sendall(CALL)
        replies = b"".join(iter(lambda: ours.recv(65536), b"")).split(b"\0")
    talk.join(10)
    assert [json.loads(reply)["error"] for reply in replies if reply] == [wire.DENIED]


def test_guests_leave_places_to_admins(monkeypatch: pytest.MonkeyPatch) -> None:
    """A viewer who holds every connection would keep an admin from confirming."""
    monkeypatch.setattr(server, "_GUESTS", threading.BoundedSemaphore(1))
    monkeypatch.setitem(HANDLERS, "Status", handler(RESULT))
    monkeypatch.setattr(server, "identify", lambda _stream: Peer("eve", Role.VIEWER))
    first, its = socket.socketpair()
    talk = threading.Thread(target=server._answer_all, args=(its,))
    talk.start()
    with first:
        first.sendall(CALL)
        assert first.recv(65536) == ANSWER
        second, other = socket.socketpair()
        with second:
            server._answer_all(other)
            assert json.loads(everything(second).rstrip(b"\0"))["error"] == wire.BUSY
        monkeypatch.setattr(server, "identify", lambda _stream: ADMIN)
        third, last = socket.socketpair()
        with third:
            third.sendall(CALL)
            third.shutdown(socket.SHUT_WR)
            server._answer_all(last)
            assert third.recv(65536) == ANSWER
    talk.join(10)
    assert not talk.is_alive()
