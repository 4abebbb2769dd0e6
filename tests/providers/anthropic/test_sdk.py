"""Anthropic's own SDK reads what the codec writes."""

import json
from collections.abc import Iterator
from typing import Any

import anthropic
import httpx2
import pytest
from hypothesis import given, settings
from pydantic import TypeAdapter
from tests.support.corpus import Case, corpus, is_answer
from tests.support.requires import requires

from tollbridge import Unavailable, Usage
from tollbridge.formats import (
    Begin,
    Broken,
    Choice,
    Citation,
    KeyedSeal,
    Notes,
    Reasoning,
    Refusal,
    Request,
    Response,
    State,
    Stop,
    Text,
    ToolCall,
    unfold,
)
from tollbridge.testing.conversations import responses
from tollbridge_anthropic.codec import MessagesCodec

pytestmark = requires("python-sdks")

CODEC = MessagesCodec()
ASKED = Request(origin=CODEC.name, model="claude-sonnet-4-6", messages=())
MESSAGE: TypeAdapter[Any] = TypeAdapter(anthropic.types.Message)
EVENT: TypeAdapter[Any] = TypeAdapter(anthropic.types.RawMessageStreamEvent)
WORDS: list[Any] = [{"role": "user", "content": "hi"}]

EVERYTHING = Response(
    origin="another",
    id="answer_1",
    model="m",
    choices=(
        Choice(
            parts=(
                Reasoning(text="Let me see.", state=State("another", {"id": "rs_1"})),
                Reasoning(state=State("another", {"id": "rs_2"})),
                Text(text="It is in the news.", citations=(Citation(url="https://example.org", title="News"),)),
                ToolCall(id="call_1", name="look", arguments='{ "city": "Bergen" }', state=State("another", {"a": 1})),
                ToolCall(id="call_2", name="list_all"),
                ToolCall(id="call_3", name="broken", arguments='{"a": '),
                Refusal(text="No more than that."),
            ),
            stop=Stop.TOOL_CALLS,
        ),
    ),
    usage=Usage(input=7, cache_read=5, cache_write=3, output=11, reasoning=4),
)


def notes() -> Notes:
    return Notes(KeyedSeal(b"k" * 32), call_id="req_1")


def client(body: bytes, kind: str) -> anthropic.Anthropic:
    """Make a client whose every call is answered with this body."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, headers={"content-type": kind}, content=body)

    transport = httpx2.MockTransport(answer)
    return anthropic.Anthropic(api_key="k", max_retries=0, http_client=httpx2.Client(transport=transport))


def whole(response: Response) -> dict[str, Any]:
    """Give the answer as the SDK reads it in one piece."""
    with client(CODEC.write_response(response, ASKED, notes()), "application/json") as sdk:
        return dict(sdk.messages.create(model="m", max_tokens=9, messages=WORDS).to_dict(warnings=False))


def pieces(response: Response) -> bytes:
    writer = CODEC.stream_writer(ASKED, notes())
    return b"".join(writer.write(event) for event in unfold(response))


def streamed(stream: bytes) -> dict[str, Any]:
    """Give the answer as the SDK folds it."""
    with (
        client(stream, "text/event-stream") as sdk,
        sdk.messages.stream(model="m", max_tokens=9, messages=WORDS) as found,
    ):
        return dict(found.get_final_message().to_dict(warnings=False))


def valid(events: bytes) -> Iterator[Any]:
    for line in events.decode().split("\n"):
        if line.startswith("data: "):
            yield EVENT.validate_json(line[6:])


def plain(message: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the SDK adds while it folds."""
    message["content"] = [
        {name: value for name, value in block.items() if name != "parsed_output" and value is not None}
        for block in message["content"]
    ]
    return {name: value for name, value in message.items() if value is not None}


def test_answer_with_everything_is_the_same_streamed_and_whole() -> None:
    folded, read = plain(streamed(pieces(EVERYTHING))), plain(whole(EVERYTHING))
    told, meant = (
        {**message, "content": [block for block in message["content"] if block.get("name") != "broken"]}
        for message in (folded, read)
    )

    assert told == meant  # what a model broke off goes out as it came, and only whole it can be wrapped
    assert [block["type"] for block in read["content"]] == [
        "thinking",
        "thinking",
        "text",
        "tool_use",
        "tool_use",
        "tool_use",
        "text",
    ]
    assert read["content"][3]["input"] == {"city": "Bergen"}
    assert read["content"][4]["input"] == {}
    assert read["content"][5]["input"] == {"INVALID_JSON": '{"a": '}
    assert read["stop_reason"] == "tool_use"


@settings(max_examples=25)
@given(responses())
def test_any_answer_is_valid_and_the_same_streamed_and_whole(response: Response) -> None:
    body = CODEC.write_response(response, ASKED, notes())
    stream = pieces(response)

    MESSAGE.validate_json(body)
    assert list(valid(stream))
    assert plain(streamed(stream)) == plain(whole(response))


@corpus("dev/anthropic_messages", only=lambda case: is_answer(case) and case.body.get("type") == "message")
def test_recorded_answer_is_the_same_streamed_and_whole(case: Case) -> None:
    response = CODEC.read_response(json.dumps(case.body).encode(), notes())

    assert counted(plain(streamed(pieces(response)))) == counted(plain(whole(response)))


def counted(message: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the SDK takes from the beginning of a stream alone, where nothing is known of it yet."""
    known = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    return {**message, "usage": {name: message["usage"].get(name) or 0 for name in known}}


def test_broken_stream_raises_the_error_of_its_class() -> None:
    writer = CODEC.stream_writer(ASKED, notes())
    stream = writer.write(Begin(origin="another", id="1", model="m"))
    stream += writer.write(Broken(error=Unavailable("too busy", status=529)))

    with pytest.raises(anthropic.APIStatusError, match="too busy") as caught:
        streamed(stream)

    assert caught.value.body["error"]["type"] == "overloaded_error"  # type: ignore[index,call-overload]  # it is an object
