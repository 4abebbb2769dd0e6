"""Reading OpenAI's answers as they pass, at every cut."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tollbridge import UpstreamError, Usage
from tollbridge.formats import AnswerReader, CostLine, Envelope
from tollbridge_openai.dialects import ChatDialect

DIALECT = ChatDialect()
USAGE = {
    "prompt_tokens": 20,
    "completion_tokens": 9,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 8, "audio_tokens": 2},
    "completion_tokens_details": {"reasoning_tokens": 4, "audio_tokens": 1},
}
READ = Usage(input=10, cache_read=8, audio_input=2, output=8, audio_output=1, reasoning=4)


def event(**fields: Any) -> bytes:
    return b"data: %b\n\n" % json.dumps({"id": "c", "object": "chat.completion.chunk", **fields}).encode()


def delta(text: str, finish: str | None = None, **more: Any) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": text}, "finish_reason": finish}], **more)


HEAD = delta("Hé", usage=None) + b": keep-alive\n\n" + delta(' "usage":{"prompt_tokens":1}', usage=None)
STOP = delta("", "stop", usage=None)
TOLD = event(choices=[], usage=USAGE)
DONE = b"data: [DONE]\n\n"
STREAM = HEAD + STOP + TOLD + DONE


def cost_line(usage: Usage) -> str | None:
    return f"0.{usage.total:06d}"


def reader_of(*, asked: bool = True, streamed: bool = True, cost: CostLine | None = None) -> AnswerReader:
    return DIALECT.answer_reader(Envelope("m", stream=streamed, asks_usage=asked), streamed=streamed, cost=cost)


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
        assert reader.pieces == 5


def test_usage_nobody_asked_for_is_read_and_taken_out_at_every_cut() -> None:
    for chunks in cut_everywhere(STREAM):
        reader = reader_of(asked=False)

        assert fed(reader, *chunks) == HEAD + STOP + DONE
        assert (reader.usage, reader.finished) == (READ, True)


def test_cost_is_written_beside_the_usage_at_every_cut() -> None:
    priced = TOLD.replace(b'"usage": {', b'"usage": {"cost":0.000029,')

    for chunks in cut_everywhere(STREAM):
        reader = reader_of(cost=cost_line)

        assert fed(reader, *chunks) == HEAD + STOP + priced + DONE
    assert json.loads(priced[6:])["usage"] == {"cost": 0.000029, **USAGE}


def test_usage_without_a_price_is_left_as_it_is() -> None:
    assert fed(reader_of(cost=lambda usage: None), STREAM) == STREAM


def test_cost_is_not_written_where_the_usage_is_taken_out() -> None:
    assert fed(reader_of(asked=False, cost=cost_line), STREAM) == HEAD + STOP + DONE


def test_usage_that_comes_with_an_answer_is_passed_on_even_unasked() -> None:
    stream = delta("a", "stop", usage=USAGE) + DONE
    reader = reader_of(asked=False)

    assert fed(reader, stream) == stream
    assert reader.usage == READ


def test_last_of_several_usages_counts() -> None:
    growing = [delta("a", usage={"prompt_tokens": 5, "completion_tokens": count}) for count in (1, 2, 3)]
    reader = reader_of()

    fed(reader, *growing, DONE)

    assert reader.usage == Usage(input=5, output=3)


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_other_line_ends_pass_unchanged_too(end: bytes) -> None:
    stream = STREAM.replace(b"\n", end)

    for chunks in cut_everywhere(stream):
        reader = reader_of(cost=cost_line)

        passed = fed(reader, *chunks)

        assert passed == stream.replace(
            b'"usage": {"prompt_tokens": 20', b'"usage": {"cost":0.000029,"prompt_tokens": 20'
        )
        assert (reader.usage, reader.finished) == (READ, True)


@given(st.lists(st.integers(0, len(STREAM)), max_size=8), st.booleans())
def test_any_cut_gives_the_same_bytes_and_the_same_usage(places: list[int], asked: bool) -> None:
    bounds = [0, *sorted(places), len(STREAM)]
    reader = reader_of(asked=asked)

    passed = fed(reader, *filter(None, (STREAM[start:end] for start, end in itertools.pairwise(bounds))))

    assert passed == (STREAM if asked else HEAD + STOP + DONE)
    assert (reader.usage, reader.finished, reader.failed) == (READ, True, False)


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        HEAD,
        HEAD + delta("data: [DONE]"),
        HEAD + delta('data: [DONE]\n\n"finish_reason":"stop"'),
        HEAD + delta("", ""),
        HEAD + event(choices=[], usage=USAGE),
        HEAD + b'data: {"choices":[{"finish_re',
        HEAD + b"data: [DON",
    ],
)
def test_stream_that_breaks_off_is_never_taken_for_a_whole_one(stream: bytes) -> None:
    reader = reader_of()

    fed(reader, *filter(None, [stream]))

    assert (reader.finished, reader.failed) == (False, False)


@pytest.mark.parametrize("stream", [STREAM, HEAD + STOP, HEAD + STOP + TOLD, HEAD + DONE, b"data:[DONE]\n\n"])
def test_stream_with_a_stop_reason_or_a_done_is_whole(stream: bytes) -> None:
    reader = reader_of()

    assert fed(reader, stream) == stream
    assert reader.finished


def test_stop_reason_counts_though_more_comes_after_it() -> None:
    reader = reader_of()

    fed(reader, HEAD, STOP, TOLD, b": bye\n\n")

    assert reader.finished


def test_words_about_errors_and_errors_that_are_none_fail_nothing() -> None:
    reader = reader_of()

    fed(reader, delta('{"error": {"a": "error"}}', error=None) + STOP)

    assert (reader.finished, reader.failed) == (True, False)


def test_half_an_event_is_not_passed_on() -> None:
    assert fed(reader_of(), HEAD + b'data: {"choices":[{"del') == HEAD


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_last_event_that_lacks_its_blank_line_is_passed_on_and_read(ending: bytes) -> None:
    last = delta("", "stop", usage=USAGE).removesuffix(b"\n\n") + ending
    reader = reader_of()

    assert fed(reader, HEAD, last) == HEAD + last
    assert (reader.usage, reader.finished) == (READ, True)


def test_done_that_lacks_its_blank_line_is_passed_on() -> None:
    reader = reader_of()

    assert fed(reader, HEAD, b"data: [DONE]") == HEAD + b"data: [DONE]"
    assert reader.finished


@pytest.mark.parametrize(
    "last",
    [
        b'data: {"error": {"message": "overloaded", "type": "server_error"}}\n\n',
        delta("", "error", error={"code": 400, "message": "too long"}) + TOLD + DONE,
        delta("", x_groq={"error": "over capacity"}),
    ],
)
def test_error_of_the_provider_ends_the_stream_as_failed(last: bytes) -> None:
    broken = HEAD + last
    reader = reader_of()

    assert fed(reader, broken) == broken
    assert (reader.finished, reader.failed) == (False, True)


@pytest.mark.parametrize(
    "strange",
    [
        b'data: {"usage": {"prompt_tokens": "many"}}\n\n',
        b'data: {"usage": {broken}\n\n',
        b'data: {"usage": {}}\n\n',
        b'data: {"x_groq": {"usage": {"prompt_tokens": 1}}}\n\n',
        b': "usage": {\n\n',
        b'data: {"choices":[],\ndata: "usage": {"prompt_tokens": null}}\n\n',
    ],
)
def test_usage_that_cannot_be_read_is_passed_on_unread(strange: bytes) -> None:
    reader = reader_of(asked=False, cost=cost_line)

    assert fed(reader, HEAD, strange, DONE) == HEAD + strange + DONE
    assert reader.usage is None


def test_endless_event_ends_in_an_error() -> None:
    reader = reader_of()
    megabyte = b"x" * 1024 * 1024

    passed = [reader.feed(megabyte) for _ in range(16)]

    assert passed == [[]] * 16
    with pytest.raises(UpstreamError, match=r"^the provider sent an event over 16777216 bytes$"):
        reader.feed(b"x")


def whole(usage: object) -> AnswerReader:
    reader = reader_of(streamed=False)
    body = json.dumps({"id": "c", "choices": [], "usage": usage}).encode()
    assert fed(reader, body) == body
    return reader


def test_whole_answer_passes_unchanged_and_its_usage_is_read() -> None:
    reader = whole(USAGE)

    assert (reader.usage, reader.finished, reader.failed, reader.pieces) == (READ, True, False, 0)


@pytest.mark.parametrize(
    ("usage", "read"),
    [
        (None, None),
        ({}, None),
        ({"total_tokens": 5}, Usage(input=5)),
        ({"prompt_tokens": 5}, Usage(input=5)),
        ({"completion_tokens": 5}, Usage(output=5)),
        ({"prompt_tokens": 0, "completion_tokens": 0}, Usage()),
        ({"prompt_tokens": 5, "prompt_tokens_details": None, "completion_tokens_details": None}, Usage(input=5)),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": None}}, Usage(input=5)),
        (
            {"prompt_tokens": 5, "prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 1},
            Usage(input=1, cache_read=4),
        ),
        ({"prompt_tokens": 5, "prompt_cache_hit_tokens": None}, Usage(input=5)),
        ({"prompt_tokens": 5, "prompt_cache_hit_tokens": 9}, Usage(cache_read=5)),
        ({"prompt_tokens": 5, "prompt_cache_hit_tokens": -9}, Usage(input=5)),
        (
            {"prompt_tokens": 5, "prompt_cache_hit_tokens": 4, "prompt_tokens_details": {"cached_tokens": 4}},
            Usage(input=1, cache_read=4),
        ),
        (
            {"prompt_tokens": 5, "prompt_cache_hit_tokens": 4, "prompt_tokens_details": {"audio_tokens": 1}},
            Usage(cache_read=4, audio_input=1),
        ),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 9}}, Usage(cache_read=5)),
        ({"prompt_tokens": -5, "completion_tokens": -1}, Usage()),
        ({"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": -2, "audio_tokens": -2}}, Usage(input=5)),
        (
            {"prompt_tokens": 5, "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 4}},
            Usage(cache_read=4, audio_input=1),
        ),
        (
            {"completion_tokens": 5, "completion_tokens_details": {"reasoning_tokens": 9, "audio_tokens": 2}},
            Usage(output=3, audio_output=2, reasoning=3),
        ),
        # Google and xAI leave reasoning out of completion_tokens: 100 - 66 = 34 tokens came out, not 6.
        ({"prompt_tokens": 66, "completion_tokens": 6, "total_tokens": 100}, Usage(input=66, output=34)),
        (
            {
                "prompt_tokens": 12,
                "completion_tokens": 2,
                "total_tokens": 334,
                "completion_tokens_details": {"reasoning_tokens": 320},
            },
            Usage(input=12, output=322, reasoning=320),
        ),
        ({"prompt_tokens": 8, "total_tokens": 8}, Usage(input=8)),
        ({"prompt_tokens": 8, "completion_tokens": 5, "total_tokens": 3}, Usage(input=8, output=5)),
        ({"prompt_tokens": "8"}, None),
        (5, None),
    ],
)
def test_usage_becomes_buckets_that_do_not_overlap(usage: object, read: Usage | None) -> None:
    assert whole(usage).usage == read


COUNTS = st.none() | st.integers(-5, 10**6)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "prompt_tokens": COUNTS,
            "completion_tokens": COUNTS,
            "total_tokens": COUNTS,
            "prompt_tokens_details": st.none()
            | st.fixed_dictionaries({}, optional={"cached_tokens": COUNTS, "audio_tokens": COUNTS}),
            "completion_tokens_details": st.none()
            | st.fixed_dictionaries({}, optional={"reasoning_tokens": COUNTS, "audio_tokens": COUNTS}),
        },
    )
)
def test_no_token_is_lost_or_counted_twice(usage: dict[str, Any]) -> None:
    read = whole(usage).usage

    if read is None:
        assert usage.get("prompt_tokens") is None
        assert usage.get("completion_tokens") is None
        assert usage.get("total_tokens") is None
        return
    if usage.get("prompt_tokens") is None and usage.get("completion_tokens") is None:  # as Voyage tells it
        assert read.total == read.input == max(0, usage["total_tokens"])
        return
    prompt, completion = (max(0, usage.get(key) or 0) for key in ("prompt_tokens", "completion_tokens"))
    assert read.input_total == prompt
    assert read.output_total == max(completion, (usage.get("total_tokens") or 0) - prompt)
    assert read.reasoning <= read.output


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b'{"usage":[]}'])
def test_json_of_another_shape_is_an_answer_without_usage(body: bytes) -> None:
    reader = reader_of(streamed=False)

    assert fed(reader, body) == body
    assert (reader.usage, reader.finished) == (None, True)


@pytest.mark.parametrize("body", [b"<html>", b'{"usage":', b"\xff", b'{"usage":{"prompt_tokens":1}} x'])
def test_what_is_no_json_is_no_answer(body: bytes) -> None:
    with pytest.raises(UpstreamError, match=r"^the provider's answer is no JSON$") as caught:
        reader_of(streamed=False).feed(body)

    assert caught.value.detail


@pytest.mark.parametrize("make", [lambda: reader_of(streamed=False), reader_of])
def test_empty_answer_is_not_finished(make: Callable[[], AnswerReader]) -> None:
    reader = make()

    assert reader.feed(b"") == []
    assert (reader.finished, reader.failed) == (False, False)
