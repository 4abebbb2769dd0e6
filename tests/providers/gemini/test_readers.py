"""Reading answers as they pass."""

import json
from typing import Any

import pytest
from tests.providers.gemini.support import chunk, streamed

from tollbridge import UpstreamError, Usage
from tollbridge.formats import AnswerReader, Envelope
from tollbridge_gemini.dialect import GeminiDialect

USAGE = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}


def reader(*, streamed: bool = True, cost: Any = None) -> AnswerReader:
    return GeminiDialect().answer_reader(Envelope("m", stream=streamed), streamed=streamed, cost=cost)


def passed(reading: AnswerReader, stream: bytes, size: int = 0) -> bytes:
    cut = [stream[at : at + size] for at in range(0, len(stream), size)] if size else [stream]
    return b"".join(piece for part in (*cut, b"") for piece in reading.feed(part))


def test_stream_passes_unchanged_and_is_metered_at_any_cut() -> None:
    stream = streamed(chunk({"text": '"finishReason":"STOP"'}), {**chunk(finishReason="STOP"), "usageMetadata": USAGE})
    for size in (0, 1, 5, 64):
        reading = reader()

        assert passed(reading, stream, size) == stream
        assert (reading.usage, reading.finished, reading.failed, reading.pieces) == (
            Usage(input=3, output=2),
            True,
            False,
            2,
        )


@pytest.mark.parametrize("said", ['"finishReason":"STOP"', '"finishReason": 1', '"blockReason":"SAFETY"'])
def test_stream_is_finished_by_what_google_says(said: str) -> None:
    reading = reader()

    passed(reading, f"data: {{{said}}}\n\n".encode())

    assert reading.finished


def test_words_of_the_model_finish_no_stream() -> None:
    reading = reader()

    passed(reading, streamed(chunk({"text": 'say "finishReason":"STOP"'})))

    assert not reading.finished


def test_usage_may_come_behind_the_finish() -> None:
    reading = reader()

    passed(reading, streamed(chunk(finishReason="STOP"), {"usageMetadata": USAGE}, {}, {}, {}))

    assert (reading.usage, reading.finished) == (Usage(input=3, output=2), True)


def test_last_event_may_lack_its_blank_line_but_half_of_one_is_dropped() -> None:
    whole, half = reader(), reader()
    stream = streamed({**chunk({"text": "a"}, finishReason="STOP"), "usageMetadata": USAGE}).rstrip()

    assert passed(whole, stream) == stream
    assert (whole.finished, whole.usage) == (True, Usage(input=3, output=2))
    assert passed(half, b'data: {"candidates":[') == b""
    assert not half.finished


def test_error_in_a_stream_is_seen() -> None:
    reading = reader()

    passed(reading, streamed(chunk({"text": "a"}), {"error": {"code": 500}}))

    assert (reading.finished, reading.failed) == (False, True)


def test_cost_is_written_beside_the_last_usage_only() -> None:
    seen = []

    def cost(usage: Usage) -> str:
        seen.append(usage)
        return "0.25"

    reading = reader(cost=cost)
    first, last = ({**chunk(**more), "usageMetadata": USAGE} for more in ({}, {"finishReason": "STOP"}))

    stream = passed(reading, streamed(first, last))

    told = [json.loads(line[5:])["usageMetadata"] for line in stream.splitlines() if line]
    assert told == [USAGE, {"cost": 0.25, **USAGE}]
    assert seen == [Usage(input=3, output=2)]


@pytest.mark.parametrize(
    "usage", [{"promptTokenCount": "x"}, {"trafficType": "ON_DEMAND"}, {"candidatesTokenCount": -5}]
)
def test_usage_that_makes_no_sense_passes(usage: Any) -> None:
    reading = reader()
    stream = streamed({**chunk(finishReason="STOP"), "usageMetadata": usage})

    assert passed(reading, stream) == stream
    assert reading.usage in (None, Usage())


def test_comment_passes() -> None:
    reading = reader()

    assert passed(reading, b': "usageMetadata":{\n\n') == b': "usageMetadata":{\n\n'


def test_whole_answer_passes_and_is_metered() -> None:
    reading = reader(streamed=False)
    body = json.dumps({**chunk({"text": "a"}), "usageMetadata": USAGE}).encode()

    assert reading.feed(body) == [body]
    assert (reading.usage, reading.finished) == (Usage(input=3, output=2), True)


def test_what_is_no_json_is_an_upstream_error() -> None:
    with pytest.raises(UpstreamError):
        reader(streamed=False).feed(b"<html>")
