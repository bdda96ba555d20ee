"""Requests and results travel as JSON and come back the same; every operation can be reached from the command line."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from patronus.cli.main import make_parser
from patronus.ops import editing, messages, observations, trust
from patronus.ops.registry import OPERATIONS, Operation, operation

MESSAGES = [
    item
    for item in {**vars(messages), **vars(observations), **vars(trust), **vars(editing)}.values()
    if isinstance(item, type) and issubclass(item, messages.Message) and item is not messages.Message
]
for kind in MESSAGES:
    kind.model_rebuild()  # types are built when first used, and hypothesis looks at them before
PINGS = st.builds(observations.PingRequest, host=st.sampled_from(["gw", "192.0.2.1", "2001:db8::1"]))
st.register_type_strategy(observations.PingRequest, PINGS)
COMMANDS = {
    "Plan": ["apply", "--dry-run", "FILE"],
    "Apply": ["apply", "FILE"],
    "Diff": ["diff", "1-a"],
    "Ping": ["ping", "gw"],
    "Diagnose": ["diagnose", "routes"],
    "Trust": ["trust", "show"],
    "StickKeys": ["trust", "stick"],
    "StickBundles": ["stick"],
    "StickBundle": ["stick", "gw.bundle"],
    "PlanEdit": ["edit", "--dry-run", "system.hostname", "gw"],
    "Edit": ["edit", "system.hostname", "gw"],
    "PendingEdits": ["show", "--pending"],
    "Enrol": ["trust", "enrol", "KEY.pub"],
}

each_operation = pytest.mark.parametrize("item", OPERATIONS, ids=lambda item: item.name)


@given(st.data())
def test_every_message_survives_the_wire(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from([kind for kind in MESSAGES if kind.model_fields]))
    message = data.draw(st.from_type(kind))
    assert repr(kind.model_validate(json.loads(json.dumps(message.model_dump())))) == repr(message)


@pytest.mark.parametrize("kind", MESSAGES, ids=lambda kind: kind.__name__)
def test_a_message_is_frozen_documented_and_refuses_what_it_does_not_know(kind: type[BaseModel]) -> None:
    assert kind.__doc__
    assert kind.model_config.get("frozen")
    with pytest.raises(ValidationError, match="nobody_knows_this"):
        kind.model_validate({"nobody_knows_this": 1})


@each_operation
def test_an_operation_is_described_and_found_by_its_name(item: Operation[Any, Any]) -> None:
    assert operation(item.name) is item
    assert item.summary
    assert {item.request, item.result} <= set(MESSAGES)


def test_an_unknown_operation_is_none() -> None:
    assert operation("Nothing") is None
    assert operation("") is None


@each_operation
def test_an_operation_has_a_command(item: Operation[Any, Any]) -> None:
    arguments = make_parser().parse_args(
        COMMANDS.get(item.name, [re.sub("(?<=[a-z])(?=[A-Z])", "-", item.name).lower()])
    )
    assert arguments.run
