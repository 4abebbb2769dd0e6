"""What is read at once is read as it is member by member, and what cannot be is left to that."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.corpus import Case, corpus, is_answer
from tests.support.nearly import exact, lists, objects, said

from tollbridge import BadRequest, UpstreamError
from tollbridge.formats import Envelope, Notes, Reasoning, Request, Response, State, ToolCall, carry
from tollbridge.testing.conversations import SEAL
from tollbridge_anthropic.answers_in import read_response
from tollbridge_anthropic.plain_answers import read_plain_response
from tollbridge_anthropic.plain_requests import read_plain_request
from tollbridge_anthropic.requests_in import read_request

_THOUGHT = Reasoning(text="Hm.", state=State("gemini", {"signature": "s"}))
_PACKED = SEAL.pack(State("gemini", {"thoughtSignature": "s"}))
IDS = said("toolu_1", "", "call_2__tb1x", carry("call_3", State("gemini", {"a": 1}), [_THOUGHT], SEAL))
WORDS = said("Hi", "", "Grüße", '{"a": 1.50}')
OBJECT = st.sampled_from(['{"a":1.50,"b":[null]}', "{}", '{"type":"object","properties":{"a":{"minimum":0.1}}}'])
MARK = {
    "cache_control": objects({"type": said("ephemeral")}, {"ttl": said("5m", "1h", "")}),
}
TEXT = objects({"type": said("text"), "text": WORDS}, MARK)
SOURCE = objects({"type": said("base64"), "media_type": said("image/png"), "data": said("AAAA")})
IMAGE = objects({"type": said("image"), "source": SOURCE}, MARK)
THINKING = objects({"type": said("thinking"), "thinking": WORDS, "signature": said("s", "", _PACKED)})
CALL = objects(
    {"type": said("tool_use"), "id": IDS, "name": said("f"), "input": OBJECT},
    {**MARK, "caller": said({"type": "direct"})},
)
RESULT = objects(
    {"type": said("tool_result"), "tool_use_id": IDS},
    {"content": WORDS | lists(TEXT | IMAGE), "is_error": said(True, False), **MARK},
)
MESSAGES = lists(
    st.one_of(
        objects({"role": said("user"), "content": WORDS | lists(st.one_of(TEXT, IMAGE, RESULT), 4)}),
        objects({"role": said("assistant"), "content": WORDS | lists(st.one_of(TEXT, THINKING, CALL), 4)}),
    )
)
NUMBER = st.sampled_from(["0", "1", "0.70", "1e2", "null"])
REQUESTS = objects(
    {"model": said("m"), "messages": MESSAGES},
    {
        "system": WORDS | lists(TEXT),
        "stream": said(True, False),
        "max_tokens": said(5),
        "temperature": NUMBER,
        "top_p": NUMBER,
        "top_k": said(3),
        "stop_sequences": said([], ["a", ""]),
        "tools": lists(
            objects(
                {"name": said("f"), "input_schema": OBJECT},
                {"description": WORDS, "strict": said(True), "type": said("custom"), **MARK},
            )
        ),
        "tool_choice": objects(
            {"type": said("auto", "any", "tool", "none")},
            {"name": said("f"), "disable_parallel_tool_use": said(True, False)},
        ),
        "thinking": objects({"type": said("enabled", "adaptive", "disabled")}, {"budget_tokens": said(1024)}),
        "metadata": objects({"user_id": said("u", "")}),
        "service_tier": said("auto"),
        **MARK,
    },
)
ANSWERS = objects(
    {"content": lists(st.one_of(TEXT, THINKING, CALL), 4), "stop_reason": said("end_turn", "tool_use", "odd")},
    {
        "id": said("msg_1"),
        "type": said("message"),
        "role": said("assistant"),
        "model": said("m"),
        "stop_sequence": said(None, "."),
        "stop_details": said(None),
        "usage": said(
            {"input_tokens": 3, "output_tokens": 4, "service_tier": "standard", "rate": 0.5},
            {"input_tokens": "3"},
            {"service_tier": 5},
            {},
        ),
    },
)


def request_of(body: bytes) -> Request | None:
    with suppress(BadRequest):
        return read_request(body, Envelope("m"), Notes(SEAL))
    return None


def response_of(body: bytes) -> Response | None:
    with suppress(UpstreamError):
        return read_response(body, Notes(SEAL))
    return None


def same_request(body: bytes) -> None:
    plain = read_plain_request(body, SEAL)
    if plain is not None:
        assert exact(plain) == exact(request_of(body))


def same_response(body: bytes) -> None:
    plain = read_plain_response(body, SEAL)
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


@corpus("dev/anthropic_messages", "dev/anthropic_count_tokens")
def test_recorded_request_read_at_once_is_the_same(case: Case) -> None:
    same_request(json.dumps(case.request).encode())


@corpus("dev/anthropic_messages", "edge_cases/anthropic", only=is_answer)
def test_recorded_answer_read_at_once_is_the_same(case: Case) -> None:
    same_response(json.dumps(case.body).encode())


MARKED = {"cache_control": {"type": "ephemeral"}}
SPOKEN: list[Any] = [{"role": "user", "content": "Hi"}]
CALLED = {
    "role": "assistant",
    "content": [
        {"type": "thinking", "thinking": "Hm.", "signature": "s"},
        {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1.5}},
    ],
}
GIVEN = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "4", **MARKED}]}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"temperature": 0.5, "stream": True, "system": "Be brief.", "metadata": {"user_id": "u"}},
        {"tools": [{"name": "f", "input_schema": {"type": "object"}, **MARKED}], "tool_choice": {"type": "auto"}},
        {"messages": [*SPOKEN, CALLED, GIVEN], "thinking": {"type": "enabled", "budget_tokens": 1024}},
        {"system": [{"type": "text", "text": "Be brief.", **MARKED}]},
    ],
)
def test_what_most_callers_send_is_read_at_once(more: dict[str, Any]) -> None:
    body = json.dumps({"model": "m", "max_tokens": 5, "messages": SPOKEN, **more}).encode()

    assert read_plain_request(body, SEAL) == read_request(body, Envelope("m"), Notes(SEAL))


@pytest.mark.parametrize("content", [[{"type": "text", "text": "Hi"}], CALLED["content"], []])
def test_what_anthropic_answers_is_read_at_once(content: list[Any]) -> None:
    told = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": content}
    ended = {"stop_reason": "end_turn", "stop_sequence": None, "stop_details": None}
    body = json.dumps({**told, **ended, "usage": {"input_tokens": 1, "output_tokens": 2}}).encode()

    assert read_plain_response(body, SEAL) == read_response(body, Notes(SEAL))


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"model":"\xff"}', b'{"messages":' + b"[" * 100_000])
def test_what_is_no_json_is_not_read_at_once(body: bytes) -> None:
    assert read_plain_request(body, SEAL) is None
    assert read_plain_response(body, SEAL) is None


def test_thinking_that_two_calls_hold_is_read_once() -> None:
    ids = [carry(id_, None, [_THOUGHT], SEAL) for id_ in ("call_1", "call_2")]
    calls = [{"type": "tool_use", "id": id_, "name": "f", "input": {}} for id_ in ids]
    body = json.dumps({"model": "m", "messages": [*SPOKEN, {"role": "assistant", "content": calls}]}).encode()

    plain = read_plain_request(body, SEAL)

    assert plain == read_request(body, Envelope("m"), Notes(SEAL))
    assert [type(part) for part in plain.messages[1].parts] == [Reasoning, ToolCall, ToolCall]
