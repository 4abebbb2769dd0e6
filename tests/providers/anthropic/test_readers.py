"""Reading Messages answers as they pass, at every cut."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import UpstreamError, Usage
from tollbridge.formats import AnswerReader, CostLine, Envelope
from tollbridge_anthropic.dialect import MessagesDialect

DIALECT = MessagesDialect()
START_USAGE = {
    "input_tokens": 20,
    "cache_read_input_tokens": 8,
    "cache_creation_input_tokens": 7,
    "cache_creation": {"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 3},
    "output_tokens": 1,
}
READ = Usage(input=20, cache_read=8, cache_write=4, cache_write_1h=3, output=9)


def event(kind: str, **fields: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), json.dumps({"type": kind, **fields}).encode())


def text(content: str) -> bytes:
    return event("content_block_delta", index=0, delta={"type": "text_delta", "text": content})


START = event("message_start", message={"id": "msg", "role": "assistant", "content": [], "usage": START_USAGE})
HEAD = START + event("ping") + text("Hé") + text(' "usage":{"input_tokens":1}')
TOLD = event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 9})
STOP = event("message_stop")
STREAM = HEAD + TOLD + STOP


def cost_line(usage: Usage) -> str | None:
    return f"0.{usage.total:06d}"


def reader_of(*, streamed: bool = True, cost: CostLine | None = None) -> AnswerReader:
    return DIALECT.answer_reader(Envelope("m", stream=streamed, asks_usage=True), streamed=streamed, cost=cost)


def fed(reader: AnswerReader, *chunks: bytes) -> bytes:
    return b"".join(piece for chunk in (*chunks, b"") for piece in reader.feed(chunk))


def cut_everywhere(stream: bytes) -> list[list[bytes]]:
    """Give the stream whole, byte by byte, and in two at every place."""
    halves = [[stream[:place], stream[place:]] for place in range(1, len(stream))]
    return [[stream], [bytes([byte]) for byte in stream], *halves]


def test_stream_passes_unchanged_and_its_usage_is_read_at_every_cut() -> None:
    for chunks in cut_everywhere(STREAM):
        reader = reader_of()

        assert fed(reader, *chunks) == STREAM
        assert (reader.usage, reader.finished, reader.failed) == (READ, True, False)
        assert reader.pieces == 4  # each of the two deltas names its kind twice


def test_cost_is_written_beside_the_last_usage_at_every_cut() -> None:
    priced = TOLD.replace(b'"usage": {', b'"usage": {"cost":0.000044,')  # 20 + 8 + 4 + 3 + 9 tokens

    for chunks in cut_everywhere(STREAM):
        assert fed(reader_of(cost=cost_line), *chunks) == HEAD + priced + STOP
    assert json.loads(priced.split(b"data: ")[1])["usage"] == {"cost": 0.000044, "output_tokens": 9}


def test_usage_without_a_price_is_left_as_it_is() -> None:
    assert fed(reader_of(cost=lambda usage: None), STREAM) == STREAM


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_other_line_ends_pass_unchanged_too(end: bytes) -> None:
    stream = STREAM.replace(b"\n", end)

    for chunks in cut_everywhere(stream):
        reader = reader_of()

        assert fed(reader, *chunks) == stream
        assert (reader.usage, reader.finished) == (READ, True)


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_any_cut_gives_the_same_bytes_and_the_same_usage(places: list[int]) -> None:
    bounds = [0, *sorted(places), len(STREAM)]
    reader = reader_of()

    passed = fed(reader, *filter(None, (STREAM[start:end] for start, end in itertools.pairwise(bounds))))

    assert passed == STREAM
    assert (reader.usage, reader.finished, reader.failed) == (READ, True, False)


def test_stream_that_breaks_off_has_what_was_told_until_then() -> None:
    reader = reader_of()

    fed(reader, HEAD)

    assert reader.usage == Usage(input=20, cache_read=8, cache_write=4, cache_write_1h=3, output=1)
    assert not reader.finished


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        START,
        HEAD,
        HEAD + TOLD,
        HEAD + text("event: message_stop"),
        HEAD + text('{"type": "message_stop"}'),
        HEAD + text('event: message_stop\ndata: {"type":"message_stop"}\n\n'),
        HEAD + b"event: message_st",
        HEAD + b"event: message_stop",
    ],
)
def test_stream_that_breaks_off_is_never_taken_for_a_whole_one(stream: bytes) -> None:
    reader = reader_of()

    fed(reader, *filter(None, [stream]))

    assert (reader.finished, reader.failed) == (False, False)


@pytest.mark.parametrize(
    "stop", [STOP, b"event:message_stop\ndata: {}\n\n", b'data: {"type":"message_stop"}\n\n', STOP[:-1], STOP[:-2]]
)
def test_stream_with_its_stop_is_whole(stop: bytes) -> None:
    reader = reader_of()

    assert fed(reader, HEAD, TOLD, stop) == HEAD + TOLD + stop
    assert reader.finished


def test_half_an_event_is_not_passed_on() -> None:
    assert fed(reader_of(), HEAD + b'event: content_block_delta\ndata: {"ty') == HEAD


def test_stream_is_whole_whatever_comes_behind_its_stop() -> None:
    reader = reader_of()

    fed(reader, STREAM, *[event("ping")] * 3, event("error", error={}))

    assert (reader.finished, reader.failed) == (True, False)


@pytest.mark.parametrize(
    "error",
    [
        event("error", error={"type": "overloaded_error", "message": "Overloaded"}),
        b'data: {"type":"error","error":{"type":"overloaded_error"}}\n\n',
    ],
)
def test_error_of_the_provider_ends_the_stream_as_failed(error: bytes) -> None:
    reader = reader_of()

    assert fed(reader, HEAD, error, STOP) == HEAD + error + STOP
    assert (reader.finished, reader.failed) == (False, True)
    together = reader_of()
    fed(together, HEAD + error + STOP)
    assert (together.finished, together.failed) == (False, True)


def test_error_that_a_model_writes_about_is_none() -> None:
    reader = reader_of()

    fed(reader, HEAD, text('\nevent: error\ndata: {"type":"error"}\n'))

    assert (reader.finished, reader.failed) == (False, False)


@pytest.mark.parametrize(
    "strange",
    [
        event("message_delta", usage={"output_tokens": "many"}),
        b'event: message_delta\ndata: {"usage": {broken}\n\n',
        b': "usage": {\n\n',
        event("content_block_start", content_block={"usage": {"input_tokens": 1}}),
        event("message_delta", usage={}),
    ],
)
def test_usage_that_cannot_be_read_is_passed_on_unread(strange: bytes) -> None:
    reader = reader_of(cost=cost_line)

    assert fed(reader, strange, STOP) == strange + STOP
    assert reader.usage is None


def test_delta_without_counts_changes_nothing() -> None:
    reader = reader_of()

    fed(reader, START, event("message_delta", usage={"server_tool_use": {"web_search_requests": 1}}), STOP)

    assert reader.usage == Usage(input=20, cache_read=8, cache_write=4, cache_write_1h=3, output=1)


def streamed(*usages: dict[str, Any]) -> Usage | None:
    """Read a stream that tells the first usage at its start and the others later."""
    first, *others = usages
    reader = reader_of()
    fed(
        reader,
        event("message_start", message={"usage": first}),
        *(event("message_delta", usage=usage) for usage in others),
        STOP,
    )
    return reader.usage


@pytest.mark.parametrize(
    ("usages", "read"),
    [
        ([{"input_tokens": 5, "output_tokens": 1}, {"output_tokens": 7}], Usage(input=5, output=7)),
        (
            [{"input_tokens": 5, "output_tokens": 1}, {"output_tokens": 3}, {"output_tokens": 9}],
            Usage(input=5, output=9),
        ),
        ([{"input_tokens": 5, "output_tokens": 1}, {"input_tokens": 8, "output_tokens": 7}], Usage(input=8, output=7)),
        ([{"input_tokens": 0}, {"input_tokens": 8, "output_tokens": 7}], Usage(input=8, output=7)),
        (
            [
                {"input_tokens": 5, "cache_creation_input_tokens": 4},
                {"output_tokens": 1, "cache_creation_input_tokens": 4},
            ],
            Usage(input=5, cache_write=4, output=1),
        ),
        (
            [
                {
                    "input_tokens": 5,
                    "cache_creation_input_tokens": 4,
                    "cache_creation": {"ephemeral_1h_input_tokens": 3},
                },
                {"output_tokens": 1, "cache_creation_input_tokens": 4},
            ],
            Usage(input=5, cache_write=1, cache_write_1h=3, output=1),
        ),
        (
            [
                {
                    "input_tokens": 5,
                    "cache_creation_input_tokens": 4,
                    "cache_creation": {"ephemeral_1h_input_tokens": 3},
                },
                {"output_tokens": 1, "cache_creation_input_tokens": 9},
            ],
            Usage(input=5, cache_write=9, output=1),
        ),
        (
            [{"input_tokens": 5, "cache_read_input_tokens": 4}, {"output_tokens": 1, "cache_read_input_tokens": 0}],
            Usage(input=5, output=1),
        ),
    ],
)
def test_later_report_goes_over_an_earlier_one_bucket_by_bucket(usages: list[dict[str, Any]], read: Usage) -> None:
    assert streamed(*usages) == read


def whole(usage: object) -> AnswerReader:
    reader = reader_of(streamed=False)
    body = json.dumps({"id": "msg", "content": [], "usage": usage}).encode()
    assert fed(reader, body) == body
    return reader


def test_whole_answer_passes_unchanged_and_its_usage_is_read() -> None:
    reader = whole({**START_USAGE, "output_tokens": 9})

    assert (reader.usage, reader.finished, reader.failed, reader.pieces) == (READ, True, False, 0)


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        (None, None),
        ({}, None),
        ({"cache_read_input_tokens": 5}, None),
        ({"input_tokens": 5}, Usage(input=5)),
        ({"output_tokens": 5}, Usage(output=5)),
        ({"output_tokens": 5, "output_tokens_details": {"thinking_tokens": 3}}, Usage(output=5, reasoning=3)),
        ({"output_tokens": 5, "output_tokens_details": {"thinking_tokens": 9}}, Usage(output=5, reasoning=5)),
        ({"input_tokens": -5, "output_tokens": -1, "cache_read_input_tokens": -1}, Usage()),
        ({"input_tokens": 1, "cache_creation_input_tokens": None, "cache_creation": None}, Usage(input=1)),
        ({"input_tokens": 1, "cache_creation_input_tokens": -4}, Usage(input=1)),
        (
            {"input_tokens": 1, "cache_creation_input_tokens": 4, "cache_creation": {"ephemeral_1h_input_tokens": 9}},
            Usage(input=1, cache_write_1h=4),
        ),
        (
            {"input_tokens": 1, "cache_creation_input_tokens": 4, "cache_creation": {"ephemeral_1h_input_tokens": -2}},
            Usage(input=1, cache_write=4),
        ),
        ({"input_tokens": 1, "cache_creation_input_tokens": 4, "cache_creation": {}}, Usage(input=1, cache_write=4)),
        ({"input_tokens": "8"}, None),
        (5, None),
    ],
)
def test_usage_becomes_buckets_that_do_not_overlap(usage: object, read: Usage | None) -> None:
    assert whole(usage).usage == read


COUNTS = st.none() | st.integers(-5, 10**6)
REPORTS = st.fixed_dictionaries(
    {},
    optional={
        "input_tokens": COUNTS,
        "output_tokens": COUNTS,
        "cache_read_input_tokens": COUNTS,
        "cache_creation_input_tokens": COUNTS,
        "cache_creation": st.none() | st.fixed_dictionaries({}, optional={"ephemeral_1h_input_tokens": COUNTS}),
    },
)


@given(REPORTS)
def test_no_token_is_lost_or_counted_twice(usage: dict[str, Any]) -> None:
    read = whole(usage).usage

    if read is None:
        assert usage.get("input_tokens") is None
        assert usage.get("output_tokens") is None
        return
    counts = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")
    assert read.total == sum(max(0, usage.get(key) or 0) for key in counts)


@given(REPORTS, st.lists(REPORTS, max_size=3))
def test_stream_that_ends_with_a_full_report_is_read_like_a_whole_answer(
    last: dict[str, Any], before: list[dict[str, Any]]
) -> None:
    full = {
        "input_tokens": 1,
        "output_tokens": 2,
        "cache_read_input_tokens": 3,
        "cache_creation_input_tokens": 4,
        "cache_creation": {"ephemeral_1h_input_tokens": 1},
        **{key: value for key, value in last.items() if value is not None},
    }

    assert streamed({}, *before, full) == whole(full).usage


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b'{"usage":[]}'])
def test_json_of_another_shape_is_an_answer_without_usage(body: bytes) -> None:
    reader = reader_of(streamed=False)

    assert fed(reader, body) == body
    assert (reader.usage, reader.finished) == (None, True)


@pytest.mark.parametrize("body", [b"<html>", b'{"usage":', b"\xff", b'{"usage":{"input_tokens":1}} x'])
def test_what_is_no_json_is_no_answer(body: bytes) -> None:
    with pytest.raises(UpstreamError, match=r"^the provider's answer is no JSON$") as caught:
        reader_of(streamed=False).feed(body)

    assert caught.value.detail


@pytest.mark.parametrize("make", [lambda: reader_of(streamed=False), reader_of])
def test_empty_answer_is_not_finished(make: Callable[[], AnswerReader]) -> None:
    reader = make()

    assert reader.feed(b"") == []
    assert (reader.finished, reader.failed) == (False, False)
