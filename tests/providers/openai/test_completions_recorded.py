"""Recorded completions keep the laws."""

import json
from typing import Any

from tests.support.corpus import Case, corpus, is_answer, is_stream
from tests.support.shapes import openai_problems, sse_data

from tollbridge.formats import Envelope, Request, Response, Unknown, fold, unfold
from tollbridge.testing.conversation_contract import notes
from tollbridge.testing.conversations import events_of
from tollbridge_openai.completions_codec import COMPLETIONS_CODEC

CODEC = COMPLETIONS_CODEC
FOLDERS = ("dev/openai_completions", "dev/azure_openai_completions")
STREAMED = (*FOLDERS, "edge_cases/openai")
SHAPE = "CreateCompletionResponse"


def is_completion(case: Case) -> bool:
    return is_stream(case) and '"text_completion"' in (case.text or "")


def asked(case: Case) -> Request:
    return CODEC.read_request(json.dumps(case.request).encode(), Envelope("m"), notes())


def read(case: Case) -> Response:
    return CODEC.read_response(json.dumps(case.body).encode(), notes())


@corpus(*FOLDERS)
def test_recorded_request_is_written_as_it_was_read(case: Case) -> None:
    written = CODEC.write_request(asked(case), notes(strict=True))

    assert json.loads(written) == case.request


@corpus(*FOLDERS, only=is_answer)
def test_recorded_answer_is_written_as_it_was_read(case: Case) -> None:
    written = CODEC.write_response(read(case), asked(case), notes())

    assert json.loads(written) == case.body


@corpus(*FOLDERS, only=is_answer)
def test_recorded_answer_adds_up_to_the_hosts_own_total(case: Case) -> None:
    usage = read(case).usage

    assert usage is not None
    assert usage.total == case.body["usage"]["total_tokens"]


@corpus(*FOLDERS, only=is_answer)
def test_recorded_answer_streams_to_itself(case: Case) -> None:
    response = read(case)
    request = Request(origin="openai-completions", model="m", messages=(), stream_usage=True)
    writer = CODEC.stream_writer(request, notes())
    stream = b"".join(writer.write(event) for event in unfold(response))

    assert fold(events_of(CODEC.stream_reader(notes()), stream, 11)) == response
    assert [problem for data in sse_data(stream) for problem in openai_problems(SHAPE, whole(data))] == []


def whole(data: bytes) -> Any:
    """Give a piece as OpenAI's document has it: OpenAI itself leaves out `completion_tokens` where there are none."""
    piece = json.loads(data)
    if piece["usage"]:
        piece["usage"].setdefault("completion_tokens", 0)
    return piece


@corpus(*STREAMED, only=is_completion)
def test_recorded_stream_folds_to_the_same_answer_at_any_cut(case: Case) -> None:
    found = []
    for chunks in case.cuts(1, 50):
        reader = CODEC.stream_reader(notes())
        events = [event for chunk in (*chunks, b"") for event in reader.feed(chunk)]
        assert not any(isinstance(event, Unknown) for event in events)
        found.append(fold(events))

    assert all(other == found[0] for other in found)
    pieces = [json.loads(data) for data in sse_data((case.text or "").encode())]
    words = "".join(choice["text"] for piece in pieces for choice in piece["choices"])
    assert "".join(part.text for choice in found[0].choices for part in choice.parts) == words
    assert all(choice.said for choice in found[0].choices)


@corpus(*FOLDERS, only=lambda case: case.status >= 400)
def test_recorded_refusal_keeps_its_class_and_words(case: Case) -> None:
    error = CODEC.read_error(case.status, json.dumps(case.body).encode())

    assert error.status == (502 if case.status == 401 else case.status)
    assert case.status == 401 or error.message == case.body["error"]["message"]
