"""Answers as they pass: the bytes stay, usage and the end are seen."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.bedrock.samples import BEGIN, STOP, TOLD, answered, delta, stopped, stream_of

from tollbridge import UpstreamError, Usage
from tollbridge.formats import AnswerReader, CostLine, Envelope
from tollbridge_bedrock.dialect import ConverseDialect
from tollbridge_bedrock.frames import FrameCutter, write_event, write_exception, write_frame
from tollbridge_bedrock.usage import read_usage, write_usage

START = stream_of(BEGIN, delta(0, text="a"), delta(0, text="b"), stopped(0))
WHOLE = START + stream_of(STOP, TOLD)


def reader_of(*, streamed: bool = True, cost: CostLine | None = None) -> AnswerReader:
    return ConverseDialect().answer_reader(Envelope("m", stream=streamed), streamed=streamed, cost=cost)


def fed(reader: AnswerReader, stream: bytes, size: int = 999) -> bytes:
    pieces = [stream[begin : begin + size] for begin in range(0, len(stream), size)]
    return b"".join(out for piece in (*pieces, b"") for out in reader.feed(piece))


def told(**usage: Any) -> bytes:
    return write_event("metadata", json.dumps({"usage": usage, "p": "abc"}).encode())


@given(st.integers(1, 400))
def test_stream_passes_unchanged_at_any_cut(size: int) -> None:
    reader = reader_of()

    assert fed(reader, WHOLE, size) == WHOLE
    assert (reader.usage, reader.finished, reader.failed, reader.pieces) == (Usage(input=1, output=2), True, False, 2)


def test_stream_whose_usage_comes_before_its_stop_is_whole() -> None:
    reader = reader_of()

    fed(reader, START + stream_of(TOLD, STOP))

    assert reader.finished
    assert reader.usage == Usage(input=1, output=2)


@pytest.mark.parametrize("end", range(0, len(WHOLE), 9))
def test_stream_that_breaks_off_before_its_stop_is_never_whole(end: int) -> None:
    reader = reader_of()

    fed(reader, WHOLE[:end])

    assert reader.finished == (end == len(START + stream_of(STOP)))


def test_stream_without_metadata_is_whole_and_has_no_usage() -> None:
    reader = reader_of()

    fed(reader, START + stream_of(STOP))

    assert (reader.finished, reader.usage) == (True, None)


@pytest.mark.parametrize(
    "frame",
    [
        write_exception("modelStreamErrorException", b'{"message":"it broke"}'),
        write_frame({":message-type": "error", ":error-code": "InternalError", ":error-message": "no"}, b""),
    ],
)
@pytest.mark.parametrize("before", [START, START + stream_of(STOP)])
def test_exception_of_the_provider_is_a_failure_that_passes(frame: bytes, before: bytes) -> None:
    reader = reader_of()

    assert fed(reader, before + frame) == before + frame
    assert (reader.finished, reader.failed) == (False, True)


def test_damaged_stream_is_no_answer() -> None:
    with pytest.raises(UpstreamError):
        fed(reader_of(), WHOLE[:-1] + b"\x00")


def test_cost_is_put_beside_the_usage_and_the_frame_stays_whole() -> None:
    stream = START + stream_of(STOP) + told(inputTokens=3, outputTokens=4)

    passed = fed(reader_of(cost=lambda usage: f"0.0{usage.total}"), stream)

    *others, last = FrameCutter().feed(passed)
    assert b"".join(frame.raw for frame in others) == START + stream_of(STOP)
    assert json.loads(last.payload) == {"usage": {"cost": 0.07, "inputTokens": 3, "outputTokens": 4}, "p": "abc"}


def test_cost_that_nobody_knows_changes_nothing() -> None:
    assert fed(reader_of(cost=lambda usage: None), WHOLE) == WHOLE


@pytest.mark.parametrize(
    "payload", [b"", b"[]", b"{", b"\xff", b'{"usage":3}', b'{"usage":{}}', b'{"usage":{"inputTokens":"4"}}', b"{}"]
)
def test_usage_that_cannot_be_read_passes_unread(payload: bytes) -> None:
    stream = START + stream_of(STOP) + write_event("metadata", payload)
    reader = reader_of(cost=lambda usage: "1")

    assert fed(reader, stream) == stream
    assert (reader.usage, reader.finished) == (None, True)


def test_usage_said_twice_is_not_priced() -> None:
    frame = write_event("metadata", b'{"usage":{"inputTokens":1},"usage":{"inputTokens":2}}')

    assert fed(reader_of(cost=lambda usage: "1"), frame) == frame


def test_whole_answer_passes_and_its_usage_is_read() -> None:
    body = json.dumps(answered({"text": "hi"})).encode()
    reader = reader_of(streamed=False)

    assert fed(reader, body) == body
    assert (reader.usage, reader.finished) == (Usage(input=1, output=2), True)


def test_what_is_no_json_is_no_answer() -> None:
    with pytest.raises(UpstreamError):
        reader_of(streamed=False).feed(b"<html>")


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        ({}, None),
        ({"totalTokens": 5}, None),
        ({"inputTokens": 5}, Usage(input=5)),
        ({"outputTokens": 5, "inputTokens": None}, Usage(output=5)),
        ({"inputTokens": -1, "outputTokens": -2, "cacheReadInputTokens": -3, "cacheWriteInputTokens": -4}, Usage()),
        (
            {"inputTokens": 1, "outputTokens": 2, "cacheReadInputTokens": 4, "cacheWriteInputTokens": 8},
            Usage(input=1, output=2, cache_read=4, cache_write=8),
        ),
        (
            {
                "inputTokens": 1,
                "cacheWriteInputTokens": 8,
                "cacheDetails": [{"ttl": "1h", "inputTokens": 5}, {"ttl": "5m", "inputTokens": 3}],
            },
            Usage(input=1, cache_write=3, cache_write_1h=5),
        ),
        (
            {"inputTokens": 1, "cacheWriteInputTokens": 8, "cacheDetails": [{"ttl": "1h", "inputTokens": 50}]},
            Usage(input=1, cache_write_1h=8),
        ),
        ({"inputTokens": 1, "cacheDetails": [{"ttl": "1h", "inputTokens": None}]}, Usage(input=1)),
        ({"inputTokens": "8"}, None),
        (5, None),
        (None, None),
    ],
)
def test_usage_becomes_buckets_that_do_not_overlap(usage: Any, read: Usage | None) -> None:
    assert read_usage(usage) == read


@given(st.builds(Usage, *(st.integers(0, 10**6) for _ in range(8))))
def test_usage_that_is_written_adds_up_and_reads_the_same(usage: Usage) -> None:
    wire = write_usage(usage)
    read = read_usage(msgspec.json.decode(msgspec.json.encode(wire)))

    assert read is not None
    assert read.total == usage.total == wire["totalTokens"]
    assert (read.cache_read, read.cache_write, read.cache_write_1h) == (
        usage.cache_read,
        usage.cache_write,
        usage.cache_write_1h,
    )
