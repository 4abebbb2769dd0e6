"""Searches of Google's: how many of them are charged."""

import json
from typing import Any

import pytest
from tests.providers.gemini.support import CODEC, chunk, events_of, notes, streamed
from tests.support.corpus import Case, corpus, is_answer, is_stream

from tollbridge import Usage
from tollbridge.formats import Envelope, fold
from tollbridge_gemini.dialect import GeminiDialect

COUNTS = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
NEW = {"modelVersion": "gemini-3.5-flash"}


def grounded(*queries: Any, **more: Any) -> dict[str, Any]:
    """Give a piece that rests on these queries."""
    return {**chunk({"text": "a"}, groundingMetadata={"webSearchQueries": list(queries)}), **more}


def last(*queries: Any, **more: Any) -> dict[str, Any]:
    piece = grounded(*queries, usageMetadata=COUNTS, **more)
    piece["candidates"][0]["finishReason"] = "STOP"
    return piece


def metered(*pieces: dict[str, Any], stream: bool, size: int = 0) -> Usage | None:
    body = streamed(*pieces) if stream else json.dumps(pieces[0]).encode()
    reader = GeminiDialect().answer_reader(Envelope("m", stream=stream), streamed=stream)
    cut = [body[at : at + size] for at in range(0, len(body), size)] if size else [body]
    for part in (*cut, b""):
        reader.feed(part)
    return reader.usage


def read(*pieces: dict[str, Any], stream: bool) -> Usage | None:
    if stream:
        return fold(events_of(streamed(*pieces))).usage
    return CODEC.read_response(json.dumps(pieces[0]).encode(), notes()).usage


READERS = pytest.mark.parametrize("reading", [metered, read])


@READERS
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "searches"),
    [
        ("gemini-3-flash-preview", 2),
        ("gemini-3.5-flash", 2),
        ("gemini-4-argon", 2),
        ("gemini-nano-banana-2.1", 2),
        ("", 2),
        (None, 2),
        (3, 2),
        ("gemini-2.5-flash", 1),
        ("gemini-2.0-flash-001", 1),
        ("publishers/google/models/gemini-1.5-pro-002", 1),
    ],
)
def test_queries_are_counted_from_gemini_3_on_and_prompts_before(
    reading: Any, stream: bool, model: Any, searches: int
) -> None:
    usage = reading(last("one", "two", modelVersion=model), stream=stream)

    assert usage == Usage(input=3, output=2, server_tool_calls=searches)


@READERS
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("queries", "searches"),
    [
        (("a", "b", "a"), 2),
        (("", "a", " "), 1),
        (("", ""), 0),
        ((), 0),
        ((5, None, {"q": 1}, "a"), 1),
    ],
)
def test_empty_queries_and_those_made_before_are_not_counted(
    reading: Any, stream: bool, queries: Any, searches: int
) -> None:
    assert reading(last(*queries, **NEW), stream=stream) == Usage(input=3, output=2, server_tool_calls=searches)
    old = reading(last(*queries, modelVersion="gemini-2.5-pro"), stream=stream)
    assert old == Usage(input=3, output=2, server_tool_calls=min(1, searches))


@READERS
@pytest.mark.parametrize("grounding", [None, 5, "webSearchQueries", {"webSearchQueries": "a"}, {"groundingChunks": []}])
def test_grounding_that_tells_of_no_query_counts_nothing(reading: Any, grounding: Any) -> None:
    piece = {**chunk({"text": "a"}, finishReason="STOP", groundingMetadata=grounding), "usageMetadata": COUNTS, **NEW}

    assert reading(piece, stream=False) == reading(piece, stream=True) == Usage(input=3, output=2)


@READERS
def test_queries_of_all_pieces_and_all_candidates_are_counted_once(reading: Any) -> None:
    several = last("a", "c", **NEW)
    several["candidates"].append({**grounded("d", "a")["candidates"][0], "index": 1, "finishReason": "STOP"})

    assert reading(grounded("a", "b", **NEW), several, stream=True) == Usage(input=3, output=2, server_tool_calls=4)


@READERS
def test_queries_told_behind_the_usage_are_counted_too(reading: Any) -> None:
    first = {**chunk({"text": "a"}), "usageMetadata": COUNTS, **NEW}
    late = grounded("a", "b", **NEW)
    late["candidates"][0]["finishReason"] = "STOP"

    assert reading(first, late, stream=True) == Usage(input=3, output=2, server_tool_calls=2)


@READERS
def test_queries_without_a_usage_are_no_usage(reading: Any) -> None:
    piece = grounded("a", **NEW)
    piece["candidates"][0]["finishReason"] = "STOP"

    assert reading(piece, stream=False) is None
    assert reading(piece, stream=True) is None


def test_stream_is_counted_at_any_cut() -> None:
    for size in (1, 7, 64):
        usage = metered(grounded("a", **NEW), last("b", **NEW), stream=True, size=size)

        assert usage == Usage(input=3, output=2, server_tool_calls=2)


def test_cost_in_a_stream_is_that_of_the_searches_too() -> None:
    reader = GeminiDialect().answer_reader(
        Envelope("m"), streamed=True, cost=lambda usage: f"0.0{usage.server_tool_calls}"
    )

    passed = b"".join(reader.feed(streamed(grounded("a", **NEW), last("b", **NEW))))

    assert b'"cost":0.02' in passed


@pytest.mark.parametrize(
    "candidates",
    [
        b'{"webSearchQueries": 1}',
        b'[{"groundingMetadata": {"webSearchQueries": ["\xff"]}}]',
        b'[5, {"webSearchQueries": 1}]',
    ],
)
def test_candidates_that_make_no_sense_leave_the_usage_as_it_is(candidates: bytes) -> None:
    body = b'{"candidates": %b, "usageMetadata": {"promptTokenCount": 3}}' % candidates
    reader = GeminiDialect().answer_reader(Envelope("m"), streamed=False)

    reader.feed(body)

    assert reader.usage == Usage(input=3)


@corpus("dev/gemini_generate", "dev/vertex_generate", only=lambda case: is_answer(case) or is_stream(case))
def test_recorded_searches_are_counted(case: Case) -> None:
    if isinstance(case.body, list):
        return
    pieces = [case.body]
    if case.text is not None:
        pieces = [json.loads(line[5:]) for line in case.text.splitlines() if line.startswith("data:")]
    queries = {
        query
        for piece in pieces
        for candidate in piece.get("candidates") or []
        for query in (candidate.get("groundingMetadata") or {}).get("webSearchQueries") or []
    }
    newer = pieces[0].get("modelVersion", "").startswith("gemini-3")

    usage = metered(*pieces, stream=case.text is not None)

    expected = len(queries) if newer else min(1, len(queries))
    assert (usage.server_tool_calls if usage is not None else 0) == expected
