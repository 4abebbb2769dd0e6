"""What is read at once is read as it is member by member, and what cannot be is left to that."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.openai.test_chat_recorded import EDGES, HOSTS, has_choices, has_messages
from tests.support.corpus import Case, corpus
from tests.support.nearly import exact, lists, objects, said

from tollbridge import BadRequest, UpstreamError
from tollbridge.formats import Reasoning, Request, Response, State, carry
from tollbridge.testing.conversations import SEAL, notes
from tollbridge_openai.chat_answers import read_response
from tollbridge_openai.chat_plain_answers import read_plain_response
from tollbridge_openai.chat_plain_requests import read_plain_request
from tollbridge_openai.chat_reading import read_request

_THOUGHT = Reasoning(text="Hm.", state=State("gemini", {"signature": "s"}))
IDS = said("call_1", "", "call_2__tb1x", carry("call_3", State("gemini", {"a": 1}), [_THOUGHT], SEAL))
WORDS = said("Hi", "", "Grüße", '{"a": 1.50}')
SCHEMA = said({"type": "object", "properties": {"a": {"minimum": 1.5}}}, {})
TEXT = objects({"type": said("text"), "text": WORDS})
CONTENT = WORDS | lists(TEXT)
CALL = objects(
    {"id": IDS, "type": said("function"), "function": objects({"name": said("f")}, {"arguments": WORDS})},
)
NAME = {"name": said("Ann")}
MESSAGES = lists(
    st.one_of(
        objects({"role": said("system", "developer", "user"), "content": CONTENT}, NAME),
        objects({"role": said("assistant")}, {"content": CONTENT | said(None), "tool_calls": lists(CALL), **NAME}),
        objects({"role": said("tool"), "content": CONTENT, "tool_call_id": IDS}, NAME),
    )
)
FUNCTION = objects({"name": said("f")}, {"description": WORDS, "parameters": SCHEMA, "strict": said(True, False)})
NUMBER = st.sampled_from(["0", "1", "0.70", "1e2", "null"])
REQUESTS = objects(
    {"model": said("m"), "messages": MESSAGES},
    {
        "stream": said(True, False),
        "stream_options": objects({"include_usage": said(True, False)}),
        "max_tokens": said(5),
        "max_completion_tokens": said(6),
        "temperature": NUMBER,
        "top_p": NUMBER,
        "frequency_penalty": NUMBER,
        "presence_penalty": NUMBER,
        "seed": said(1),
        "stop": said("a", "", ["a", "b"], []),
        "n": said(2),
        "tools": lists(objects({"type": said("function"), "function": FUNCTION})),
        "tool_choice": said("auto", "none", "required"),
        "parallel_tool_calls": said(True),
        "reasoning_effort": said("low", "never"),
        "metadata": said({"a": 1.5}),
        "user": said("u"),
        "prompt_cache_key": said("k"),
        "store": said(False),
    },
)
NULL = said(None)
ANSWERED = objects(
    {"role": said("assistant"), "content": WORDS | NULL},
    {
        "refusal": WORDS | NULL,
        "reasoning_content": WORDS | NULL,
        "reasoning": NULL,
        "annotations": said([], None, [{"type": "url_citation", "url_citation": {"url": "https://a.example"}}]),
        "tool_calls": lists(CALL) | NULL,
        "audio": NULL,
        "function_call": NULL,
    },
)
CHOICE = objects(
    {"message": ANSWERED, "index": said(0, 1)},
    {"finish_reason": said("stop", "tool_calls", "odd", None), "logprobs": NULL},
)
USAGE = said(
    {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7, "queue_time": 0.5},
    {"prompt_tokens": "3"},
    {},
)
ANSWERS = objects(
    {"choices": lists(CHOICE, 2)},
    {
        "id": said("c"),
        "object": said("chat.completion"),
        "created": said(1),
        "model": said("m"),
        "usage": USAGE,
        "service_tier": said("default", None),
        "system_fingerprint": said("fp", None),
    },
)


def request_of(body: bytes) -> Request | None:
    with suppress(BadRequest):
        return read_request(body, notes())
    return None


def response_of(body: bytes) -> Response | None:
    with suppress(UpstreamError):
        return read_response(body, notes())
    return None


def same_request(body: bytes) -> None:
    plain = read_plain_request(body, notes())
    if plain is not None:
        assert exact(plain) == exact(request_of(body))


def same_response(body: bytes) -> None:
    plain = read_plain_response(body)
    if plain is not None:
        assert exact(plain) == exact(response_of(body))


@settings(max_examples=200)
@given(REQUESTS)
def test_request_read_at_once_is_the_one_read_member_by_member(text: str) -> None:
    same_request(text.encode())


@settings(max_examples=200)
@given(ANSWERS)
def test_answer_read_at_once_is_the_one_read_member_by_member(text: str) -> None:
    same_response(text.encode())


@corpus(*HOSTS, only=has_messages)
def test_recorded_request_read_at_once_is_the_same(case: Case) -> None:
    same_request(json.dumps(case.request).encode())


@corpus(*HOSTS, *EDGES, only=has_choices)
def test_recorded_answer_read_at_once_is_the_same(case: Case) -> None:
    same_response(json.dumps(case.body).encode())


SPOKEN = [{"role": "user", "content": "Hi"}]
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f"}}],
}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"temperature": 0.5, "max_tokens": 5, "stream": True, "stream_options": {"include_usage": True}, "stop": "."},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}], "tool_choice": "auto"},
        {
            "messages": [
                *SPOKEN,
                CALLED,
                {"role": "tool", "tool_call_id": "c", "content": [{"type": "text", "text": "4"}]},
            ]
        },
        {"messages": [{"role": "system", "content": "Be brief."}, *SPOKEN], "reasoning_effort": "low"},
    ],
)
def test_what_most_callers_send_is_read_at_once(more: dict[str, Any]) -> None:
    body = json.dumps({"model": "m", "messages": SPOKEN, **more}).encode()

    assert read_plain_request(body, notes()) == read_request(body, notes())


@pytest.mark.parametrize(
    "more",
    [
        {"content": "Hi", "refusal": None, "annotations": []},
        {"content": "Hi", "reasoning_content": "Hm."},
        {
            "content": None,
            "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        },
    ],
)
def test_what_most_hosts_answer_is_read_at_once(more: dict[str, Any]) -> None:
    choice = {"index": 0, "message": {"role": "assistant", **more}, "logprobs": None, "finish_reason": "stop"}
    told = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "system_fingerprint": None}
    body = json.dumps({**told, "choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 2}}).encode()

    assert read_plain_response(body) == read_response(body, notes())


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"model":"\xff","messages":[]}', b'{"metadata":' + b"[" * 100_000]
)
def test_what_is_no_json_is_not_read_at_once(body: bytes) -> None:
    assert read_plain_request(body, notes()) is None
    assert read_plain_response(body) is None


def test_of_two_limits_neither_is_taken_at_once() -> None:
    body = json.dumps({"model": "m", "messages": [], "max_tokens": 5, "max_completion_tokens": 6}).encode()

    assert read_plain_request(body, notes()) is None
