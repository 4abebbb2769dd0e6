"""Recorded traffic of OpenAI's Responses API and of hosts that speak it."""

import itertools
import json
import random
from typing import Any

import msgspec
import pytest
from tests.providers.openai.responses_support import CODEC, events_in, folded, notes, read, stream_of
from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge.errors import GatewayError
from tollbridge.formats import Envelope, decode_json, event_data, fold, split_events, unfold

HOSTS = tuple(
    f"dev/{name}_responses" for name in ("openai", "azure_openai", "xai", "deepseek", "openrouter", "bedrock_mantle")
)
EDGES = tuple(f"edge_cases/{name}" for name in ("azure", "open-responses", "openai", "xai"))
RENEWED = ("encrypted_content", "fingerprint")
"""What a provider encrypts anew each time it says it."""


def is_edge(case: Case) -> bool:
    """Whether an edge case is an answer, whole or as events; others of its folder are in another dialect."""
    told = case.body if isinstance(case.body, dict) else {}
    first = case.events[0] if case.events else {}
    return told.get("object") == "response" or str(first.get("type")).startswith("response.")


def plain(value: Any) -> Any:
    """Give an answer as plain values, without what is encrypted anew."""
    if isinstance(value, dict):
        return {name: None if name in RENEWED else plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return value if isinstance(value, str | int | bool | None) else str(value)


def last_answer(stream: bytes) -> Any:
    """Give the whole answer that a stream ends with."""
    found = [data for event in split_events(stream) if (data := event_data(event)) not in (None, b"[DONE]")]
    return json.loads(found[-1])["response"]


def rewritten(body: dict[str, Any]) -> Any:
    response = CODEC.read_response(json.dumps(body).encode(), notes())
    return decode_json(CODEC.write_response(response, read(), notes(strict=True)))


def renamed(value: Any) -> Any:
    """Leave out ids: two hosts give the same item another one in each event."""
    if isinstance(value, dict):
        return {name: renamed(inner) for name, inner in value.items() if name != "id"}
    return [renamed(inner) for inner in value] if isinstance(value, list) else value


@corpus(*HOSTS, only=lambda case: "model" in case.request)
def test_recorded_request_is_written_as_it_was_read(case: Case) -> None:
    body = json.dumps(case.request).encode()

    again = CODEC.write_request(CODEC.read_request(body, Envelope("m"), notes()), notes(strict=True))

    assert decode_json(again) == decode_json(body)


@corpus(*HOSTS, only=is_answer)
def test_recorded_answer_is_written_as_it_was_read(case: Case) -> None:
    assert rewritten(case.body) == decode_json(json.dumps(case.body))


@corpus(*HOSTS, only=is_answer)
def test_buckets_of_a_recorded_answer_add_up_to_its_total(case: Case) -> None:
    response = CODEC.read_response(json.dumps(case.body).encode(), notes())

    told = case.body["usage"]
    assert (response.usage is None) == (told is None)
    if told is not None and response.usage is not None:
        assert response.usage.total == told["total_tokens"]
        assert response.usage.reasoning == told["output_tokens_details"]["reasoning_tokens"]


@corpus(*HOSTS, only=is_answer)
def test_recorded_answer_comes_through_a_stream_unchanged(case: Case) -> None:
    response = CODEC.read_response(json.dumps(case.body).encode(), notes())
    writer = CODEC.stream_writer(read(), notes(strict=True))

    stream = b"".join(writer.write(event) for event in unfold(response))

    assert folded(stream) == response


@corpus(*HOSTS, only=is_stream)
def test_recorded_stream_folds_to_the_answer_it_ends_with(case: Case) -> None:
    stream = (case.text or "").encode()
    whole = CODEC.read_response(json.dumps(last_answer(stream)).encode(), notes())

    response = folded(stream)

    found, expected = plain(msgspec.to_builtins(response)), plain(msgspec.to_builtins(whole))
    if case.name.startswith("pydantic-ai--test-openai-responses-test-openai-responses-raw-cot-stream-openrouter"):
        found, expected = renamed(found), renamed(expected)
    assert found == expected


@corpus(*HOSTS, only=is_stream)
def test_recorded_stream_gives_the_same_events_at_every_cut(case: Case) -> None:
    stream = (case.text or "").encode()
    events = events_in(stream)

    for chunks in case.cuts(40, 700):
        reader = CODEC.stream_reader(notes())
        assert [event for chunk in (*chunks, b"") for event in reader.feed(chunk)] == events
    if len(stream) < 50_000:
        assert events_in(stream, 1) == events


@corpus(*HOSTS, only=is_stream)
def test_recorded_stream_is_written_as_one_that_says_the_same(case: Case) -> None:
    events = events_in((case.text or "").encode())
    writer = CODEC.stream_writer(read(), notes(strict=True))

    stream = b"".join(writer.write(event) for event in events)

    assert folded(stream) == fold(events)


@corpus(*HOSTS, only=is_stream)
def test_recorded_stream_that_is_cut_off_is_never_whole(case: Case) -> None:
    stream = (case.text or "").encode()
    chance = random.Random(case.name)
    end = stream.rindex(b"\n\n", 0, stream.rindex(b'"response":{')) + 30

    for place in itertools.chain([end], (chance.randrange(end) for _ in range(5))):
        with pytest.raises(GatewayError, match="ended before it was complete"):
            fold(events_in(stream[:place]))


@corpus(*HOSTS, only=lambda case: case.status >= 400)
def test_recorded_refusal_keeps_its_class_and_its_words(case: Case) -> None:
    error = CODEC.read_error(case.status, json.dumps(case.body).encode())

    assert error.status == (502 if case.status == 401 else case.status)
    told = case.body["error"]
    assert case.status == 401 or error.message == (told if isinstance(told, str) else told["message"])


@corpus(*EDGES, only=is_edge)
def test_edge_case_says_the_same_whole_and_streamed(case: Case) -> None:
    if case.body is not None:
        assert rewritten(case.body) == decode_json(json.dumps(case.body))
        return
    stream = stream_of(*case.events)

    response = folded(stream)

    whole = CODEC.read_response(json.dumps(last_answer(stream)).encode(), notes())
    assert renamed(plain(msgspec.to_builtins(response))) == renamed(plain(msgspec.to_builtins(whole)))
