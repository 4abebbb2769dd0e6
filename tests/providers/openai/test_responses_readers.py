"""Metering of answers of the Responses API that pass unchanged."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.providers.openai.responses_support import lines, stream_of
from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge import UpstreamError, Usage
from tollbridge.formats import AnswerReader, CostLine, Envelope
from tollbridge_openai.responses_dialect import ResponsesDialect

USAGE = {
    "input_tokens": 100,
    "input_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 10},
    "output_tokens": 30,
    "output_tokens_details": {"reasoning_tokens": 20},
    "total_tokens": 130,
}
READ = Usage(input=50, cache_read=40, cache_write=10, output=30, reasoning=20)
TOOL = {"type": "function", "name": "usage", "parameters": {"usage": {"type": "response.completed"}}}
BEGUN = {"type": "response.created", "response": {"id": "r", "usage": None, "tools": [TOOL], "error": None}}
WORD = {"type": "response.output_text.delta", "delta": '"type":"response.completed"'}


def ended(kind: str = "response.completed", usage: Any = USAGE) -> dict[str, Any]:
    return {"type": kind, "response": {"id": "r", "tools": [TOOL], "usage": usage}}


STREAM = stream_of(BEGUN, WORD, WORD, ended())


def reader_of(*, streamed: bool = True, cost: CostLine | None = None) -> AnswerReader:
    return ResponsesDialect().answer_reader(Envelope("m"), streamed=streamed, cost=cost)


def fed(reader: AnswerReader, *chunks: bytes) -> bytes:
    return b"".join(piece for chunk in (*chunks, b"") for piece in reader.feed(chunk))


def cost_line(usage: Usage) -> str | None:
    return "0.000029"


@given(st.lists(st.integers(0, len(STREAM)), max_size=8))
def test_any_cut_gives_the_same_bytes_and_the_same_usage(places: list[int]) -> None:
    bounds = [0, *sorted(places), len(STREAM)]
    reader = reader_of()

    passed = fed(reader, *filter(None, (STREAM[start:end] for start, end in itertools.pairwise(bounds))))

    assert passed == STREAM
    assert (reader.usage, reader.finished, reader.failed, reader.pieces) == (READ, True, False, 2)


def test_cost_is_written_beside_the_usage_of_the_answer_and_nowhere_else() -> None:
    reader = reader_of(cost=cost_line)

    *_, last = fed(reader, STREAM).split(b"\n\n")[:-1]

    told = json.loads(last.partition(b"data: ")[2])["response"]
    assert told["usage"] == {"cost": 0.000029, **USAGE}
    assert told["tools"] == [TOOL]


@pytest.mark.parametrize("usage", [None, {}, "many", {"input_tokens": "many"}, {"total_tokens": 3}])
def test_usage_that_cannot_be_read_is_none_and_the_stream_is_whole_all_the_same(usage: Any) -> None:
    stream = stream_of(BEGUN, ended(usage=usage))
    reader = reader_of(cost=cost_line)

    assert fed(reader, stream) == stream
    assert (reader.usage, reader.finished) == (None, True)


@pytest.mark.parametrize("kind", ["response.completed", "response.incomplete"])
def test_answer_that_is_cut_short_by_its_limit_is_whole_too(kind: str) -> None:
    reader = reader_of()

    fed(reader, stream_of(BEGUN, ended(kind)))

    assert (reader.usage, reader.finished, reader.failed) == (READ, True, False)


@pytest.mark.parametrize("last", [ended("response.failed"), {"type": "error", "code": "server_error", "message": "x"}])
def test_error_of_the_provider_ends_the_stream_as_failed(last: dict[str, Any]) -> None:
    reader = reader_of()

    fed(reader, stream_of(BEGUN, last))

    assert (reader.finished, reader.failed) == (False, True)
    assert reader.usage == (READ if "response" in last else None)


@pytest.mark.parametrize(
    "stream",
    [b"", stream_of(BEGUN), stream_of(BEGUN, WORD), STREAM[:-3].removesuffix(b'"}'), b": response.completed\n\n"],
)
def test_stream_that_breaks_off_is_never_taken_for_a_whole_one(stream: bytes) -> None:
    reader = reader_of()

    fed(reader, *filter(None, [stream]))

    assert (reader.finished, reader.failed) == (False, False)


def test_last_event_that_lacks_its_blank_line_is_passed_on_and_read() -> None:
    stream = STREAM.removesuffix(b"\n\n")
    reader = reader_of()

    assert fed(reader, stream[:-7], stream[-7:]) == stream
    assert (reader.usage, reader.finished) == (READ, True)


def test_cost_is_not_written_where_the_usage_stands_twice() -> None:
    last = stream_of(ended()).replace(b'"usage": {"input', b'"usage": null, "usage": {"input')
    reader = reader_of(cost=cost_line)

    assert fed(reader, stream_of(BEGUN) + last) == stream_of(BEGUN) + last
    assert (reader.usage, reader.finished) == (READ, True)


def test_event_of_a_type_that_makes_no_sense_and_one_of_an_odd_answer_pass() -> None:
    odd = stream_of({"type": "response.created", "response": {"usage": 3, "error": None}})
    reader = reader_of()

    assert fed(reader, odd + STREAM) == odd + STREAM
    assert reader.finished


@pytest.mark.parametrize("junk", [b'data: {"x":"error"\n\n', b'data: {"type":["error"]}\n\n', b'data: "error"\n\n'])
def test_junk_passes(junk: bytes) -> None:
    reader = reader_of()

    assert fed(reader, junk + STREAM) == junk + STREAM
    assert reader.finished


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        (USAGE, READ),
        ({"input_tokens": 5}, Usage(input=5)),
        ({"output_tokens": 5}, Usage(output=5)),
        ({"input_tokens": 5, "input_tokens_details": None, "output_tokens_details": None}, Usage(input=5)),
        ({"input_tokens": 5, "input_tokens_details": {"cached_tokens": 9}}, Usage(cache_read=5)),
        (
            {"input_tokens": 5, "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 4}},
            Usage(cache_read=4, cache_write=1),
        ),
        ({"input_tokens": -5, "output_tokens": -1}, Usage()),
        ({"input_tokens": 5, "output_tokens": 2, "total_tokens": 10}, Usage(input=5, output=5)),
        ({"output_tokens": 5, "output_tokens_details": {"reasoning_tokens": 9}}, Usage(output=5, reasoning=5)),
        (None, None),
        ({}, None),
        (5, None),
    ],
)
def test_usage_of_a_whole_answer_becomes_buckets_that_do_not_overlap(usage: Any, read: Usage | None) -> None:
    body = json.dumps({"id": "r", "usage": usage}).encode()
    reader = reader_of(streamed=False)

    assert fed(reader, body) == body
    assert (reader.usage, reader.finished) == (read, True)


def test_what_is_no_json_is_no_answer() -> None:
    with pytest.raises(UpstreamError):
        reader_of(streamed=False).feed(b"<html>")


@corpus("dev/openai_responses", "dev/azure_openai_responses", "dev/xai_responses", only=is_stream)
def test_recorded_stream_passes_and_is_metered(case: Case) -> None:
    stream = (case.text or "").encode()
    told = lines(stream)[-1]["response"]["usage"]

    for chunks in case.cuts(40, 700):
        reader = reader_of()
        assert fed(reader, *chunks) == stream
        assert reader.finished
        assert reader.usage is not None
        assert reader.usage.total == told["total_tokens"]


@corpus("dev/openai_responses", "dev/xai_responses", "dev/deepseek_responses", only=is_answer)
def test_recorded_answer_passes_and_is_metered(case: Case) -> None:
    body = json.dumps(case.body).encode()
    reader = reader_of(streamed=False)

    assert fed(reader, body) == body
    assert (reader.usage is None) == (case.body["usage"] is None)
    assert reader.usage is None or reader.usage.total == case.body["usage"]["total_tokens"]
