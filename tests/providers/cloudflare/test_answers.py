"""Answers of a model: invented, after cloudflare 5.9.0 (`types/ai/ai_run_response.py`) and workers-ai-provider."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollbridge import GatewayError, Usage
from tollbridge.errors import BadRequest, Denied, ModelNotFound, RateLimited, RequestTimeout, UpstreamError
from tollbridge.formats import (
    Choice,
    Citation,
    Envelope,
    Format,
    FormatKind,
    KeyedSeal,
    Media,
    MediaKind,
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
from tollbridge_cloudflare.codec import RUN_CODEC

CODEC = RUN_CODEC
ASKED = Request(origin="cloudflare-run", model="m", messages=())
USAGE = {
    "prompt_tokens": 40,
    "completion_tokens": 9,
    "total_tokens": 49,
    "prompt_tokens_details": {"cached_tokens": 8},
}
NATIVE: dict[str, Any] = {
    "result": {"response": "Hello.", "usage": USAGE, "odd": 1},
    "success": True,
    "errors": [],
    "messages": [],
    "more": 2,
}
COMPLETION: dict[str, Any] = {
    "result": {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1_767_213_409,
        "model": "@cf/openai/gpt",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": None,
                    "reasoning_content": "hm",
                    "tool_calls": [
                        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}},
                        {"id": "b", "type": "function", "function": {"name": "g", "arguments": {"y": 2}}},
                    ],
                },
                "finish_reason": "tool_calls",
                "logprobs": None,
            }
        ],
        "usage": USAGE,
    },
    "success": True,
    "errors": [],
    "messages": [],
}


def notes() -> Notes:
    return Notes(KeyedSeal(b"k"), call_id="call")


def read(body: Any) -> Response:
    return CODEC.read_response(json.dumps(body).encode(), notes())


def written(response: Response, request: Request = ASKED, told: Notes | None = None) -> Any:
    return json.loads(CODEC.write_response(response, request, told or notes()))


def given_result(**result: Any) -> Response:
    return read({**NATIVE, "result": result})


def test_native_answer_is_read() -> None:
    response = read(NATIVE)

    (choice,) = response.choices
    assert (choice.parts, choice.stop, choice.said) == ((Text(text="Hello."),), Stop.END, None)
    assert response.usage == Usage(input=32, cache_read=8, output=9)
    assert response.usage.total == USAGE["total_tokens"]


def test_native_answer_is_written_as_it_was_read() -> None:
    assert written(read(NATIVE)) == NATIVE


def test_completion_in_a_result_is_read() -> None:
    response = read(COMPLETION)

    (choice,) = response.choices
    assert choice.parts == (
        Reasoning(text="hm"),
        ToolCall(id="a", name="f", arguments='{"x": 1}'),
        ToolCall(id="b", name="g", arguments='{"y":2}'),
    )
    assert (choice.stop, choice.said) == (Stop.TOOL_CALLS, "tool_calls")
    assert (response.id, response.model, response.created) == ("chatcmpl-1", "@cf/openai/gpt", 1_767_213_409)


def test_refusal_in_a_completion_is_read() -> None:
    choice = {"message": {"role": "assistant", "content": None, "refusal": "No."}, "finish_reason": "stop"}

    assert given_result(choices=[choice]).choices[0].parts == (Refusal(text="No."),)


@pytest.mark.parametrize(("said", "text"), [("a", "a"), ({"a": 1}, '{"a":1}'), (7, "7"), (None, ""), ([1], "[1]")])
def test_response_of_any_kind_is_text(said: Any, text: str) -> None:
    parts = given_result(response=said).choices[0].parts

    assert "".join(part.text for part in parts if isinstance(part, Text)) == text


def test_flat_calls_get_ids_of_their_own() -> None:
    calls = [{"name": "f", "arguments": {"x": 1}}, {"name": "f", "arguments": "{}"}]

    (choice,) = given_result(response=None, tool_calls=calls).choices

    first, second = [part for part in choice.parts if isinstance(part, ToolCall)]
    assert (first.name, first.arguments, second.arguments) == ("f", '{"x":1}', "{}")
    assert first.id != second.id
    assert choice.stop is Stop.TOOL_CALLS


@pytest.mark.parametrize(
    ("said", "stop"),
    [
        ("stop", Stop.END),
        ("length", Stop.LENGTH),
        ("model_length", Stop.LENGTH),
        ("tool_calls", Stop.TOOL_CALLS),
        ("content_filter", Stop.FILTER),
        ("error", Stop.OTHER),
        ("unknown", Stop.OTHER),
    ],
)
def test_each_reason_to_stop_is_read_and_kept(said: str, stop: Stop) -> None:
    response = given_result(response="a", finish_reason=said)

    assert response.choices[0].stop is stop
    assert written(response)["result"]["finish_reason"] == said


@pytest.mark.parametrize("stop", list(Stop))
def test_each_reason_to_stop_is_written(stop: Stop) -> None:
    body = written(Response(origin="other", choices=(Choice(stop=stop, said="its own word"),)))

    assert body["result"]["finish_reason"] in ("stop", "length", "tool_calls", "content_filter", "other")


@pytest.mark.parametrize("usage", [None, {}, [], {"prompt_tokens": "1"}])
def test_usage_that_says_nothing_is_none(usage: Any) -> None:
    assert given_result(response="a", usage=usage).usage is None


def test_counts_with_a_point_are_counts() -> None:
    usage = given_result(response="a", usage={"prompt_tokens": 3.0, "completion_tokens": -1}).usage

    assert usage == Usage(input=3)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"result":{}}',
        b'{"result":{"shape":[1],"data":[[0.1]]},"success":true}',
        b'{"success":false,"errors":[{"code":3040,"message":"out of capacity"}]}',
    ],
)
def test_what_is_no_answer_is_an_upstream_error(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


def test_answer_of_another_origin_is_written_whole() -> None:
    told = notes()
    choice = Choice(
        parts=(
            Reasoning(text="hm"),
            Text(text="Hi", citations=(Citation(url="u"),)),
            Refusal(text=" no"),
            ToolCall(id="a", name="f", arguments="not json"),
            Media(kind=MediaKind.IMAGE, url="u"),
        ),
        stop=Stop.LENGTH,
        sequence="x",
        extras={"a": 1},
    )
    response = Response(
        origin="other", id="i", model="m", created=5, choices=(choice, Choice(index=1)), usage=Usage(input=2, output=3)
    )

    body = written(response, told=told)

    assert body == {
        "result": {
            "response": "Hi no",
            "reasoning": "hm",
            "tool_calls": [{"id": "a", "name": "f", "arguments": {"INVALID_JSON": "not json"}}],
            "usage": {
                "prompt_tokens": 2,
                "completion_tokens": 3,
                "total_tokens": 5,
                "prompt_tokens_details": {"cached_tokens": 0},
            },
            "finish_reason": "length",
            "id": "i",
            "model": "m",
            "created": 5,
        },
        "success": True,
        "errors": [],
        "messages": [],
    }
    lost = ("choices", "stop_sequence", "a", "result.citations", "result.media")
    assert told.dropped == lost
    streamed = notes()
    writer = CODEC.stream_writer(ASKED, streamed)
    for event in unfold(response):
        writer.write(event)
    assert set(streamed.dropped) == set(lost)


def test_what_was_asked_for_as_json_is_an_object() -> None:
    asked = Request(origin=CODEC.name, model="m", messages=(), format=Format(kind=FormatKind.SCHEMA, schema={}))
    answer = Response(origin="other", choices=(Choice(parts=(Text(text='{"a": 1}'),)),))

    assert written(answer, asked)["result"]["response"] == {"a": 1}
    assert written(answer)["result"]["response"] == '{"a": 1}'


def test_thinking_of_another_provider_comes_back_in_the_calls_id() -> None:
    thought = Reasoning(text="hm", state=State("anthropic-messages", {"signature": "s"}))
    own = State("gemini", {"thoughtSignature": "t"})
    answer = Response(
        origin="other",
        choices=(Choice(parts=(thought, ToolCall(id="a", name="f", state=own), ToolCall(id="b", name="g"))),),
    )

    result = written(answer)["result"]
    assert result["tool_calls"][1]["id"] == "b"
    said = {"role": "assistant", "content": "", "reasoning": "hm", "tool_calls": result["tool_calls"]}
    back = {"role": "tool", "tool_call_id": result["tool_calls"][0]["id"], "content": "1"}
    request = CODEC.read_request(json.dumps({"messages": [said, back]}).encode(), Envelope("m"), notes())

    parts = [part for part in request.messages[0].parts if not isinstance(part, Text)]
    assert parts == [
        thought,
        ToolCall(id="a", name="f", arguments="{}", state=own),
        ToolCall(id="b", name="g", arguments="{}"),
    ]
    assert getattr(request.messages[1].parts[0], "call_id", "") == "a"


@pytest.mark.parametrize(
    ("status", "code", "kind", "word"),
    [
        (400, 5007, BadRequest, "model_not_found"),
        (400, 5004, BadRequest, "5004"),
        (403, 5016, Denied, "5016"),
        (404, 3042, ModelNotFound, "model_not_found"),
        (408, 3007, RequestTimeout, "3007"),
        (429, 3036, RateLimited, "insufficient_quota"),
        (429, 3040, RateLimited, "3040"),
        (500, 1, UpstreamError, "1"),
    ],
)
def test_error_has_its_class_and_code(status: int, code: int, kind: type[GatewayError], word: str) -> None:
    body = {"result": None, "success": False, "errors": [{"code": code, "message": "no"}], "messages": []}

    error = CODEC.read_error(status, json.dumps(body).encode())

    assert type(error) is kind
    assert (error.status, error.message, error.code) == (status, "no", word)


@pytest.mark.parametrize("body", [b'{"error":"no"}', b'{"error":{"message":"no"}}', b'{"message":"no"}'])
def test_error_in_other_words_is_read_too(body: bytes) -> None:
    assert CODEC.read_error(400, body).message == "no"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
CALLS = st.lists(st.dictionaries(st.sampled_from(("id", "name", "arguments", "function", "type", "index")), ANY))
RESULT = st.fixed_dictionaries(
    {},
    optional={
        "response": ANY,
        "tool_calls": CALLS | ANY,
        "usage": ANY | st.dictionaries(st.sampled_from(tuple(USAGE)), ANY),
        "choices": st.lists(st.dictionaries(st.sampled_from(("index", "message", "finish_reason")), ANY)) | ANY,
        "id": ANY,
        "created": ANY,
    },
)


@settings(max_examples=60)
@given(st.fixed_dictionaries({"result": RESULT | ANY}, optional={"success": ANY, "errors": ANY}) | ANY)
def test_no_answer_breaks_the_codec(body: Any) -> None:
    with suppress(GatewayError):
        response = read(body)
        written(response)
        written(Response(origin="other", choices=response.choices, usage=response.usage))


@settings(max_examples=60)
@given(st.binary(max_size=60) | ANY.map(lambda value: json.dumps(value).encode()), st.integers(100, 700))
def test_no_error_body_breaks_the_codec(body: bytes, status: int) -> None:
    assert isinstance(CODEC.read_error(status, body), GatewayError)
