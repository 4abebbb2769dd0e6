"""`/api/generate`, both ways.  Source: invented."""

import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.providers.ollama.support import answer, folded, read, shown, written

from tollbridge import BadRequest, Usage
from tollbridge.errors import Untranslatable, UpstreamError
from tollbridge.formats import (
    Envelope,
    Media,
    MediaKind,
    Message,
    Request,
    Response,
    Role,
    Stop,
    Text,
    Tool,
    ToolCall,
    fold,
    unfold,
)
from tollbridge.testing.conversation_contract import notes, states
from tollbridge.testing.conversations import bodies, events_of, responses, said
from tollbridge_ollama.codecs import GENERATE_CODEC

CODEC = GENERATE_CODEC
PNG = "iVBORw0KGgo="
ASKED = Request(origin="ollama-generate", model="m", messages=())
LAST = {"done": True, "done_reason": "stop", "context": [1, 2], "prompt_eval_count": 3, "eval_count": 4}
HEAD = {"model": "m", "created_at": "2026-11-27T09:00:00Z"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"prompt": "hi"},
        {"prompt": ""},
        {"prompt": "hi", "system": "be nice"},
        {"prompt": "hi", "system": ""},
        {"prompt": None, "system": None, "images": None},
        {"prompt": "what is it?", "images": [PNG]},
        {"images": [PNG]},
        {"images": []},
        {"prompt": "", "images": []},
        {"prompt": "def f():", "suffix": "return 1", "template": "t", "raw": True, "context": [1, 2]},
        {"prompt": "hi", "stream": False, "format": "json", "think": "low", "logprobs": True, "top_logprobs": 1},
        {"prompt": "hi", "options": {"temperature": 0.5, "num_ctx": 1}, "keep_alive": 0, "truncate": True, "x": 1},
        {"prompt": "a cat", "width": 64, "height": 64, "steps": 4},
    ],
)
def test_request_is_written_as_it_was_read(body):
    whole = {"model": "m", **body}

    assert written(read(whole, CODEC), notes(strict=True), CODEC) == whole


def test_prompt_is_one_message_of_the_user():
    request = read({"model": "m", "prompt": "hi", "system": "s", "images": [PNG]}, CODEC)

    assert request.messages == (
        Message(role=Role.SYSTEM, parts=(Text(text="s"),), apart=True),
        Message(role=Role.USER, parts=(Text(text="hi"), Media(kind=MediaKind.IMAGE, data=PNG, mime="image/png"))),
    )
    assert request.essential == ()


@pytest.mark.parametrize("field", [{"suffix": "x"}, {"template": "t"}, {"raw": True}, {"context": [1]}, {"width": 64}])
def test_what_only_ollama_can_do_goes_to_nobody_else(field):
    assert read({"model": "m", "prompt": "hi", **field}, CODEC).essential == tuple(field)


def test_what_says_nothing_is_not_essential():
    body = {"model": "m", "prompt": "hi", "suffix": "", "template": "", "raw": False, "context": []}

    assert read(body, CODEC).essential == ()


@pytest.mark.parametrize(
    ("body", "param"), [({"prompt": 1}, "prompt"), ({"images": [1]}, "images"), ({"system": []}, "system")]
)
def test_wrong_field_is_named(body, param):
    with pytest.raises(BadRequest) as refused:
        read({"model": "m", **body}, CODEC)

    assert refused.value.param == param


def asked(*messages, **fields) -> Request:
    return Request(**{"origin": "openai-chat", "model": "m", "messages": messages, **fields})


USER = Message(role=Role.USER, parts=(Text(text="hi"),))


def test_single_prompt_of_another_dialect_is_written():
    system = Message(role=Role.DEVELOPER, parts=(Text(text="s"),))

    assert written(asked(system, USER, max_output=3), codec=CODEC) == {
        "model": "m",
        "system": "s",
        "prompt": "hi",
        "stream": False,
        "options": {"num_predict": 3},
    }


@pytest.mark.parametrize(
    ("request_", "param"),
    [
        (asked(USER, Message(role=Role.ASSISTANT, parts=(Text(text="a"),)), USER), "messages"),
        (asked(USER, USER), "messages"),
        (asked(USER, tools=(Tool(name="f"),)), "tools"),
        (
            asked(Message(role=Role.SYSTEM, parts=(Media(kind=MediaKind.IMAGE, data=PNG),)), USER),
            "messages[].content[].image",
        ),
    ],
)
def test_conversation_is_refused(request_, param):
    with pytest.raises(Untranslatable) as refused:
        written(request_, codec=CODEC)

    assert refused.value.param == param


@pytest.mark.parametrize(
    "body",
    [
        {**HEAD, "response": "hi", **LAST},
        {**HEAD, "response": "hi", "thinking": "hm", **LAST},
        {
            **HEAD,
            "response": "",
            "tool_calls": [{"id": "c", "function": {"index": 0, "name": "f", "arguments": {}}}],
            **LAST,
        },
        {**HEAD, "response": "", "done": True, "done_reason": "load"},
        {**HEAD, "response": "a", "logprobs": [{"token": "a", "logprob": -1}], **LAST},
    ],
)
def test_answer_is_written_as_it_was_read_and_streams_to_itself(body):
    response = answer(body, CODEC)
    writer = CODEC.stream_writer(ASKED, notes())
    stream = b"".join(writer.write(event) for event in unfold(response))

    assert shown(response, codec=CODEC) == body
    assert fold(events_of(CODEC.stream_reader(notes()), stream, 7)) == response


def test_stream_is_read():
    response = folded(
        {**HEAD, "response": "", "thinking": "hm", "done": False},
        {**HEAD, "response": "hi", "done": False},
        {**HEAD, "response": "", **LAST},
        codec=CODEC,
    )

    assert said(response) == {"text": "hi", "reasoning": "hm", "calls": [], "stop": [Stop.END]}
    assert response.usage == Usage(input=3, output=4)
    assert response.extras == {"context": [1, 2]}


def test_calls_of_an_answer_stand_at_the_top():
    response = Response(origin="x", choices=())
    call = ToolCall(id="c", name="f", arguments="{}")
    body = shown(replace(response, choices=(answer({"response": "", "done": True}, CODEC).choices[0],)), codec=CODEC)
    called = shown(
        replace(response, choices=(replace(answer({"response": "", "done": True}, CODEC).choices[0], parts=(call,)),)),
        codec=CODEC,
    )

    assert "tool_calls" not in body
    assert called["tool_calls"][0]["function"]["name"] == "f"


@pytest.mark.parametrize("body", [b"{}", b"[]", b'{"error":"x"}', b'{"message":{"content":"x"}}'])
def test_what_is_no_answer_is_refused(body):
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


@given(responses(), st.integers(1, 64))
def test_stream_folds_to_the_whole_answer_at_any_cut(response, size):
    whole = CODEC.read_response(CODEC.write_response(response, ASKED, notes()), notes())
    writer = CODEC.stream_writer(ASKED, notes())
    stream = b"".join(writer.write(event) for event in unfold(response))

    again = fold(events_of(CODEC.stream_reader(notes()), stream, size))

    assert said(again) == said(whole) == said(response)
    assert states(again) == states(whole) == states(response)
    assert again.usage == whole.usage


@settings(max_examples=50)
@given(bodies())
def test_nothing_makes_it_fail_otherwise_than_by_saying_what_is_wrong(body):
    with suppress(BadRequest):
        request = CODEC.read_request(body, Envelope("m"), notes())
        CODEC.write_request(request, notes())
        CODEC.write_request(replace(request, origin="another"), notes())
    with suppress(UpstreamError):
        response = CODEC.read_response(body, notes())
        CODEC.write_response(response, ASKED, notes())
    with suppress(UpstreamError):
        events_of(CODEC.stream_reader(notes()), body, 9)


def test_schema_of_a_prompt_keeps_its_order():
    text = b'{"model":"m","prompt":"p","stream":true,"format":{"b":1,"a":2}}'

    assert CODEC.write_request(CODEC.read_request(text, Envelope("m"), notes()), notes()) == text
    assert json.loads(text)["format"] == {"b": 1, "a": 2}
