"""Recorded traffic of Anthropic."""

import json

from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge import Quirks
from tollbridge.formats import AnswerReader, Envelope
from tollbridge_anthropic.dialect import MessagesDialect

DIALECT = MessagesDialect()
OPERATIONS = {operation.path: operation for operation in DIALECT.operations}
COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


@corpus("dev/anthropic_messages", "dev/anthropic_count_tokens")
def test_recorded_request_is_read_and_only_its_model_is_changed(case: Case) -> None:
    for body in (json.dumps(case.request).encode(), json.dumps(case.request, ensure_ascii=False, indent=1).encode()):
        envelope = DIALECT.read_envelope(OPERATIONS[case.path], case.path, body)

        same, other = (
            DIALECT.readdress(body, envelope, model=model, max_output=None, quirks=Quirks(stream_usage="always"))
            for model in (envelope.model, "another")
        )

        assert envelope.model == case.request["model"]
        assert envelope.stream == bool(case.request.get("stream"))
        assert same == body
        assert json.loads(other) == {**case.request, "model": "another"}


def reader_of(*, streamed: bool) -> AnswerReader:
    return DIALECT.answer_reader(Envelope("m", stream=streamed), streamed=streamed)


@corpus("dev/anthropic_messages", "edge_cases/anthropic", only=is_answer)
def test_recorded_answer_is_counted_to_the_last_token(case: Case) -> None:
    body = json.dumps(case.body).encode()
    reader = reader_of(streamed=False)

    assert reader.feed(body) == [body]

    told = case.body.get("usage")
    assert (reader.usage.total if reader.usage is not None else None) == (
        sum(told.get(key) or 0 for key in COUNTS) if told is not None else None
    )
    assert reader.finished


@corpus("dev/anthropic_messages", "edge_cases/anthropic", only=is_stream)
def test_recorded_stream_is_read_the_same_at_any_cut(case: Case) -> None:
    assert case.text is not None
    stream = case.text.encode()
    told: dict[str, int] = {}
    for line in case.text.splitlines():
        chunk = json.loads(line[5:]) if line.startswith("data:") else {}
        usage = chunk.get("usage") or (chunk.get("message") or {}).get("usage") or {}
        told |= {key: usage[key] for key in COUNTS if usage.get(key) is not None}

    for chunks in case.cuts(1, 7, 100, 2000):
        reader = reader_of(streamed=True)
        passed = b"".join(piece for chunk in (*chunks, b"") for piece in reader.feed(chunk))

        assert passed == stream
        assert reader.finished == ("message_stop" in case.text)
        assert (reader.usage.total if reader.usage is not None else 0) == sum(told.values())
