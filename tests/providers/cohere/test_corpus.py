"""Recorded traffic of Cohere's, and of Voyage's reranking."""

import json
from typing import Any

from tests.providers.cohere.shared import CODEC, ENVELOPE, SEAL, bare, events_of, notes, sse
from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge import Quirks
from tollbridge.formats import Dialect, Envelope, Notes, fold, unfold
from tollbridge_cohere.dialects import ChatDialect, EmbedDialect, RerankDialect, SharedRerankDialect
from tollbridge_cohere.embed import EmbedCodec
from tollbridge_cohere.rerank import RerankCodec, SharedRerankCodec

CHAT = ("dev/cohere_chat",)
DIALECTS: dict[str, Dialect] = {
    dialect.operations[0].path: dialect
    for dialect in (ChatDialect(), EmbedDialect(), RerankDialect(), SharedRerankDialect())
}
CODECS: dict[str, Any] = {
    "/v2/chat": CODEC,
    "/v2/embed": EmbedCodec(),
    "/v2/rerank": RerankCodec(),
    "/v1/rerank": SharedRerankCodec(),
}
ALL = (*CHAT, "dev/cohere_embed", "dev/cohere_rerank", "dev/voyage_rerank")


@corpus(*ALL)
def test_recorded_request_is_written_as_it_was_read(case: Case) -> None:
    codec, taken = CODECS[case.path], notes()

    request = codec.read_request(json.dumps(case.request).encode(), ENVELOPE, taken)

    assert json.loads(codec.write_request(request, taken)) == case.request
    assert taken.dropped == ()


@corpus(*ALL)
def test_recorded_request_passes_untouched(case: Case) -> None:
    dialect, body = DIALECTS[case.path], json.dumps(case.request, indent=1).encode()

    envelope = dialect.read_envelope(dialect.operations[0], case.path, body)

    assert (envelope.model, envelope.stream) == (case.request["model"], bool(case.request.get("stream")))
    assert dialect.readdress(body, envelope, model=envelope.model, max_output=None, quirks=Quirks()) == body


@corpus(*ALL, only=is_answer)
def test_recorded_answer_is_written_as_it_was_read(case: Case) -> None:
    codec = CODECS[case.path]
    asked = codec.read_request(json.dumps(case.request).encode(), ENVELOPE, notes())

    response = codec.read_response(json.dumps(case.body).encode(), notes())

    assert json.loads(codec.write_response(response, asked, notes())) == case.body


def billed(body: Any) -> int | None:
    units = (body.get("usage") or body.get("meta") or {}).get("billed_units") or {}
    counts = [units[name] for name in ("input_tokens", "output_tokens", "image_tokens") if name in units]
    return sum(counts) if counts else None


@corpus(*CHAT, "dev/cohere_embed", "dev/cohere_rerank", "edge_cases/cohere", only=is_answer)
def test_recorded_answer_is_counted_as_it_was_billed(case: Case) -> None:
    body = json.dumps(case.body).encode()
    reader = ChatDialect().answer_reader(Envelope("m"), streamed=False)

    assert reader.feed(body) == [body]

    assert (None if reader.usage is None else reader.usage.total) == billed(case.body)
    assert reader.finished
    if "message" in case.body:
        assert CODEC.read_response(body, notes()).usage == reader.usage


@corpus(*CHAT, only=is_stream)
def test_recorded_stream_passes_and_is_counted_at_any_cut(case: Case) -> None:
    assert case.text is not None
    (end,) = [json.loads(line[6:]) for line in case.text.splitlines() if line.startswith('data: {"type":"message-end"')]

    for chunks in case.cuts(1, 7, 100, 2000):
        reader = ChatDialect().answer_reader(Envelope("m", stream=True), streamed=True)
        passed = b"".join(piece for chunk in (*chunks, b"") for piece in reader.feed(chunk))

        assert passed == case.text.encode()
        assert (reader.finished, reader.failed) == (True, False)
        assert reader.usage is not None
        assert reader.usage.total == billed(end["delta"])
        assert reader.pieces > 0 or "-delta" not in case.text


def whole_of(text: str) -> dict[str, Any]:
    """Put a recorded stream together by hand, as Cohere answers without one."""
    message: dict[str, Any] = {"role": "assistant"}
    answer: dict[str, Any] = {"message": message}
    for line in text.splitlines():
        if not line.startswith("data: {"):
            continue
        event = json.loads(line[6:])
        told = (event.get("delta") or {}).get("message") or {}
        kind = event["type"]
        if kind == "message-start":
            answer["id"] = event["id"]
        elif kind == "content-start":
            message.setdefault("content", []).append(dict(told["content"]))
        elif kind == "content-delta":
            for name, words in told["content"].items():
                message["content"][event["index"]][name] += words
        elif kind == "tool-plan-delta":
            message["tool_plan"] = message.get("tool_plan", "") + told["tool_plan"]
        elif kind == "tool-call-start":
            message.setdefault("tool_calls", []).append(told["tool_calls"])
        elif kind == "tool-call-delta":
            words = told["tool_calls"]["function"]["arguments"]
            message["tool_calls"][event["index"]]["function"]["arguments"] += words
        elif kind == "citation-start":
            message.setdefault("citations", []).append(told["citations"])
        elif kind == "message-end":
            answer |= event["delta"]
    return answer


@corpus(*CHAT, only=is_stream)
def test_recorded_stream_folds_to_the_whole_answer_at_any_cut(case: Case) -> None:
    assert case.text is not None
    expected = CODEC.read_response(json.dumps(whole_of(case.text)).encode(), notes())

    for chunks in case.cuts(1, 7, 100, 2000):
        assert fold(events_of(CODEC.stream_reader(notes()), chunks)) == expected


@corpus("edge_cases/cohere", only=lambda case: bool(case.events))
def test_edge_case_stream_folds_to_the_whole_answer(case: Case) -> None:
    stream = sse(*case.events)
    expected = CODEC.read_response(json.dumps(whole_of(stream.decode())).encode(), notes())

    assert fold(events_of(CODEC.stream_reader(notes()), [stream])) == expected


@corpus(*CHAT, only=is_stream)
def test_truncated_recorded_stream_never_ends_cleanly(case: Case) -> None:
    assert case.text is not None
    cut = case.text.encode().partition(b"event: message-end")[0]

    kinds = [type(event).__name__ for event in events_of(CODEC.stream_reader(notes()), [cut])]

    assert "End" not in kinds
    assert kinds[0] == "Begin"


@corpus(*CHAT, only=is_answer)
def test_recorded_answer_streams_to_what_it_is(case: Case) -> None:
    response = CODEC.read_response(json.dumps(case.body).encode(), notes())
    asked = CODEC.read_request(json.dumps(case.request).encode(), ENVELOPE, notes())
    writer = CODEC.stream_writer(asked, notes())

    stream = b"".join(writer.write(event) for event in unfold(response))

    assert fold(events_of(CODEC.stream_reader(Notes(SEAL)), [stream])) == response
    assert bare(whole_of(stream.decode())) == bare(case.body)
