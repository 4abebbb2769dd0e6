"""Sessions: the model in the query, and the usage of what is answered."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.sessions import begun, response

from tollbridge import BadRequest, Quirks, Usage
from tollbridge.formats import Envelope
from tollbridge_openai.side_realtime import HEARD, SAID, RealtimeDialect, SessionReader

REALTIME = RealtimeDialect()
(OPERATION,) = REALTIME.operations


def envelope_of(query: bytes) -> Envelope:
    return REALTIME.read_envelope(OPERATION, OPERATION.path, query)


def readdressed(query: bytes, model: str) -> bytes:
    return REALTIME.readdress(query, envelope_of(query), model=model, max_output=None, quirks=Quirks())


def read(*messages: str | bytes) -> SessionReader:
    reader = SessionReader()
    for message in messages:
        raw = message.encode() if isinstance(message, str) else message
        assert reader.feed(raw) == [raw]
    return reader


def test_session_is_openais() -> None:
    assert (OPERATION.path, OPERATION.upstream, OPERATION.scope) == ("/v1/realtime", "/realtime", "ai:realtime")
    assert OPERATION.socket
    assert OPERATION.subprotocols == ("realtime", "openai-beta.realtime-v1")


@pytest.mark.parametrize(
    ("query", "model"),
    [
        (b"model=gpt-realtime", "gpt-realtime"),
        (b"x=1&model=openai%2Fgpt-realtime&y", "openai/gpt-realtime"),
        (b"mode%6c=a+b", "a b"),
        (b"model=a=b", "a=b"),
    ],
)
def test_model_is_read_from_the_query(query, model) -> None:
    assert envelope_of(query) == Envelope(model, stream=True, max_output=SAID, input_bound=HEARD, asks_usage=True)


@pytest.mark.parametrize(
    ("query", "param"),
    [
        (b"", "model"),
        (b"model", "model"),
        (b"model=", "model"),
        (b"model=a&model=b", "model"),
        (b"model=a&mode%6C=b", "model"),
        (b"model=a;model=b", "model"),
        (b"model=a%0ab", "model"),
        (b"model=a b", "model"),
        (b"model=\xff", "model"),
        (b"model=a#", "model"),
        (b"model=a\\", "model"),
        (b"model=a&call_id=rtc_1", "call_id"),
        (b"call_id=rtc_1", "call_id"),
        (b"model=a&intent=transcription", "intent"),
        (b"model=a&%69ntent=x", "intent"),
    ],
)
def test_query_that_names_no_one_model_is_refused(query, param) -> None:
    with pytest.raises(BadRequest) as caught:
        envelope_of(query)

    assert caught.value.param == param


def test_only_the_models_name_changes() -> None:
    assert readdressed(b"x=%2F&model=small&y&z=a%20b", "gpt/x y&?#") == b"x=%2F&model=gpt%2Fx%20y%26%3F%23&y&z=a%20b"
    assert readdressed(b"mod%65l=small", "m") == b"model=m"


@given(st.binary(max_size=40) | st.builds(lambda tail: b"model=m&" + tail, st.binary(max_size=30)), st.text(min_size=1))
@example(b"model=m&", "x")
def test_any_query_is_read_or_refused(query, model) -> None:
    try:
        envelope_of(query)
    except BadRequest:
        return
    if model.isprintable():
        assert envelope_of(readdressed(query, model)).model == model


@pytest.mark.parametrize(
    ("told", "usage"),
    [
        ({}, Usage(input=100, output=10)),
        ({"input_token_details": None, "output_token_details": None}, Usage(input=100, output=10)),
        (
            {
                "input_token_details": {"text_tokens": 30, "audio_tokens": 60, "image_tokens": 10, "cached_tokens": 0},
                "output_token_details": {"text_tokens": 3, "audio_tokens": 7},
            },
            Usage(input=30, audio_input=60, image_input=10, output=3, audio_output=7),
        ),
        (
            {
                "input_token_details": {
                    "text_tokens": 30,
                    "audio_tokens": 60,
                    "image_tokens": 10,
                    "cached_tokens": 50,
                    "cached_tokens_details": {"text_tokens": 5, "audio_tokens": 40, "image_tokens": 5},
                }
            },
            Usage(input=25, cache_read=50, audio_input=20, image_input=5, output=10),
        ),
        (
            {"input_token_details": {"text_tokens": 30, "audio_tokens": 70, "cached_tokens": 50}},
            Usage(cache_read=50, audio_input=50, output=10),
        ),
        ({"input_token_details": {"audio_tokens": 500, "cached_tokens": -5}}, Usage(audio_input=100, output=10)),
        ({"output_token_details": {"audio_tokens": 500}}, Usage(input=100, audio_output=10)),
        ({"input_tokens": -1, "output_tokens": None}, Usage()),
    ],
)
def test_usage_of_an_answer_is_read_into_buckets_that_make_the_total(told, usage) -> None:
    assert read(response(1, tokens=(100, 10), **told)).usage == usage


def test_answers_add_up_and_it_is_known_whether_one_is_under_way() -> None:
    reader = SessionReader()
    seen: list[Any] = [(reader.pieces, reader.finished, reader.usage)]
    for message in (begun(1), response(1), begun(2), begun(3), response(3), response(2)):
        reader.feed(message.encode())
        seen.append((reader.pieces, reader.finished, reader.usage and reader.usage.total))

    assert seen == [
        (0, True, None),
        (1, False, None),
        (1, True, 110),
        (2, False, 110),
        (3, False, 110),
        (3, False, 220),
        (3, True, 330),
    ]


def test_answer_whose_beginning_was_not_seen_counts() -> None:
    reader = read(response(1))

    assert (reader.pieces, reader.finished, reader.failed) == (1, True, False)


@pytest.mark.parametrize(
    "message",
    [
        '{"type":"response.output_text.delta","delta":"\\"response.done\\""}',
        '{"type":"conversation.item.created","item":{"type":"response.done"}}',
        '{"type":"session.updated","session":{"instructions":"response.created"}}',
        '{"type":7,"x":"response.done"}',
        '"response.done"',
        '{"response.done"',
        b'\xff"response.done"',
        b"\x00\x01",
        "",
    ],
)
def test_message_that_is_no_answer_counts_for_nothing(message) -> None:
    reader = SessionReader()
    raw = message.encode() if isinstance(message, str) else message

    assert reader.feed(raw) == ([raw] if raw else [])
    assert (reader.usage, reader.pieces, reader.finished) == (None, 0, True)


@pytest.mark.parametrize("told", [None, "x", {"usage": None}, {"usage": "x"}, {"usage": {"input_tokens": "x"}}, {}])
def test_answer_without_usage_that_makes_sense_is_done_all_the_same(told) -> None:
    reader = read(begun(1), json.dumps({"type": "response.done", "response": told}))

    assert (reader.usage, reader.pieces, reader.finished) == (None, 1, True)


def test_reader_is_made_for_a_session() -> None:
    found = REALTIME.answer_reader(envelope_of(b"model=m"), streamed=True)

    assert isinstance(found, SessionReader)
    assert REALTIME.keep_alive == b""
