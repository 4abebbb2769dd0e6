"""Streams, both ways; the examples are invented."""

import json
from typing import Any

import pytest
from msgspec.structs import replace
from tests.providers.gemini.support import (
    CODEC,
    ELSE,
    answer,
    answered,
    asked,
    chunk,
    events_of,
    folded,
    notes,
    pieces,
    read_answer,
    streamed,
    written,
)

from tollbridge import RateLimited, UpstreamError, Usage
from tollbridge.formats import (
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    Citation,
    Delta,
    Detail,
    End,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Refusal,
    Replaced,
    Response,
    ServerCall,
    State,
    Stop,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    fold,
    unfold,
)
from tollbridge_gemini.names import NAME

OWN = State(NAME, {"signature": "c2ln"})


def test_texts_of_a_kind_are_one_part() -> None:
    response = folded(
        chunk({"text": "Hm", "thought": True}),
        chunk({"text": "m.", "thought": True}),
        chunk({"text": "Hel"}),
        chunk({"text": "lo."}, {"text": ""}),
        chunk({"text": ""}, finishReason="STOP"),
    )

    assert response.choices[0].parts == (Reasoning(text="Hmm.", summary=True), Text(text="Hello."))
    assert (response.choices[0].stop, response.choices[0].said) == (Stop.END, "STOP")


def test_signature_that_comes_late_is_of_the_text_before_it() -> None:
    response = folded(chunk({"text": "Hello."}), chunk({"text": "", "thoughtSignature": "c2ln"}, finishReason="STOP"))

    assert response.choices[0].parts == (Text(text="Hello.", state=OWN),)


def test_text_behind_a_signature_is_another_part() -> None:
    response = folded(chunk({"text": "a", "thoughtSignature": "c2ln"}), chunk({"text": "b"}, finishReason="STOP"))

    assert response.choices[0].parts == (Text(text="a", state=OWN), Text(text="b"))


def test_streamed_answer_is_the_whole_answer() -> None:
    parts: list[Any] = [
        {"text": "Hm.", "thought": True},
        {"text": "Let me.", "thoughtSignature": "c2ln"},
        {"executableCode": {"language": "PYTHON", "code": "1"}},
        {"functionCall": {"id": "1", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"},
        {"inlineData": {"mimeType": "image/png", "data": "AAAA"}},
    ]
    usage = {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3}
    last = {**chunk(finishReason="STOP", safetyRatings=[{"a": 1}]), "usageMetadata": usage}

    response = folded(*(chunk(part) for part in parts), last)

    assert response == read_answer(
        {**answer(*parts, safetyRatings=[{"a": 1}]), "usageMetadata": usage},
    )


def test_last_usage_holds_and_a_piece_without_counts_says_nothing() -> None:
    def told(**usage: Any) -> Any:
        return {**chunk({"text": "a"}), "usageMetadata": usage}

    events = events_of(
        streamed(
            told(trafficType="ON_DEMAND"),
            told(promptTokenCount=5, totalTokenCount=5),
            told(promptTokenCount=4, candidatesTokenCount=2, totalTokenCount=6),
            told(trafficType="ON_DEMAND"),
            chunk(finishReason="STOP"),
        )
    )

    assert [event.usage for event in events if isinstance(event, UsageSeen)] == [
        Usage(input=5),
        Usage(input=4, output=2),
    ]
    assert fold(events).usage == Usage(input=4, output=2)


def test_usage_may_come_behind_the_finish() -> None:
    usage = {"promptTokenCount": 1, "totalTokenCount": 1}

    response = folded(chunk({"text": "a"}, finishReason="STOP"), {"usageMetadata": usage, "responseId": "r1"})

    assert response.usage == Usage(input=1)


def test_stream_has_no_end_before_its_bytes_end() -> None:
    reader = CODEC.stream_reader(notes())

    events = reader.feed(streamed(chunk({"text": "a"}, finishReason="STOP")))

    assert not any(isinstance(event, End) for event in events)
    assert isinstance(reader.feed(b"")[-1], End)


def test_stream_that_breaks_off_has_no_end() -> None:
    for stream in (b"", streamed(chunk({"text": "a"})), streamed(chunk({"text": "a"}, finishReason="STOP"))[:-40]):
        assert not any(isinstance(event, End) for event in events_of(stream))


def test_last_event_may_lack_its_blank_line() -> None:
    events = events_of(streamed(chunk({"text": "a"}, finishReason="STOP")).rstrip())

    assert fold(events).choices[0].parts == (Text(text="a"),)


def test_prompt_that_is_refused_ends_the_stream() -> None:
    blocked = {"promptFeedback": {"blockReason": "SAFETY"}, "responseId": "r1", "modelVersion": "m"}

    response = folded(blocked)

    assert response == read_answer(blocked)
    assert pieces(written(unfold(response))) == [blocked]


def test_error_in_a_stream_breaks_it() -> None:
    error = {"code": 429, "message": "Slow down.", "status": "RESOURCE_EXHAUSTED"}

    events = events_of(streamed(chunk({"text": "a"}), {"error": error}, chunk({"text": "b"}, finishReason="STOP")))

    assert isinstance(events[-1], Broken)
    assert isinstance(events[-1].error, RateLimited)
    assert sum(isinstance(event, Delta) for event in events) == 1


@pytest.mark.parametrize(("status", "ours"), [("UNAVAILABLE", 503), ("INTERNAL", 500), ("ODD", 502), (None, 502)])
def test_error_in_a_stream_without_a_code_goes_by_its_word(status: str | None, ours: int) -> None:
    [event] = events_of(streamed({"error": {"message": "x", "status": status}}))

    assert isinstance(event, Broken)
    assert event.error.status == ours


def test_what_is_no_stream_at_all_is_an_error() -> None:
    listed = json.dumps([{"error": {"code": 429, "message": "Slow down."}}], indent=1).encode()

    with pytest.raises(RateLimited, match="Slow down"):
        events_of(listed)
    with pytest.raises(UpstreamError):
        events_of(b"{ half of a body")
    with pytest.raises(UpstreamError):
        events_of(b"data: nonsense\n\n")


def test_comments_are_signs_of_life_and_strange_events_are_passed_on() -> None:
    stream = b': hi\n\nevent: odd\ndata: {"x":1}\n\ndata: [1]\n\n'

    assert events_of(stream) == [
        Ping(),
        Unknown(dialect=NAME, name="odd", data=b'{"x":1}'),
        Unknown(dialect=NAME, name="", data=b"[1]"),
    ]


def test_later_words_about_the_whole_answer_are_told_apart() -> None:
    first = {**chunk({"text": "a"}), "fresh": 1, "usageMetadata": {"serviceTier": "standard"}}
    second = {**chunk({"text": "b"}), "fresh": 2, "usageMetadata": {"serviceTier": "flex"}}

    events = events_of(streamed(first, second, chunk(finishReason="STOP")))

    assert events[0] == Begin(origin=NAME, id="r1", model="gemini-2.5-flash", tier="default", extras={"fresh": 1})
    assert [event for event in events if isinstance(event, Aside)] == [Aside(extras={"fresh": 2}, tier="flex")]
    assert (fold(events).tier, fold(events).extras) == ("flex", {"fresh": 2})


def test_candidates_are_told_apart() -> None:
    both = {
        "candidates": [
            {"content": {"parts": [{"text": "a"}]}, "finishReason": "STOP"},
            {"content": {"parts": [{"text": "b"}]}, "finishReason": "MAX_TOKENS", "index": 1},
        ]
    }

    assert [(one.index, one.parts[0], one.stop) for one in folded(both).choices] == [
        (0, Text(text="a"), Stop.END),
        (1, Text(text="b"), Stop.LENGTH),
    ]


def test_sources_that_come_with_the_last_piece_are_of_the_last_text() -> None:
    support = {"segment": {"startIndex": 4, "endIndex": 7, "text": "two"}, "groundingChunkIndices": [0]}
    page = {"retrievedUrl": "https://p.test", "urlRetrievalStatus": "URL_RETRIEVAL_STATUS_SUCCESS"}
    response = folded(
        chunk({"text": "one "}, urlContextMetadata={"urlMetadata": [page]}),
        chunk({"text": "two"}),
        chunk({"functionCall": {"id": "1", "name": "f"}}),
        chunk(
            finishReason="STOP",
            groundingMetadata={"groundingChunks": [{"web": {"uri": "https://a.test"}}], "groundingSupports": [support]},
        ),
    )

    text, call = response.choices[0].parts
    assert isinstance(text, Text)
    assert [(one.url, one.start, one.end) for one in text.citations] == [
        ("https://a.test", 4, 7),
        ("https://p.test", None, None),
    ]
    assert isinstance(call, ToolCall)


def test_arguments_that_are_streamed_make_one_call() -> None:
    def piece(**call: Any) -> Any:
        return chunk({"functionCall": call})

    response = folded(
        piece(name="f", id="1", willContinue=True),
        piece(partialArgs=[{"jsonPath": "$.a.b[0].c", "stringValue": "He", "willContinue": True}], willContinue=True),
        piece(partialArgs=[{"jsonPath": "$.a.b[0].c", "stringValue": "llo"}], willContinue=True),
        piece(partialArgs=[{"jsonPath": "$.a.b[1]", "numberValue": 2.5}], willContinue=True),
        piece(partialArgs=[{"jsonPath": "$['odd name']", "boolValue": True}], willContinue=True),
        piece(partialArgs=[{"jsonPath": "$.n", "nullValue": "NULL_VALUE"}, {"jsonPath": "nonsense"}, 3]),
        piece(name="g", args={"x": 1}),
        piece(name="h", willContinue=True),
        chunk(finishReason="STOP"),
    )

    calls = [(part.name, part.arguments) for part in response.choices[0].parts]  # type: ignore[union-attr]  # calls
    assert calls == [
        ("f", '{"a":{"b":[{"c":"Hello"},2.5]},"odd name":true,"n":null}'),
        ("g", '{"x":1}'),
        ("h", "{}"),
    ]
    assert response.choices[0].stop is Stop.TOOL_CALLS


def test_written_stream_is_whole_answers_with_what_is_new() -> None:
    response = Response(
        origin=ELSE,
        id="id1",
        model="gpt-x",
        created=0,
        choices=answered(
            Reasoning(text="Hm."),
            Text(text="Hello."),
            ToolCall(id="1", name="f", arguments='{"a":1}'),
            stop=Stop.TOOL_CALLS,
        ).choices,
        usage=Usage(input=1, output=2),
    )
    head = {"modelVersion": "gpt-x", "createTime": "1970-01-01T00:00:00Z", "responseId": "id1"}

    def one(part: Any, **more: Any) -> Any:
        return {"candidates": [{"content": {"parts": [part], "role": "model"}, **more, "index": 0}], **head}

    assert pieces(written(unfold(response))) == [
        one({"text": "Hm.", "thought": True}),
        one({"text": "Hello."}),
        one({"functionCall": {"id": "1", "name": "f", "args": {"a": 1}}}),
        {
            **one({"text": ""}, finishReason="STOP"),
            "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 2, "totalTokenCount": 3},
        },
    ]


def test_call_comes_at_once_however_its_arguments_came() -> None:
    events = [
        Begin(origin=ELSE),
        PartBegin(part=ToolCall(id="1", name="f"), index=0),
        PartBegin(part=ToolCall(id="2", name="g"), index=1),
        Delta(text='{"a"', index=0),
        Delta(text='{"b":2}', index=1),
        Delta(text=":1}", index=0),
        PartEnd(index=1),
        PartEnd(index=0),
        ChoiceEnd(stop=Stop.TOOL_CALLS),
        End(),
    ]

    parts = [found["candidates"][0]["content"]["parts"][0] for found in pieces(written(events))]

    assert parts == [
        {"functionCall": {"id": "1", "name": "f", "args": {"a": 1}}},
        {"functionCall": {"id": "2", "name": "g", "args": {"b": 2}}},
        {"text": ""},
    ]


def test_finish_is_written_at_the_very_end_only() -> None:
    events = [Begin(origin=ELSE), PartBegin(part=Text(text="a"), index=0), PartEnd(index=0), ChoiceEnd(stop=Stop.END)]

    assert b"finishReason" not in written(events)
    assert b'"finishReason":"STOP"' in written([*events, End()])


def test_part_that_is_replaced_is_written_as_it_became_where_nothing_was_written() -> None:
    call, other = ToolCall(id="1", name="f"), ToolCall(id="1", name="g", arguments="{}")
    events = [
        Begin(origin=ELSE),
        PartBegin(part=call, index=0),
        Replaced(part=other, index=0),
        PartEnd(index=0),
        PartBegin(part=Text(text="said"), index=1),
        Replaced(part=Text(text="void", state=State("x", {"a": "b"})), index=1),
        PartEnd(index=1),
        ChoiceEnd(stop=Stop.END),
        End(),
    ]

    parts = fold(events_of(written(events))).choices[0].parts

    assert parts[0] == ToolCall(id="1", name="g", arguments="{}")
    assert parts[1].text == "said"  # type: ignore[union-attr]  # a text
    assert parts[1].state == State("x", {"a": "b"})


def test_refusals_and_details_are_written() -> None:
    state = State("x", {"a": "b"})
    events = [
        Begin(origin=ELSE),
        PartBegin(part=Refusal(text=""), index=0),
        Delta(text="No.", index=0),
        Detail(index=0, state=state),
        PartEnd(index=0),
        PartBegin(part=Text(text=""), index=1),
        Delta(text="But.", index=1),
        Detail(index=1, citations=(Citation(url="https://a.test", start=0, end=3),)),
        PartEnd(index=1),
        PartBegin(part=ServerCall(tool="web_search"), index=2),
        PartEnd(index=2),
        ChoiceEnd(stop=Stop.REFUSAL, sequence="x", extras={"odd": 1}),
        End(),
    ]
    told = notes()
    writer = CODEC.stream_writer(asked(), told)

    response = fold(events_of(b"".join(writer.write(event) for event in events)))

    first, second = response.choices[0].parts
    assert first == Text(text="No.", state=state)
    assert isinstance(second, Text)
    assert [(one.url, second.text[one.start : one.end]) for one in second.citations] == [("https://a.test", "But")]
    assert response.choices[0].said == "SAFETY"
    assert told.dropped == ("messages[].content[].server_tool", "stop_sequence", "choices[].odd")


def test_state_given_at_the_beginning_of_a_part_stays_beside_what_comes_later() -> None:
    events = [
        Begin(origin=ELSE),
        PartBegin(part=Reasoning(state=State(ELSE, {"id": "1"})), index=0),
        Delta(text="Hm.", index=0),
        Detail(index=0, state=State(ELSE, {"signature": "s"})),
        Detail(index=0, state=State(ELSE, {"more": "m"})),
        PartEnd(index=0),
        ChoiceEnd(stop=Stop.END),
        End(),
    ]

    (part,) = fold(events_of(written(events))).choices[0].parts

    assert part == Reasoning(text="Hm.", state=State(ELSE, {"id": "1", "signature": "s", "more": "m"}))


def test_broken_stream_ends_with_googles_error() -> None:
    events = [Begin(origin=ELSE), Broken(error=RateLimited("Slow down.", retry_after_s=2))]

    [piece] = pieces(written(events))

    assert piece["error"]["code"] == 429
    assert written(events).startswith(b'data: {"error":')  # what google-genai looks for


def test_sign_of_life_is_nothing_an_sdk_could_take_for_json() -> None:
    assert written([Begin(origin=ELSE), Ping()]) == b"\n"
    stream = b"\n" + written(unfold(answered(Text(text="a"), stop=Stop.END))) + b"\n"
    assert fold(events_of(stream, 3)).choices[0].parts == (Text(text="a"),)


def test_strange_events_are_passed_on_to_their_own_dialect_only() -> None:
    strange = Unknown(dialect=NAME, name="", data=b'{"x":1}')

    assert written([Begin(origin=NAME), strange]) == b'data: {"x":1}\n\n'
    assert written([Begin(origin=ELSE), strange]) == b""
    assert written([Begin(origin=NAME), replace(strange, dialect=ELSE)]) == b""


def test_own_extras_of_parts_and_answers_come_again_in_a_stream() -> None:
    events = [
        Begin(origin=NAME, id="r", model="m", extras={"fresh": 1}),
        Aside(extras={"later": 2}, tier="flex"),
        PartBegin(part=Text(text="a"), index=0),
        Detail(index=0, extras={"partMetadata": {"x": 1}}),
        PartEnd(index=0),
        ChoiceEnd(stop=Stop.END, said="STOP", extras={"avgLogprobs": -1}),
        UsageSeen(usage=Usage(input=1), wire={"promptTokenCount": 1, "fresh": True}),
        End(),
    ]

    response = fold(events_of(written(events)))

    assert response.choices[0].parts == (Text(text="a", extras={"partMetadata": {"x": 1}}),)
    assert response.choices[0].extras == {"avgLogprobs": -1}
    assert response.extras == {"fresh": 1, "later": 2}
    assert response.wire_usage == {"promptTokenCount": 1, "fresh": True}
