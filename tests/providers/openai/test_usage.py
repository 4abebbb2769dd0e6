"""Usage in chat: the searches of the web that hosts make themselves."""

import json
from typing import Any

import pytest
from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge import Usage
from tollbridge.formats import Envelope, KeyedSeal, Notes, fold
from tollbridge_openai.chat_codec import ChatCodec
from tollbridge_openai.dialects import ChatDialect

CODEC = ChatCodec()
COUNTS = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}


def whole(usage: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}
    return json.dumps({"object": "chat.completion", "choices": [choice], "usage": usage}).encode()


def streamed(usage: Any) -> bytes:
    choice = {"index": 0, "delta": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}
    chunk = json.dumps({"object": "chat.completion.chunk", "choices": [choice], "usage": usage}).encode()
    return b"data: %b\n\ndata: [DONE]\n\n" % chunk


def metered(body: bytes, *, stream: bool) -> Usage | None:
    reader = ChatDialect().answer_reader(Envelope("m", stream=stream, asks_usage=True), streamed=stream)
    for chunk in (body, b""):
        reader.feed(chunk)
    return reader.usage


def read(body: bytes, *, stream: bool) -> Usage | None:
    notes = Notes(KeyedSeal(b"k" * 32))
    if not stream:
        return CODEC.read_response(body, notes).usage
    reader = CODEC.stream_reader(notes)
    return fold([*reader.feed(body), *reader.feed(b"")]).usage


READERS = pytest.mark.parametrize("reading", [metered, read])


@READERS
@pytest.mark.parametrize(
    ("told", "searches"),
    [
        ({"server_tool_use_details": {"web_search_requests": 3, "tool_calls_requested": 8}}, 3),
        ({"server_tool_use": {"web_search_requests": 3}}, 3),
        ({"server_tool_use_details": None, "server_tool_use": {"web_search_requests": 3}}, 3),
        ({"num_search_queries": 4}, 4),
        ({"num_search_queries": -4}, 0),
        ({"num_search_queries": True}, 0),
        ({"num_search_queries": "four"}, 0),
        ({"server_tool_use_details": {"tool_calls_requested": 8}}, 0),
        ({"server_tool_use_details": 8}, 0),
        ({"num_sources_used": 9}, 0),  # xAI's sources cost nothing any more
        ({}, 0),
    ],
)
def test_searches_are_counted_where_a_host_tells_them(reading: Any, told: Any, searches: int) -> None:
    usage = {**COUNTS, **told}

    assert reading(whole(usage), stream=False) == Usage(input=3, output=2, server_tool_calls=searches)
    assert reading(streamed(usage), stream=True) == Usage(input=3, output=2, server_tool_calls=searches)


@READERS
def test_searches_without_a_count_of_tokens_are_no_usage(reading: Any) -> None:
    assert reading(whole({"num_search_queries": 4}), stream=False) is None


@corpus("dev/openrouter_chat", only=lambda case: is_answer(case) or is_stream(case))
def test_recorded_searches_of_openrouter_are_counted(case: Case) -> None:
    lines = [json.dumps(case.body)] if case.text is None else case.text.splitlines()
    told = [json.loads(line.removeprefix("data:"))["usage"] for line in lines if '"server_tool_use_details"' in line]
    body = (case.text or json.dumps(case.body)).encode()

    searches = [usage["server_tool_use_details"]["web_search_requests"] for usage in told]

    usage = metered(body, stream=case.text is not None)
    assert (usage.server_tool_calls if usage is not None else 0) == (searches[-1] if searches else 0)
