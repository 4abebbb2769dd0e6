"""Whole answers, both ways; the examples are invented."""

import json
from typing import Any

import pytest
from tests.providers.gemini.support import CODEC, SEAL, answer, answered, asked, notes, read, read_answer, write_answer

from tollbridge import BadRequest, Denied, RateLimited, UpstreamError, Usage
from tollbridge.formats import (
    Choice,
    Citation,
    Logprob,
    Media,
    MediaKind,
    Opaque,
    Reasoning,
    Refusal,
    Response,
    Role,
    ServerCall,
    State,
    Stop,
    Text,
    ToolCall,
)
from tollbridge_gemini.names import NAME

REASONS = {
    "STOP": Stop.END,
    "MAX_TOKENS": Stop.LENGTH,
    "SAFETY": Stop.FILTER,
    "RECITATION": Stop.FILTER,
    "LANGUAGE": Stop.OTHER,
    "OTHER": Stop.OTHER,
    "BLOCKLIST": Stop.FILTER,
    "PROHIBITED_CONTENT": Stop.FILTER,
    "SPII": Stop.FILTER,
    "MALFORMED_FUNCTION_CALL": Stop.BROKEN_CALL,
    "IMAGE_SAFETY": Stop.FILTER,
    "IMAGE_PROHIBITED_CONTENT": Stop.FILTER,
    "IMAGE_OTHER": Stop.OTHER,
    "NO_IMAGE": Stop.OTHER,
    "IMAGE_RECITATION": Stop.FILTER,
    "UNEXPECTED_TOOL_CALL": Stop.BROKEN_CALL,
    "TOO_MANY_TOOL_CALLS": Stop.OTHER,
    "MISSING_THOUGHT_SIGNATURE": Stop.OTHER,
    "MALFORMED_RESPONSE": Stop.OTHER,
    "ESCALATION": Stop.FILTER,
    "PUP_LIMITED_DISABLED": Stop.OTHER,
    "CONTINUATION": Stop.OTHER,
    "MODEL_ARMOR": Stop.FILTER,
    "FINISH_REASON_UNSPECIFIED": Stop.OTHER,
    "WHAT_IS_YET_TO_COME": Stop.OTHER,
}


def candidate(response: Response) -> Any:
    return write_answer(response)["candidates"][0]


@pytest.mark.parametrize(("said", "stop"), REASONS.items())
def test_each_finish_reason_has_one_of_ours_and_keeps_its_word(said: str, stop: Stop) -> None:
    body = answer({"text": "a"}, finishReason=said)

    response = read_answer(body)

    assert (response.choices[0].stop, response.choices[0].said) == (stop, said)
    assert write_answer(response) == body


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        (Stop.END, "STOP"),
        (Stop.STOP_SEQUENCE, "STOP"),
        (Stop.LENGTH, "MAX_TOKENS"),
        (Stop.TOOL_CALLS, "STOP"),
        (Stop.FILTER, "SAFETY"),
        (Stop.REFUSAL, "SAFETY"),
        (Stop.PAUSE, "OTHER"),
        (Stop.CONTEXT, "MAX_TOKENS"),
        (Stop.BROKEN_CALL, "MALFORMED_FUNCTION_CALL"),
        (Stop.OTHER, "OTHER"),
        (None, "OTHER"),
    ],
)
def test_each_stop_of_ours_has_a_finish_reason(stop: Stop | None, said: str) -> None:
    assert candidate(answered(Text(text="a"), stop=stop, said="theirs"))["finishReason"] == said


def test_answer_that_calls_tools_stops_for_them() -> None:
    body = answer({"functionCall": {"name": "f", "args": {"a": 1}}}, {"functionCall": {"id": "x", "name": "g"}})

    response = read_answer(body)

    [choice] = response.choices
    first, second = choice.parts
    assert choice.stop is Stop.TOOL_CALLS
    assert isinstance(first, ToolCall)
    assert (first.name, first.arguments) == ("f", '{"a":1}')
    assert first.id.startswith("call_")
    assert isinstance(second, ToolCall)
    assert (second.id, second.arguments) == ("x", "")
    assert write_answer(response) == body


def test_call_that_is_cut_short_stops_for_its_length() -> None:
    body = answer({"functionCall": {"name": "f"}}, finishReason="MAX_TOKENS")

    assert read_answer(body).choices[0].stop is Stop.LENGTH


def test_prompt_that_is_refused_has_no_candidate() -> None:
    body = {
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT", "safetyRatings": []},
        "usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4},
        "modelVersion": "m",
    }

    response = read_answer(body)

    assert response.choices == (Choice(stop=Stop.FILTER, said="PROHIBITED_CONTENT"),)
    assert response.usage == Usage(input=4)
    assert write_answer(response) == body


def test_head_of_an_answer_is_read() -> None:
    body = {**answer({"text": "a"}), "createTime": "2026-04-02T17:03:50.399550Z", "fresh": 1}
    body["usageMetadata"] = {"promptTokenCount": 1, "totalTokenCount": 1, "serviceTier": "STANDARD"}

    response = read_answer(body)

    assert (response.id, response.model, response.created, response.tier) == (
        "r1",
        "gemini-2.5-flash",
        1775149430,
        "default",
    )
    assert write_answer(response) == body


@pytest.mark.parametrize(
    ("wire", "usage"),
    [
        (
            {"promptTokenCount": 10, "candidatesTokenCount": 5, "thoughtsTokenCount": 7, "totalTokenCount": 22},
            Usage(input=10, output=12, reasoning=7),
        ),
        (
            {"promptTokenCount": 10, "cachedContentTokenCount": 4, "totalTokenCount": 10},
            Usage(input=6, cache_read=4),
        ),
        (
            {"promptTokenCount": 10, "toolUsePromptTokenCount": 3, "candidatesTokenCount": 1, "totalTokenCount": 14},
            Usage(input=13, output=1),
        ),
        (
            {
                "promptTokenCount": 20,
                "cachedContentTokenCount": 8,
                "promptTokensDetails": [
                    {"modality": "AUDIO", "tokenCount": 6},
                    {"modality": "IMAGE", "tokenCount": 5},
                    {"modality": "TEXT", "tokenCount": 9},
                ],
                "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 4}],
                "candidatesTokenCount": 9,
                "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 7}],
                "totalTokenCount": 29,
            },
            Usage(input=5, cache_read=8, audio_input=2, image_input=5, output=2, audio_output=7),
        ),
        (
            {"promptTokenCount": 3, "promptTokensDetails": [{"modality": 4, "tokenCount": 9}], "totalTokenCount": 5},
            Usage(audio_input=3, output=2),
        ),
        ({"trafficType": "ON_DEMAND"}, None),
        ({"promptTokenCount": "many"}, None),
    ],
)
def test_usage_is_cut_into_buckets_that_sum_to_the_total(wire: Any, usage: Usage | None) -> None:
    response = read_answer({**answer({"text": "a"}), "usageMetadata": wire})

    assert response.usage == usage
    if usage is not None:
        assert usage.total == wire["totalTokenCount"]


def test_usage_of_another_provider_is_written_from_its_buckets() -> None:
    usage = Usage(
        input=5, cache_read=8, cache_write=1, audio_input=2, image_input=5, output=6, audio_output=7, reasoning=4
    )
    response = Response(origin="x", choices=(Choice(parts=(Text(text="a"),)),), usage=usage, tier="priority")

    wire = write_answer(response)["usageMetadata"]

    assert wire == {
        "promptTokenCount": 21,
        "candidatesTokenCount": 9,
        "totalTokenCount": 34,
        "cachedContentTokenCount": 8,
        "thoughtsTokenCount": 4,
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": 14},
            {"modality": "AUDIO", "tokenCount": 2},
            {"modality": "IMAGE", "tokenCount": 5},
        ],
        "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": 2}, {"modality": "AUDIO", "tokenCount": 7}],
        "serviceTier": "priority",
    }
    again = read_answer({**answer({"text": "a"}), "usageMetadata": wire}).usage
    assert again is not None
    assert again.total == usage.total


def test_absent_usage_stays_absent() -> None:
    assert read_answer(answer({"text": "a"})).usage is None
    assert "usageMetadata" not in write_answer(answered(Text(text="a")))


def test_pictures_of_an_answer_are_media() -> None:
    body = answer({"text": "See:"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}})

    response = read_answer(body)

    assert response.choices[0].parts[1] == Media(kind=MediaKind.IMAGE, data="AAAA", mime="image/png")
    assert write_answer(response) == body


def grounded(text: str, *supports: Any, chunks: Any = None) -> dict[str, Any]:
    chunks = chunks or [{"web": {"uri": "https://a.test", "title": "A"}}, {"web": {"uri": "https://b.test"}}]
    return answer({"text": text}, groundingMetadata={"groundingChunks": chunks, "groundingSupports": list(supports)})


def test_segments_are_counted_in_bytes_and_citations_in_characters() -> None:
    text = "Grün wächst Gras."  # the word "wächst" begins at byte 6, for the ü has two
    segment = {"startIndex": 6, "endIndex": 13, "text": "wächst"}
    body = grounded(text, {"segment": segment, "groundingChunkIndices": [0, 1]})

    response = read_answer(body)

    [part] = response.choices[0].parts
    assert isinstance(part, Text)
    assert [(one.url, one.title, text[one.start : one.end]) for one in part.citations] == [
        ("https://a.test", "A", "wächst"),
        ("https://b.test", None, "wächst"),
    ]
    assert write_answer(response) == body


def test_segment_that_is_not_where_it_says_is_found_by_its_text() -> None:
    body = grounded(
        "one two",
        {"segment": {"startIndex": 1, "endIndex": 3, "text": "two"}, "groundingChunkIndices": [0]},
        {"segment": {"endIndex": 99, "text": "three"}, "groundingChunkIndices": [1, 7, True, "x"]},
        {"segment": 5},
    )

    [part] = read_answer(body).choices[0].parts

    assert isinstance(part, Text)
    assert [(one.start, one.end) for one in part.citations] == [(4, 7), (None, None)]


def test_segments_count_over_all_texts_that_are_no_thoughts() -> None:
    body = answer(
        {"text": "Hm.", "thought": True},
        {"text": "one "},
        {"executableCode": {"code": "1"}},
        {"text": "two"},
        groundingMetadata={
            "groundingChunks": [{"retrievedContext": {"uri": "u", "title": "t", "text": "words"}}, {"maps": {}}],
            "groundingSupports": [
                {"segment": {"startIndex": 4, "endIndex": 7, "text": "two"}, "groundingChunkIndices": [0]},
                {"segment": {"endIndex": 3, "text": "one"}, "groundingChunkIndices": [0]},
            ],
        },
    )

    parts = read_answer(body).choices[0].parts

    assert [[(one.start, one.end) for one in part.citations] for part in parts if isinstance(part, Text)] == [
        [(0, 3)],
        [(0, 3), (None, None)],
    ]
    assert parts[1].citations[0].cited == "words"  # type: ignore[union-attr]  # a text


def test_recitations_and_pages_that_were_read_are_citations() -> None:
    body = answer(
        {"text": "quoted words"},
        citationMetadata={"citationSources": [{"startIndex": 0, "endIndex": 6, "uri": "https://q.test"}]},
        urlContextMetadata={
            "urlMetadata": [
                {"retrievedUrl": "https://p.test", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"},
                {"retrievedUrl": "https://x.test", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_ERROR"},
                3,
            ]
        },
    )

    [part] = read_answer(body).choices[0].parts

    assert isinstance(part, Text)
    assert [(one.url, one.start, one.end) for one in part.citations] == [
        ("https://q.test", 0, 6),
        ("https://p.test", None, None),
    ]


def test_citations_of_another_provider_are_grounding() -> None:
    cited = (
        Citation(url="https://a.test", title="A", start=5, end=11),
        Citation(cited="words", title="Doc", document=2),
        Citation(),
    )
    told = notes()

    body = write_answer(answered(Text(text="Grün "), Text(text="Grün wächst Gras.", citations=cited)), told)

    assert body["candidates"][0]["content"]["parts"] == [{"text": "Grün Grün wächst Gras."}]
    assert body["candidates"][0]["groundingMetadata"] == {
        "groundingChunks": [
            {"web": {"uri": "https://a.test", "title": "A"}},
            {"retrievedContext": {"title": "Doc", "text": "words"}},
        ],
        "groundingSupports": [
            {"segment": {"startIndex": 12, "endIndex": 19, "text": "wächst"}, "groundingChunkIndices": [0]},
            {"segment": {"startIndex": 6, "endIndex": 25, "text": "Grün wächst Gras."}, "groundingChunkIndices": [1]},
        ],
    }
    assert told.dropped == ("citations.document",)


def test_probabilities_are_read_and_written() -> None:
    result = {
        "chosenCandidates": [{"token": "a", "tokenId": 7, "logProbability": -1}],
        "topCandidates": [{"candidates": [{"token": "a", "logProbability": -1}, {"token": "b", "logProbability": -2}]}],
    }
    tokens = (Logprob("a", -1, None, (Logprob("a", -1), Logprob("b", -2))),)
    body = answer({"text": "a"}, logprobsResult=result, avgLogprobs=-1)

    response = read_answer(body)

    assert response.choices[0].parts == (Text(text="a", logprobs=tokens),)
    assert write_answer(response) == body
    assert candidate(answered(Text(text="a", logprobs=tokens)))["logprobsResult"] == {
        **result,
        "chosenCandidates": [{"token": "a", "logProbability": -1}],
    }


def test_answer_of_another_provider_is_written_with_its_state_packed() -> None:
    state = State("anthropic-messages", {"signature": "s" * 80})
    parts = (
        Reasoning(text="Hm.", state=state),
        Text(text="Let me see."),
        ToolCall(id="toolu_1", name="f", arguments='{"a":1}', state=state),
        ToolCall(id="toolu_2", name="g", arguments=""),
    )

    content = candidate(answered(*parts, stop=Stop.TOOL_CALLS))["content"]
    back = read({"contents": [content]}).messages

    assert [part.keys() - {"thoughtSignature"} for part in content["parts"]] == [
        {"text", "thought"},
        {"text"},
        {"functionCall"},
        {"functionCall"},
    ]
    [message] = back
    assert message.role is Role.ASSISTANT
    assert message.parts == (*parts[:3], ToolCall(id="toolu_2", name="g", arguments="{}"))


def test_thinking_comes_back_with_a_call_where_the_caller_sends_no_thoughts() -> None:
    state = State("anthropic-messages", {"signature": "s" * 80})
    thought = Reasoning(text="Hm.", state=state)
    content = candidate(answered(thought, ToolCall(id="1", name="f"), stop=Stop.TOOL_CALLS))["content"]
    words = {"text": "Hm.", "thought": True}

    for kept in ([], [words], content["parts"][:1]):
        [message] = read({"contents": [{"role": "model", "parts": [*kept, content["parts"][1]]}]}).messages

        assert message.parts == (thought, ToolCall(id="1", name="f", arguments="{}"))


def test_state_nobody_signed_here_is_taken_for_geminis() -> None:
    forged = SEAL.pack(State("x", {}))
    assert forged is not None
    body = answer({"text": "a", "thoughtSignature": forged})

    assert read_answer(body).choices[0].parts == (Text(text="a", state=State(NAME, {"signature": forged})),)


def test_refusal_is_text_and_what_gemini_lacks_is_told() -> None:
    told = notes()
    response = Response(
        origin="x",
        choices=(
            Choice(
                parts=(Refusal(text="No."), ServerCall(tool="web_search"), Opaque(kind="odd", raw={})),
                stop=Stop.REFUSAL,
                sequence="END",
                extras={"odd": 1},
            ),
        ),
        extras={"system_fingerprint": "f"},
    )

    body = write_answer(response, told)

    assert body["candidates"] == [
        {"content": {"parts": [{"text": "No."}], "role": "model"}, "finishReason": "SAFETY", "index": 0}
    ]
    assert told.dropped == ("choices[].server_tool", "stop_sequence", "choices[].odd", "system_fingerprint")


def test_several_answers_keep_their_places() -> None:
    response = Response(
        origin="x", choices=tuple(Choice(index=place, parts=(Text(text=str(place)),)) for place in range(2)), created=0
    )

    body = write_answer(response)

    assert [(one["index"], one["content"]["parts"]) for one in body["candidates"]] == [
        (0, [{"text": "0"}]),
        (1, [{"text": "1"}]),
    ]
    assert body["createTime"] == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("body", ["", "nonsense", "[]", "{}", "3", '{"candidates": 3}', "[{}]"])
def test_what_is_no_answer_is_an_upstream_error(body: str) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body.encode(), notes())


def test_error_in_place_of_an_answer_is_raised_as_one() -> None:
    error = {"code": 429, "message": "Slow down.", "status": "RESOURCE_EXHAUSTED"}

    with pytest.raises(RateLimited, match="Slow down"):
        read_answer({"error": error})


ERRORS: list[tuple[int, Any, type[Exception], int, str]] = [
    (400, {"status": "INVALID_ARGUMENT"}, BadRequest, 400, "INVALID_ARGUMENT"),
    (404, {"status": "NOT_FOUND"}, Exception, 404, "NOT_FOUND"),
    (403, {"message": "You do not have permission to access the File abc"}, Denied, 403, "denied"),
    (403, {"message": "Your API key was reported as leaked."}, UpstreamError, 502, "upstream_credential"),
    (401, {"status": "UNAUTHENTICATED"}, UpstreamError, 502, "upstream_credential"),
    (
        400,
        {"details": [{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]},
        UpstreamError,
        502,
        "upstream_credential",
    ),
    (429, {"status": "RESOURCE_EXHAUSTED"}, RateLimited, 429, "RESOURCE_EXHAUSTED"),
    (500, {"status": "INTERNAL"}, UpstreamError, 500, "INTERNAL"),
    (503, {"status": "UNAVAILABLE"}, Exception, 503, "UNAVAILABLE"),
    (504, {"status": "DEADLINE_EXCEEDED"}, UpstreamError, 504, "DEADLINE_EXCEEDED"),
]


@pytest.mark.parametrize(("status", "told", "kind", "ours", "code"), ERRORS)
def test_error_of_google_keeps_its_class(status: int, told: Any, kind: type[Exception], ours: int, code: str) -> None:
    for body in ({"error": {"code": status, **told}}, [{"error": {"code": status, **told}}]):
        error = CODEC.read_error(status, json.dumps(body).encode())

        assert isinstance(error, kind)
        assert (error.status, error.code) == (ours, code)


def test_field_of_a_violation_is_the_param() -> None:
    detail = {
        "@type": "type.googleapis.com/google.rpc.BadRequest",
        "fieldViolations": [{"description": "x"}, {"field": "contents[0]"}],
    }

    error = CODEC.read_error(400, json.dumps({"error": {"message": "bad", "details": [detail]}}).encode())

    assert (error.param, error.message) == ("contents[0]", "bad")


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"error": 3}', b'{"error": "words"}', b"\xff"])
def test_error_that_cannot_be_read_is_one_all_the_same(body: bytes) -> None:
    error = CODEC.read_error(500, body)

    assert (type(error), error.status) == (UpstreamError, 500)


def test_request_of_the_caller_is_not_needed_for_an_answer() -> None:
    assert write_answer(answered(Text(text="a"), stop=Stop.END)) == json.loads(
        CODEC.write_response(answered(Text(text="a"), stop=Stop.END), asked(stream=True), notes())
    )
