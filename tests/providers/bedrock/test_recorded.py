"""Recorded traffic of Bedrock keeps the laws."""

import json
from typing import Any

from tests.providers.bedrock.samples import ASKED, CODEC, events, rewritten, stream_of
from tests.support.corpus import Case, corpus, is_answer

from tollbridge import Quirks
from tollbridge.formats import Envelope, Response, ToolCall, fold, unfold
from tollbridge.testing.conversation_contract import notes
from tollbridge.testing.conversations import said
from tollbridge_bedrock.counting import CountCodec
from tollbridge_bedrock.dialect import ConverseDialect
from tollbridge_bedrock.frames import FrameCutter

WHOLE, STREAMED, COUNTED, EDGES = (
    "dev/bedrock_converse",
    "dev/bedrock_converse_stream",
    "dev/bedrock_count_tokens",
    "edge_cases/amazon-bedrock",
)
DIALECT = ConverseDialect()
OPERATIONS = {operation.path.rpartition("}")[2]: operation for operation in DIALECT.operations}


def body_of(case: Case) -> bytes:
    return json.dumps(case.request).encode()


@corpus(WHOLE, STREAMED)
def test_recorded_request_is_written_as_it_was_read(case: Case) -> None:
    left = notes(strict=True)

    written = CODEC.write_request(CODEC.read_request(body_of(case), Envelope("m"), left), left)

    assert json.loads(written) == case.request


@corpus(COUNTED)
def test_recorded_request_to_count_is_written_as_it_was_read(case: Case) -> None:
    left, codec = notes(strict=True), CountCodec()

    written = codec.write_request(codec.read_request(body_of(case), Envelope("m"), left), left)

    assert json.loads(written) == case.request


@corpus(WHOLE, STREAMED, COUNTED)
def test_recorded_request_is_known_and_passes_untouched(case: Case) -> None:
    path = case.path.replace("%3A", ":").replace("%2F", "/")
    ending = path[path.rindex("/") :]

    envelope = DIALECT.read_envelope(OPERATIONS[ending], path, body_of(case))

    assert f"/model/{envelope.model}{ending}" == path
    assert envelope.stream == (ending == "/converse-stream")
    assert envelope.max_output == (
        0 if ending == "/count-tokens" else (case.request.get("inferenceConfig") or {}).get("maxTokens")
    )
    passed = DIALECT.readdress(body_of(case), envelope, model="other", max_output=None, quirks=Quirks())
    assert passed == body_of(case)


def whole(case: Case) -> Response:
    return CODEC.read_response(json.dumps(case.body).encode(), notes())


@corpus(WHOLE, EDGES, only=is_answer)
def test_recorded_answer_is_written_as_it_was_read(case: Case) -> None:
    left = notes(strict=True)

    assert json.loads(CODEC.write_response(whole(case), ASKED, left)) == case.body


@corpus(WHOLE, EDGES, only=is_answer)
def test_usage_of_a_recorded_answer_adds_up_to_the_providers_total(case: Case) -> None:
    reader = DIALECT.answer_reader(Envelope("m"), streamed=False)
    body = json.dumps(case.body).encode()
    total = case.body["usage"]["totalTokens"]

    usage = whole(case).usage

    assert usage is not None
    assert usage.total == total
    assert reader.feed(body) == [body]
    assert reader.usage == usage
    assert reader.finished


@corpus(WHOLE, EDGES, only=is_answer)
def test_recorded_answer_that_is_streamed_folds_to_itself(case: Case) -> None:
    response = whole(case)

    assert fold(events(rewritten(unfold(response)), 11)) == response


@corpus(STREAMED, only=lambda case: case.status == 200)
def test_recorded_stream_folds_to_the_same_answer_at_any_cut(case: Case) -> None:
    stream = case.frames or b""

    folded = fold(events(stream, len(stream)))

    assert all(fold(events(stream, size)) == folded for size in (1, 7, 100))
    assert folded.usage is not None
    assert folded.usage.total == folded.wire_usage["totalTokens"]
    # An answer that is not streamed shows the same, but for the spaces in a call's arguments.
    again = CODEC.read_response(CODEC.write_response(folded, ASKED, notes()), notes())
    assert said(again) == said(folded)
    assert again.usage == folded.usage


@corpus(STREAMED, only=lambda case: case.status == 200)
def test_recorded_stream_is_written_event_by_event_as_it_came(case: Case) -> None:
    stream = case.frames or b""

    def bare(frames: bytes) -> list[tuple[str, Any]]:
        """Give the events without padding, one for all words of a block that stand together."""
        told: list[tuple[str, Any]] = []
        for frame in FrameCutter().feed(frames):
            payload = json.loads(frame.payload)
            payload.pop("p", None)
            told.append((frame.name, payload))
        return [event for event in told if event[1].get("delta") not in ({"text": ""}, {"toolUse": {"input": ""}})]

    assert bare(rewritten(events(stream))) == bare(stream)


@corpus(STREAMED, only=lambda case: case.status == 200)
def test_recorded_stream_passes_unchanged_and_its_usage_is_read(case: Case) -> None:
    stream = case.frames or b""
    for size in (1, 13, 1000, len(stream)):
        reader = DIALECT.answer_reader(Envelope("m", stream=True), streamed=True)
        pieces = [stream[begin : begin + size] for begin in range(0, len(stream), size)]

        passed = b"".join(out for piece in (*pieces, b"") for out in reader.feed(piece))

        assert passed == stream
        assert reader.finished
        assert not reader.failed
        assert reader.usage == fold(events(stream)).usage
        assert reader.pieces == stream.count(b"contentBlockDelta")


@corpus(EDGES, only=lambda case: case.body is None)
def test_recorded_edge_of_a_stream_is_an_answer_all_the_same(case: Case) -> None:
    happened = [next(iter(event.items())) for event in case.events]

    folded = fold(events(stream_of(*happened), 5))

    stop = next(payload for name, payload in happened if name == "messageStop")
    words = "".join(payload["delta"].get("text", "") for name, payload in happened if name == "contentBlockDelta")
    assert folded.choices[0].said == stop["stopReason"]
    assert said(folded)["text"] == words
    assert said(folded)["calls"] == [
        (part.name, json.loads(part.arguments)) for part in folded.choices[0].parts if isinstance(part, ToolCall)
    ]


@corpus(WHOLE, STREAMED, COUNTED, only=lambda case: case.status >= 400)
def test_recorded_refusal_keeps_its_class_and_its_words(case: Case) -> None:
    error = CODEC.read_error(case.status, json.dumps(case.body).encode())

    if case.status == 403:
        assert (error.status, error.code) == (502, "upstream_credential")
        assert case.body["message"] not in error.message
        assert case.body["message"] in (error.detail or "")
    else:
        assert (error.status, error.message) == (case.status, case.body["message"])


@corpus(COUNTED, only=is_answer)
def test_recorded_count_is_read_and_written(case: Case) -> None:
    codec = CountCodec()

    counted = codec.read_response(json.dumps(case.body).encode(), notes())

    assert counted.tokens == case.body["inputTokens"]
    assert json.loads(codec.write_response(counted, ASKED, notes())) == case.body


@corpus("dev/bedrock_invoke_stream", only=lambda case: case.status == 200)
def test_frames_of_other_streams_of_bedrock_are_whole_too(case: Case) -> None:
    stream = case.frames or b""

    assert {frame.name for frame in FrameCutter().feed(stream)} == {"chunk"}
    assert b"".join(frame.raw for frame in FrameCutter().feed(stream)) == stream
