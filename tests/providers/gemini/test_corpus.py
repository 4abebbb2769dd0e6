"""Recorded traffic of the Gemini API and of Vertex."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tests.providers.gemini.support import (
    CODEC,
    asked,
    by_json_names,
    events_of,
    notes,
    read,
    streamed,
    written,
)
from tests.support.corpus import VARIABLE, Case, corpus, is_answer, is_stream

from tollbridge import Quirks
from tollbridge.formats import AnswerReader, CountResponse, Envelope, Response, decode_json, encode_json, fold, unfold
from tollbridge_gemini.counting import CountCodec
from tollbridge_gemini.dialect import GeminiDialect
from tollbridge_gemini.embedding import EmbedCodec

DIALECT = GeminiDialect()
FOLDERS = ("dev/gemini_generate", "dev/vertex_generate")
COUNTS = ("dev/gemini_count_tokens", "dev/vertex_count_tokens")


def generates(case: Case) -> bool:
    return case.path.endswith((":generateContent", ":streamGenerateContent"))


def has_answer(case: Case) -> bool:
    return is_answer(case) and generates(case) and isinstance(case.body, dict)


def listed(case: Case) -> bool:
    """Whether the caller asked for a stream as a list."""
    return is_answer(case) and isinstance(case.body, list)


def rest(body: Any) -> Any:
    return decode_json(json.dumps(body))


def reader_of(*, streamed: bool) -> AnswerReader:
    return DIALECT.answer_reader(Envelope("m", stream=streamed), streamed=streamed)


def total_of(usage: dict[str, int]) -> int:
    parts = ("promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "toolUsePromptTokenCount")
    return usage.get("totalTokenCount", sum(usage.get(part, 0) for part in parts))


@corpus(*FOLDERS, only=generates)
def test_recorded_request_is_read_and_passes_untouched(case: Case) -> None:
    method = case.path.rpartition(":")[2]
    model = case.path.rpartition(":")[0].rpartition("models/")[2]
    operation = next(one for one in DIALECT.operations if one.path.endswith(f":{method}"))
    body = json.dumps(case.request, ensure_ascii=False, indent=1).encode()

    envelope = DIALECT.read_envelope(operation, f"/v1beta/models/{model}:{method}", body)
    passed, limited = (
        DIALECT.readdress(body, envelope, model="another", max_output=limit, quirks=Quirks()) for limit in (None, 7)
    )

    config = case.request.get("generationConfig", {})
    assert envelope.model == model
    assert envelope.stream == (method == "streamGenerateContent")
    assert envelope.max_output == config.get("maxOutputTokens")
    assert passed == body
    assert json.loads(limited) == {**case.request, "generationConfig": {**config, "maxOutputTokens": 7}}


@corpus(*FOLDERS, only=generates)
def test_recorded_request_is_the_same_when_read_and_written(case: Case) -> None:
    request = read(case.request)

    assert by_json_names(decode_json(CODEC.write_request(request, notes()))) == by_json_names(rest(case.request))


@corpus(*FOLDERS, only=has_answer)
def test_recorded_answer_is_counted_to_the_last_token(case: Case) -> None:
    body = json.dumps(case.body).encode()
    reader = reader_of(streamed=False)

    assert reader.feed(body) == [body]

    assert reader.usage is not None
    assert reader.usage.total == case.body["usageMetadata"]["totalTokenCount"]
    assert reader.finished


@corpus(*FOLDERS, only=has_answer)
def test_recorded_answer_is_the_same_when_read_and_written(case: Case) -> None:
    response = CODEC.read_response(json.dumps(case.body).encode(), notes())

    again = decode_json(CODEC.write_response(response, asked(), notes()))

    expected = rest(case.body)
    for place, candidate in enumerate(expected["candidates"]):
        candidate.setdefault("index", place)
    assert again == expected
    assert response.usage is not None
    assert response.usage.total == case.body["usageMetadata"]["totalTokenCount"]


@corpus(*FOLDERS, only=has_answer)
def test_recorded_answer_streamed_is_the_answer_whole(case: Case) -> None:
    response = CODEC.read_response(json.dumps(case.body).encode(), notes())

    stream = written(unfold(response))

    whole = CODEC.read_response(CODEC.write_response(response, asked(), notes()), notes())
    assert fold(events_of(stream)) == whole


@corpus(*FOLDERS, only=is_stream)
def test_recorded_stream_passes_the_same_at_any_cut(case: Case) -> None:
    assert case.text is not None
    told = [json.loads(line[5:]).get("usageMetadata", {}) for line in case.text.splitlines() if line[:5] == "data:"]

    for chunks in case.cuts(1, 7, 100, 2000):
        reader = reader_of(streamed=True)
        passed = b"".join(piece for chunk in (*chunks, b"") for piece in reader.feed(chunk))

        assert passed == case.text.encode()
        assert reader.finished
        assert (reader.usage.total if reader.usage is not None else None) == total_of(told[-1])


@corpus(*FOLDERS, only=is_stream)
def test_recorded_stream_folds_the_same_at_any_cut(case: Case) -> None:
    assert case.text is not None
    answers: list[Response] = []
    for chunks in case.cuts(1, 7, 100):
        reader = CODEC.stream_reader(notes())
        answers.append(fold(event for piece in (*chunks, b"") for event in reader.feed(piece)))

    words = "".join(
        part.get("text", "")
        for line in case.text.splitlines()
        if line[:5] == "data:"
        for candidate in json.loads(line[5:]).get("candidates", ())
        for part in candidate.get("content", {}).get("parts", ())
    )
    assert all(answer == answers[0] for answer in answers)
    assert "".join(getattr(part, "text", "") for part in answers[0].choices[0].parts) == words


def stream_of(case: Case) -> bytes:
    return streamed(*case.body) if case.text is None else case.text.encode()


@corpus(*FOLDERS, only=lambda case: listed(case) or is_stream(case))
def test_recorded_stream_is_the_same_when_read_and_written(case: Case) -> None:
    events = events_of(stream_of(case))

    assert fold(events_of(written(events), 11)) == fold(events)


@corpus(*FOLDERS, only=lambda case: listed(case) or is_stream(case))
def test_recorded_stream_is_the_answer_that_is_written_of_it(case: Case) -> None:
    response = fold(events_of(stream_of(case)))

    again = CODEC.read_response(CODEC.write_response(response, asked(), notes()), notes())

    for one, other in zip(again.choices, response.choices, strict=True):
        assert [getattr(part, "text", "") for part in one.parts] == [getattr(part, "text", "") for part in other.parts]
        assert (one.stop, one.said) == (other.stop, other.said)
    assert again.usage == response.usage


@corpus(*COUNTS)
def test_recorded_count_is_the_same_when_read_and_written(case: Case) -> None:
    codec = CountCodec()
    request = codec.read_request(json.dumps(case.request).encode(), Envelope("m"), notes())

    assert by_json_names(decode_json(codec.write_request(request, notes()))) == by_json_names(rest(case.request))
    if case.status == 200:
        count = codec.read_response(json.dumps(case.body).encode(), notes())
        assert count.tokens == case.body["totalTokens"]
        assert json.loads(codec.write_response(count, request, notes())) == case.body
        assert json.loads(codec.write_response(CountResponse(origin="x", tokens=3), request, notes())) == {
            "totalTokens": 3
        }


@corpus("dev/gemini_embed", "dev/vertex_embed")
def test_recorded_embeddings_are_the_same_when_read_and_written(case: Case) -> None:
    codec = EmbedCodec(batch=case.path.endswith(":batchEmbedContents"))
    request = codec.read_request(json.dumps(case.request).encode(), Envelope("m"), notes())
    response = codec.read_response(encode_json(rest(case.body)), notes())

    assert decode_json(codec.write_request(request, notes())) == rest(case.request)
    assert decode_json(codec.write_response(response, request, notes())) == rest(case.body)
    told = case.body.get("usageMetadata")
    assert (response.usage.total if response.usage is not None else None) == (total_of(told) if told else None)


def edge(name: str) -> Any:
    root = os.environ.get(VARIABLE, "")
    if not root:
        pytest.skip(f"recorded traffic is not here; name its folder in {VARIABLE}")
    return json.loads(Path(root, "edge_cases/google", name).read_text("utf-8"))["response"]


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        (
            "google-google-stream-tool-call-arguments-chunks-txt.json",
            [{"location": "Boston"}, {"location": "San Francisco"}],
        ),
        ("google-google-vertex-stream-tool-call-arguments-nested-1-chunks-txt.json", None),
    ],
)
def test_arguments_that_are_streamed_make_whole_calls(name: str, arguments: list[Any] | None) -> None:
    response = fold(events_of(streamed(*edge(name)["events"]), 13))

    calls = [json.loads(part.arguments) for part in response.choices[0].parts]  # type: ignore[union-attr]  # calls
    if arguments is None:
        [call] = calls
        assert call["recipe"]["ingredients"][0].keys() == {"amount", "name"}
    else:
        assert calls == arguments


def test_retry_info_of_a_recorded_error_says_when_to_try_again() -> None:
    body = json.dumps(edge("google-google-429-retry-info-json.json")["body"]).encode()

    error = CODEC.read_error(429, body)

    assert (error.status, error.code, error.retry_after_s) == (429, "RESOURCE_EXHAUSTED", 34.4)
