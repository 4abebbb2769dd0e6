"""Recorded traffic of Mistral's."""

import json
from typing import Any

from tests.providers.mistral.shared import CODEC, ENVELOPE, bare, events_of, notes, sse
from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge import Quirks
from tollbridge.formats import Dialect, Envelope, fold, unfold
from tollbridge_mistral.dialects import ChatDialect, EmbeddingsDialect
from tollbridge_mistral.embeddings import EmbeddingsCodec

CHAT, EMBEDDINGS = "dev/mistral_chat", "dev/mistral_embeddings"
CODECS: dict[str, Any] = {"/v1/chat/completions": CODEC, "/v1/embeddings": EmbeddingsCodec()}
DIALECTS: dict[str, Dialect] = {"/v1/chat/completions": ChatDialect(), "/v1/embeddings": EmbeddingsDialect()}


@corpus(CHAT, EMBEDDINGS)
def test_recorded_request_is_written_as_it_was_read(case: Case) -> None:
    codec, taken = CODECS[case.path], notes()

    request = codec.read_request(json.dumps(case.request).encode(), ENVELOPE, taken)

    assert json.loads(codec.write_request(request, taken)) == case.request
    assert taken.dropped == ()


@corpus(CHAT, EMBEDDINGS)
def test_recorded_request_passes_untouched(case: Case) -> None:
    dialect, body = DIALECTS[case.path], json.dumps(case.request, indent=1).encode()

    envelope = dialect.read_envelope(dialect.operations[0], case.path, body)

    assert (envelope.model, envelope.stream) == (case.request["model"], bool(case.request.get("stream")))
    assert dialect.readdress(body, envelope, model=envelope.model, max_output=None, quirks=Quirks()) == body


@corpus(CHAT, EMBEDDINGS, only=is_answer)
def test_recorded_answer_is_written_as_it_was_read(case: Case) -> None:
    codec = CODECS[case.path]
    asked = codec.read_request(json.dumps(case.request).encode(), ENVELOPE, notes())

    response = codec.read_response(json.dumps(case.body).encode(), notes())

    assert bare(json.loads(codec.write_response(response, asked, notes()))) == bare(case.body)


@corpus(CHAT, EMBEDDINGS, "edge_cases/mistral", only=is_answer)
def test_recorded_answer_is_counted_to_the_last_token(case: Case) -> None:
    body = json.dumps(case.body).encode()
    reader = ChatDialect().answer_reader(Envelope("m"), streamed=False)

    assert reader.feed(body) == [body]

    assert reader.usage is not None
    assert reader.usage.total == case.body["usage"]["total_tokens"]
    if "choices" in case.body:
        assert CODEC.read_response(body, notes()).usage == reader.usage


def pieces_of(text: str) -> list[Any]:
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: {")]


def whole_of(pieces: list[Any]) -> Any:
    """Put the pieces of a stream together by hand, as Mistral answers without one."""
    message: dict[str, Any] = {"role": "assistant", "tool_calls": None, "content": ""}
    choice: dict[str, Any] = {"index": 0, "message": message}
    first = pieces[0]
    answer = {"id": first["id"], "created": first["created"], "model": first["model"], "object": "chat.completion"}
    listed: list[Any] = []
    for piece in pieces:
        answer.update({name: piece[name] for name in ("usage",) if name in piece})
        (told,) = piece["choices"]
        content = told["delta"].get("content") or []
        for item in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            if listed and listed[-1]["type"] == item["type"] == "text":
                listed[-1]["text"] += item["text"]
            elif listed and listed[-1]["type"] == item["type"] == "thinking":
                words = [text["text"] for text in (*listed[-1]["thinking"], *item["thinking"])]
                listed[-1] |= {**item, "thinking": [{"type": "text", "text": "".join(words)}]}
            else:
                listed.append(item)
        for call in told["delta"].get("tool_calls") or []:
            calls = message["tool_calls"] = message["tool_calls"] or []
            if call.get("index", 0) < len(calls):
                calls[call["index"]]["function"]["arguments"] += call["function"]["arguments"]
            else:
                calls.append(call)
        choice["finish_reason"] = told["finish_reason"]
    plain = not any(item["type"] == "thinking" for item in listed)
    message["content"] = "".join(item["text"] for item in listed) if plain else listed
    return {**answer, "choices": [choice]}


@corpus(CHAT, only=is_stream)
def test_recorded_stream_passes_and_is_counted_at_any_cut(case: Case) -> None:
    assert case.text is not None
    total = pieces_of(case.text)[-1]["usage"]["total_tokens"]

    for chunks in case.cuts(1, 7, 100, 2000):
        reader = ChatDialect().answer_reader(Envelope("m", stream=True), streamed=True)
        passed = b"".join(piece for chunk in (*chunks, b"") for piece in reader.feed(chunk))

        assert passed == case.text.encode()
        assert (reader.finished, reader.failed) == (True, False)
        assert reader.usage is not None
        assert reader.usage.total == total


@corpus(CHAT, only=is_stream)
def test_recorded_stream_folds_to_the_whole_answer_at_any_cut(case: Case) -> None:
    assert case.text is not None
    expected = CODEC.read_response(json.dumps(whole_of(pieces_of(case.text))).encode(), notes())

    for chunks in case.cuts(1, 7, 100, 2000):
        assert fold(events_of(CODEC.stream_reader(notes()), chunks)) == expected


@corpus("edge_cases/mistral", only=lambda case: bool(case.events))
def test_edge_case_stream_folds_to_the_whole_answer(case: Case) -> None:
    expected = CODEC.read_response(json.dumps(whole_of(json.loads(json.dumps(case.events)))).encode(), notes())

    for stream in (sse(*case.events), sse(*case.events, done=False)):
        assert fold(events_of(CODEC.stream_reader(notes()), [stream])) == expected


@corpus(CHAT, only=is_answer)
def test_recorded_answer_streams_to_what_it_is(case: Case) -> None:
    response = CODEC.read_response(json.dumps(case.body).encode(), notes())
    asked = CODEC.read_request(json.dumps(case.request).encode(), ENVELOPE, notes())
    writer = CODEC.stream_writer(asked, notes())

    stream = b"".join(writer.write(event) for event in unfold(response))

    assert fold(events_of(CODEC.stream_reader(notes()), [stream])) == response


@corpus(CHAT, only=is_stream)
def test_truncated_recorded_stream_never_ends_cleanly(case: Case) -> None:
    assert case.text is not None
    cut = case.text.encode()[: case.text.rindex('"finish_reason"')]

    kinds = [type(event).__name__ for event in events_of(CODEC.stream_reader(notes()), [cut])]

    assert "End" not in kinds
    assert kinds[0] == "Begin"
