"""The searches that Anthropic makes and charges by the call."""

import json
from typing import Any

import pytest
from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge import Usage
from tollbridge.formats import (
    AnswerReader,
    Choice,
    Envelope,
    KeyedSeal,
    Notes,
    Request,
    Response,
    Stop,
    Text,
    fold,
    unfold,
)
from tollbridge_anthropic.codec import MessagesCodec
from tollbridge_anthropic.dialect import MessagesDialect

CODEC = MessagesCodec()
ASKED = Request(origin=CODEC.name, model="m", messages=())
FOUND = Response(
    origin="another",
    choices=(Choice(parts=(Text(text="a"),), stop=Stop.END),),
    usage=Usage(input=3, output=2, server_tool_calls=4),
)


def notes() -> Notes:
    return Notes(KeyedSeal(b"k" * 32))


def whole(usage: Any) -> bytes:
    return json.dumps({"type": "message", "content": [], "usage": usage}).encode()


def streamed(begun: Any, told: Any) -> bytes:
    events = (
        {"type": "message_start", "message": {"content": [], "usage": begun}},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": told},
        {"type": "message_stop"},
    )
    return b"".join(b"event: %b\ndata: %b\n\n" % (str(e["type"]).encode(), json.dumps(e).encode()) for e in events)


def metered(body: bytes, *, stream: bool) -> Usage | None:
    reader: AnswerReader = MessagesDialect().answer_reader(Envelope("m", stream=stream), streamed=stream)
    for chunk in (body, b""):
        reader.feed(chunk)
    return reader.usage


def read(body: bytes, *, stream: bool) -> Usage | None:
    if not stream:
        return CODEC.read_response(body, notes()).usage
    reader = CODEC.stream_reader(notes())
    return fold([*reader.feed(body), *reader.feed(b"")]).usage


READERS = pytest.mark.parametrize("reading", [metered, read])


@READERS
@pytest.mark.parametrize(
    ("told", "searches"),
    [
        ({"web_search_requests": 2, "web_fetch_requests": 7}, 2),
        ({"web_fetch_requests": 7}, 0),
        ({"web_search_requests": -1}, 0),
        ({"web_search_requests": "two"}, 0),
        ({}, 0),
        (5, 0),
        (None, 0),
    ],
)
def test_searches_are_counted_and_pages_that_were_fetched_are_not(reading: Any, told: Any, searches: int) -> None:
    usage = {"input_tokens": 3, "output_tokens": 2, "server_tool_use": told}
    begun = {"input_tokens": 3, "output_tokens": 1}

    expected = Usage(input=3, output=2, server_tool_calls=searches)
    assert reading(whole(usage), stream=False) == expected
    assert reading(streamed(begun, usage), stream=True) == expected


@READERS
def test_searches_told_before_hold_where_a_later_report_leaves_them_out(reading: Any) -> None:
    begun = {"input_tokens": 3, "output_tokens": 1, "server_tool_use": {"web_search_requests": 2}}

    stream = streamed(begun, {"output_tokens": 9})

    assert reading(stream, stream=True) == Usage(input=3, output=9, server_tool_calls=2)


@READERS
def test_later_report_tells_its_own_lifetimes_of_what_was_cached(reading: Any) -> None:
    begun = {"cache_creation_input_tokens": 4, "cache_creation": {"ephemeral_1h_input_tokens": 1}}
    told = {"cache_creation_input_tokens": 9, "cache_creation": {"ephemeral_1h_input_tokens": 5}}

    stream = streamed({"input_tokens": 3, **begun}, {"output_tokens": 2, **told})

    expected = Usage(input=3, cache_write=4, cache_write_1h=5, output=2)
    assert reading(stream, stream=True) == expected


@READERS
def test_searches_without_a_count_of_tokens_are_no_usage(reading: Any) -> None:
    assert reading(whole({"server_tool_use": {"web_search_requests": 2}}), stream=False) is None


def test_searches_at_another_provider_are_told_as_anthropic_tells_them() -> None:
    body = json.loads(CODEC.write_response(FOUND, ASKED, notes()))
    writer = CODEC.stream_writer(ASKED, notes())
    stream = b"".join(map(writer.write, unfold(FOUND)))

    assert body["usage"]["server_tool_use"] == {"web_search_requests": 4, "web_fetch_requests": 0}
    assert read(json.dumps(body).encode(), stream=False) == FOUND.usage
    assert read(stream, stream=True) == metered(stream, stream=True) == FOUND.usage


def test_answer_without_a_search_says_nothing_of_searches() -> None:
    body = json.loads(CODEC.write_response(Response(origin="another", usage=Usage(input=3)), ASKED, notes()))

    assert "server_tool_use" not in body["usage"]


def tells_tools(case: Case) -> bool:
    return (is_answer(case) or is_stream(case)) and "server_tool_use" in (case.text or json.dumps(case.body))


@corpus("dev/anthropic_messages", only=tells_tools)
def test_recorded_searches_are_counted(case: Case) -> None:
    lines = [json.dumps(case.body)] if case.text is None else [line[5:] for line in case.text.splitlines()]
    told = [json.loads(line).get("usage") or {} for line in lines if '"server_tool_use":' in line.replace(" ", "")]
    body = (case.text or json.dumps(case.body)).encode()

    searches = [(usage.get("server_tool_use") or {}).get("web_search_requests", 0) for usage in told]

    for reading in (metered, read):
        usage = reading(body, stream=case.text is not None)
        assert (usage.server_tool_calls if usage is not None else 0) == (searches[-1] if searches else 0)
