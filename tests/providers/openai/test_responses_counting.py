"""Counting the tokens of a request of the Responses API."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import GatewayError, UpstreamError
from tollbridge.errors import Untranslatable
from tollbridge.formats import CountResponse, Envelope, KeyedSeal, Message, Notes, Request, Role, Text, Tool
from tollbridge_openai.responses_codec import RESPONSES_CODEC
from tollbridge_openai.responses_counting import CountCodec

CODEC = CountCodec(RESPONSES_CODEC.spelled)
FOREIGN = Request(
    origin="anthropic-messages",
    model="gpt-5",
    messages=(
        Message(role=Role.SYSTEM, parts=(Text(text="Be short."),), apart=True),
        Message(role=Role.USER, parts=(Text(text="Hi"),)),
    ),
    tools=(Tool(name="f", schema={"type": "object"}),),
    max_output=9,
    temperature=1,
    stream=True,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["input_tokens", "object"]), inner),
    max_leaves=5,
)


@pytest.fixture
def notes() -> Notes:
    return Notes(KeyedSeal(b"k" * 32))


def encoded(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_own_request_is_written_as_it_was_read(notes: Notes) -> None:
    body = {
        "model": "gpt-5",
        "input": "Hi",
        "previous_response_id": "r",
        "personality": "friendly",
        "truncation": "auto",
    }

    request = CODEC.read_request(encoded(body), Envelope("gpt-5"), notes)

    assert json.loads(CODEC.write_request(request, notes)) == body


def test_request_of_another_dialect_is_asked_without_what_makes_an_answer(notes: Notes) -> None:
    written = json.loads(CODEC.write_request(FOREIGN, notes))

    assert written.keys() == {"model", "instructions", "input", "tools"}
    assert (written["model"], written["instructions"]) == ("gpt-5", "Be short.")
    assert notes.dropped == ()


def test_request_of_another_dialect_that_means_something_else_is_refused(notes: Notes) -> None:
    request = Request(origin="x", model="m", messages=(), essential=("cachedContent",))

    with pytest.raises(Untranslatable, match="cachedContent"):
        CODEC.write_request(request, notes)


def test_own_answer_is_written_as_it_was_read(notes: Notes) -> None:
    body = {"object": "response.input_tokens", "input_tokens": 12, "more": [1]}

    response = CODEC.read_response(encoded(body), notes)

    assert response == CountResponse(origin="openai-responses", tokens=12, extras={"more": [1]})
    assert json.loads(CODEC.write_response(response, FOREIGN, notes)) == body


def test_answer_of_another_dialect_is_a_number_and_what_else_it_holds_is_told(notes: Notes) -> None:
    response = CountResponse(origin="gemini-generate-content", tokens=12, cached=3, extras={"more": 1})

    assert json.loads(CODEC.write_response(response, FOREIGN, notes)) == {
        "object": "response.input_tokens",
        "input_tokens": 12,
    }
    assert sorted(notes.dropped) == ["cached", "more"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"input_tokens":null}', b'{"input_tokens":"3"}', b"\xff"])
def test_answer_without_a_count_is_none(body: bytes, notes: Notes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes)


def test_refusal_keeps_its_class() -> None:
    assert CODEC.read_error(404, b'{"error":{"message":"no such model","code":"model_not_found"}}').status == 404


@given(JSON)
def test_no_answer_makes_anything_but_a_count_or_a_refusal(body: Any) -> None:
    try:
        assert CODEC.read_response(encoded(body), Notes(KeyedSeal(b"k" * 32))).tokens >= 0
    except GatewayError:
        return
