"""What is read at once is read as it is member by member, and what cannot be is left to that."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.providers.gemini.plain_bodies import ANSWERS, CHUNKS, REQUESTS
from tests.providers.gemini.support import chunk, events_of, notes, streamed
from tests.providers.gemini.test_corpus import FOLDERS, generates, has_answer, stream_of
from tests.support.corpus import Case, corpus, is_stream
from tests.support.nearly import exact

from tollbridge import BadRequest, UpstreamError
from tollbridge.formats import (
    AnyEvent,
    Delta,
    Envelope,
    Request,
    Response,
    Unknown,
    decode_json,
)
from tollbridge_gemini.answers import read_response
from tollbridge_gemini.names import Members
from tollbridge_gemini.plain_answers import read_plain_response
from tollbridge_gemini.plain_chunks import read_plain_chunk
from tollbridge_gemini.plain_requests import read_plain_request
from tollbridge_gemini.requests_in import read_request


def request_of(body: bytes) -> Request | None:
    with suppress(BadRequest):
        return read_request(Members(decode_json(body)), Envelope("m"), notes())
    return None


def response_of(body: bytes) -> Response | None:
    with suppress(UpstreamError):
        return read_response(decode_json(body), notes())
    return None


def same_request(body: bytes) -> bool:
    """Whether it is read at once; then it has to be the same."""
    try:
        plain = read_plain_request(body, Envelope("m"), notes())
    except BadRequest:
        assert request_of(body) is None
        return True
    assert plain is None or exact(plain) == exact(request_of(body))
    return plain is not None


def same_response(body: bytes) -> bool:
    """Whether it is read at once; then it has to be the same."""
    plain = read_plain_response(body, notes())
    assert plain is None or exact(plain) == exact(response_of(body))
    return plain is not None


def told(stream: bytes) -> list[tuple[type[AnyEvent], bytes]]:
    return [(type(event), b"" if isinstance(event, Unknown) else exact(event)) for event in events_of(stream)]


def same_events(stream: bytes) -> None:
    """Read a stream, and again with nulls, which say nothing, but are not read at once."""
    assert told(stream) == told(stream.replace(b"data: {", b'data: {"none":null,'))


@settings(max_examples=250)
@given(REQUESTS)
def test_request_read_at_once_is_the_one_read_member_by_member(text: str) -> None:
    same_request(text.encode())


@settings(max_examples=250)
@given(ANSWERS)
def test_answer_read_at_once_is_the_one_read_member_by_member(text: str) -> None:
    same_response(text.encode())


@settings(max_examples=250)
@given(st.lists(CHUNKS, max_size=5))
def test_pieces_read_at_once_are_those_read_member_by_member(texts: list[str]) -> None:
    same_events(b"".join(b"data: %b\n\n" % text.encode() for text in texts if len(text) > 2))


@corpus(*FOLDERS, only=generates)
def test_recorded_request_read_at_once_is_the_same(case: Case) -> None:
    same_request(json.dumps(case.request).encode())


@corpus(*FOLDERS, only=has_answer)
def test_recorded_answer_read_at_once_is_the_same(case: Case) -> None:
    same_response(json.dumps(case.body).encode())


@corpus(*FOLDERS, only=is_stream)
def test_recorded_pieces_read_at_once_are_the_same(case: Case) -> None:
    same_events(stream_of(case))


SPOKEN: dict[str, Any] = {"role": "user", "parts": [{"text": "Hi"}]}
SCHEMA_OF_F = {"type": "object", "properties": {"a": {"type": "string"}}}


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"systemInstruction": {"parts": [{"text": "Be brief."}], "role": "user"}},
        {"generationConfig": {"temperature": 0.5, "topP": 0.9, "maxOutputTokens": 5, "stopSequences": ["."]}},
        {"tools": [{"functionDeclarations": [{"name": "f", "description": "F", "parameters": SCHEMA_OF_F}]}]},
        {"tools": [{"functionDeclarations": [{"name": "f", "parameters_json_schema": SCHEMA_OF_F}]}]},
        {"tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": SCHEMA_OF_F}]}]},
        {
            "contents": [
                SPOKEN,
                {"role": "model", "parts": [{"functionCall": {"name": "f", "args": {}}, "thoughtSignature": "cw=="}]},
                {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"output": "4"}}}]},
            ]
        },
        {
            "contents": [
                {"role": "model", "parts": [{"function_call": {"name": "f", "id": "c"}, "thought_signature": "cw=="}]},
                {"role": "user", "parts": [{"function_response": {"name": "f", "id": "c", "response": {}}}]},
            ]
        },
    ],
)
def test_what_most_callers_send_is_read_at_once(more: dict[str, Any]) -> None:
    assert same_request(json.dumps({"contents": [SPOKEN], **more}).encode())


@pytest.mark.parametrize(
    "part",
    [
        {"text": "Hi"},
        {"text": "Hm.", "thought": True},
        {"text": "Hi", "thoughtSignature": "c2lnbmVk"},
        {"functionCall": {"name": "f", "args": {"a": 1.50}}, "thoughtSignature": "c2lnbmVk"},
    ],
)
def test_what_gemini_answers_mostly_is_read_at_once(part: dict[str, Any]) -> None:
    body = {**chunk(part, finishReason="STOP", avgLogprobs=-0.5), "usageMetadata": {"promptTokenCount": 1}}

    assert same_response(json.dumps(body).encode())


@pytest.mark.parametrize(
    "piece",
    [
        chunk({"text": "Hi"}),
        chunk({"text": ""}),
        chunk({"text": "Hm.", "thought": True}),
        chunk(finishReason="STOP"),
        {**chunk({"text": "Hi"}, finishReason="STOP"), "usageMetadata": {"promptTokenCount": 1, "totalTokenCount": 1}},
    ],
)
def test_what_most_pieces_are_is_read_at_once(piece: dict[str, Any]) -> None:
    assert read_plain_chunk(json.dumps(piece).encode()) is not None
    same_events(streamed(chunk({"text": "So"}), piece, piece))


@pytest.mark.parametrize(
    "later",
    [
        {"modelVersion": "gemini-3-pro", "usageMetadata": {"promptTokenCount": 1}},
        {"createTime": "2026-01-02T03:04:06Z"},
        {"usageMetadata": {"promptTokenCount": 1, "serviceTier": "flex"}},
    ],
)
def test_what_a_later_piece_says_of_the_answer_is_not_overlooked(later: dict[str, Any]) -> None:
    searched = chunk({"text": "Hi"}, groundingMetadata={"webSearchQueries": ["a", "b"]})

    same_events(streamed(searched, {**chunk({"text": "!"}), **later}, chunk(finishReason="STOP")))


def test_words_that_are_said_to_be_no_thought_are_not_read_at_once() -> None:
    body = json.dumps(chunk({"text": "Hi", "thought": False})).encode()

    assert read_plain_chunk(body) is None
    assert read_plain_response(body, notes()) is None


@pytest.mark.parametrize(
    "more",
    [
        {"contents": [{"parts": [{"functionCall": {"name": "f"}, "thought": True}]}]},
        {"contents": [{"parts": [{"functionCall": {"name": "f"}, "text": "Hi"}]}]},
        {"contents": [{"parts": [{"functionCall": {"name": "f"}, "function_call": {"name": "f"}}]}]},
        {"contents": [{"parts": [{"text": "Hi", "thoughtSignature": "cw==", "thought_signature": "cw=="}]}]},
        {"contents": [{"parts": [{"thoughtSignature": "cw=="}]}]},
        {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {}, "parametersJsonSchema": {}}]}]},
        {"tools": [{"functionDeclarations": []}]},
    ],
)
def test_what_makes_no_clear_sense_is_not_read_at_once(more: dict[str, Any]) -> None:
    assert not same_request(json.dumps({"contents": [SPOKEN], **more}).encode())


def test_words_after_a_signed_part_are_another_part() -> None:
    events = events_of(
        streamed(chunk({"text": "a"}), chunk({"text": "b", "thoughtSignature": "cw=="}), chunk({"text": "c"}))
    )

    assert [event.index for event in events if isinstance(event, Delta)] == [0, 0, 1]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff", b'{"contents":[],"model":"\xff"}', b'{"labels":' + b"[" * 100_000]
)
def test_what_is_no_json_is_not_read_at_once(body: bytes) -> None:
    assert read_plain_request(body, Envelope("m"), notes()) is None
    assert read_plain_response(body, notes()) is None
    assert read_plain_chunk(body) is None
