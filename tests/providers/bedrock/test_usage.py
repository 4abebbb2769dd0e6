"""The searches of the web that Nova makes and Bedrock charges by the call."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.bedrock.samples import (
    BEGIN,
    STOP,
    TOLD,
    answer,
    answered,
    delta,
    events,
    started,
    stopped,
    stream_of,
)
from tests.support.corpus import Case, corpus, is_answer

from tollbridge import Usage
from tollbridge.formats import Envelope, fold
from tollbridge_bedrock.dialect import ConverseDialect
from tollbridge_bedrock.frames import write_event

SEARCH = {"toolUseId": "t", "name": "nova_grounding", "type": "server_tool_use"}
CODE = {"toolUseId": "t", "name": "nova_code_interpreter", "type": "server_tool_use"}
OWN = {"toolUseId": "t", "name": "nova_grounding"}
ODD = {"toolUseId": "t", "name": ["nova_grounding"], "type": "server_tool_use"}


def metered(body: bytes, *, stream: bool, size: int = 999) -> Usage | None:
    reader = ConverseDialect().answer_reader(Envelope("m", stream=stream), streamed=stream)
    cut = [body[at : at + size] for at in range(0, len(body), size)] if stream else [body]
    for chunk in (*cut, b""):
        reader.feed(chunk)
    return reader.usage


def whole_of(*uses: dict[str, Any]) -> dict[str, Any]:
    return answered({"text": "a"}, *({"toolUse": {**use, "input": {}}} for use in uses))


def stream_with(*uses: dict[str, Any], told: Any = TOLD) -> bytes:
    blocks = [
        event
        for place, use in enumerate(uses)
        for event in (started(place, toolUse=use), delta(place, toolUse={"input": "{}"}), stopped(place))
    ]
    return stream_of(BEGIN, *blocks, STOP, told)


@pytest.mark.parametrize(
    ("uses", "searches"),
    [((), 0), ((SEARCH,), 1), ((SEARCH, CODE, SEARCH), 2), ((CODE,), 0), ((OWN,), 0), ((ODD, SEARCH), 1)],
)
def test_searches_are_counted_and_nothing_else_is(uses: Any, searches: int) -> None:
    usage = Usage(input=1, output=2, server_tool_calls=searches)

    assert answer(whole_of(*uses)).usage == usage
    assert fold(events(stream_with(*uses))).usage == usage
    assert metered(json.dumps(whole_of(*uses)).encode(), stream=False) == usage
    assert metered(stream_with(*uses), stream=True) == usage


@given(st.integers(1, 400))
def test_stream_is_counted_at_any_cut(size: int) -> None:
    usage = metered(stream_with(SEARCH, SEARCH), stream=True, size=size)

    assert usage == Usage(input=1, output=2, server_tool_calls=2)


def test_searches_without_a_count_of_tokens_are_no_usage() -> None:
    whole = {**whole_of(SEARCH), "usage": {"serverToolUsage": {}}}

    assert answer(whole).usage is None
    assert metered(json.dumps(whole).encode(), stream=False) is None
    assert metered(stream_with(SEARCH, told=("metadata", {"usage": {}})), stream=True) is None


@pytest.mark.parametrize(
    "output",
    [b'"nova_grounding"', b'{"message": "nova_grounding"}', b'{"message": {"content": ["\xff", "nova_grounding"]}}'],
)
def test_output_that_makes_no_sense_shows_no_search(output: bytes) -> None:
    body = b'{"usage": {"inputTokens": 1, "outputTokens": 2}, "output": %b}' % output

    assert metered(body, stream=False) == Usage(input=1, output=2)


@pytest.mark.parametrize(
    "payload",
    [b'"nova_grounding"', b'{"start": "nova_grounding"}', b'{"start": {"toolUse": "nova_grounding"}}', b"nova"],
)
def test_start_that_makes_no_sense_begins_no_search(payload: bytes) -> None:
    stream = stream_of(BEGIN) + write_event("contentBlockStart", payload) + stream_of(STOP, TOLD)

    assert metered(stream, stream=True) == Usage(input=1, output=2)


@corpus("dev/bedrock_converse", only=is_answer)
def test_recorded_searches_are_counted(case: Case) -> None:
    content = case.body.get("output", {}).get("message", {}).get("content", [])
    searches = [block for block in content if block.get("toolUse", {}).get("name") == "nova_grounding"]

    usage = metered(json.dumps(case.body).encode(), stream=False)

    assert (usage.server_tool_calls if usage is not None else 0) == len(searches)
