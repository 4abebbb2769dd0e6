"""What is seldom in an answer, a stream or a request; the examples are invented."""

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
    read,
    read_answer,
    rewritten,
    streamed,
    write,
    write_answer,
    written,
)

from tollbridge import Usage
from tollbridge.formats import (
    Aside,
    Begin,
    ChoiceEnd,
    ChoiceMode,
    End,
    Media,
    Message,
    Reasoning,
    Role,
    State,
    Stop,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    UsageSeen,
)

BLOCKED = {"promptFeedback": {"blockReason": "SAFETY"}}


@pytest.mark.parametrize(
    "body",
    [
        *(
            {"candidates": [{"content": content, "finishReason": "STOP", "index": 0}]}
            for content in ({"parts": [], "role": "model"}, {"parts": []}, {"role": "model"}, {}, None)
        ),
        {"candidates": [{"content": {"parts": [{"text": "a"}], "role": "user"}, "index": 0}]},
        {"usageMetadata": {"promptTokenCount": 1}},
        {**answer({"text": "a"}, finishReason="SAFETY"), **BLOCKED},
    ],
)
def test_answer_is_the_same_when_read_and_written(body: Any) -> None:
    assert write_answer(read_answer(body)) == body


@pytest.mark.parametrize(
    ("usage", "read_as"),
    [
        ({"promptTokenCount": 3, "cachedContentTokenCount": 9, "totalTokenCount": 3}, Usage(cache_read=3)),
        (
            {
                "promptTokenCount": 5,
                "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 4}, {"modality": "IMAGE", "tokenCount": 4}],
                "totalTokenCount": 5,
            },
            Usage(audio_input=4, image_input=1),
        ),
        (
            {
                "promptTokenCount": 5,
                "cachedContentTokenCount": 3,
                "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}],
                "toolUsePromptTokenCount": 2,
                "toolUsePromptTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
                "totalTokenCount": 7,
            },
            Usage(input=2, cache_read=3, audio_input=2),
        ),
    ],
)
def test_parts_of_a_usage_are_no_more_than_their_whole(usage: dict[str, Any], read_as: Usage) -> None:
    assert read_answer({**answer({"text": "a"}), "usageMetadata": usage}).usage == read_as


def test_segment_that_begins_with_its_text_and_goes_on_is_found_by_its_text() -> None:
    support = {"segment": {"startIndex": 0, "endIndex": 7, "text": "one"}, "groundingChunkIndices": [0]}
    grounding = {"groundingChunks": [{"web": {"uri": "u"}}], "groundingSupports": [support]}

    [part] = read_answer(answer({"text": "one two"}, groundingMetadata=grounding)).choices[0].parts

    assert isinstance(part, Text)
    assert [(one.start, one.end) for one in part.citations] == [(0, 3)]


@pytest.mark.parametrize("size", [1_023, 1_024, 1_025, 5_000])
def test_segment_behind_a_long_text_is_placed_by_characters(size: int) -> None:
    text = "ü" * size + "end"
    segment = {"startIndex": 2 * size, "endIndex": 2 * size + 3, "text": "end"}
    grounding = {
        "groundingChunks": [{"web": {"uri": "u"}}],
        "groundingSupports": [{"segment": segment, "groundingChunkIndices": [0]}],
    }

    [part] = read_answer(answer({"text": text}, groundingMetadata=grounding)).choices[0].parts

    assert isinstance(part, Text)
    assert [text[one.start : one.end] for one in part.citations] == ["end"]


def test_segment_over_several_texts_has_no_place() -> None:
    grounding = {
        "groundingChunks": [{"web": {"uri": "u"}}],
        "groundingSupports": [{"segment": {"startIndex": 2, "endIndex": 5}, "groundingChunkIndices": [0]}],
    }
    body = answer({"text": "one"}, {"executableCode": {}}, {"text": "two"}, groundingMetadata=grounding)

    last = read_answer(body).choices[0].parts[-1]

    assert isinstance(last, Text)
    assert [(one.url, one.start, one.end) for one in last.citations] == [("u", None, None)]


def test_source_of_an_earlier_text_of_a_stream_has_no_place_in_the_last() -> None:
    support = {"segment": {"startIndex": 0, "endIndex": 3, "text": "one"}, "groundingChunkIndices": [0]}
    grounding = {"groundingChunks": [{"web": {"uri": "u"}}], "groundingSupports": [support]}

    last = folded(
        chunk({"text": "one"}),
        chunk({"executableCode": {}}),
        chunk({"text": "t"}, groundingMetadata=grounding, finishReason="STOP"),
    )

    found = last.choices[0].parts[-1]
    assert isinstance(found, Text)
    assert [(one.url, one.start, one.end) for one in found.citations] == [("u", None, None)]


def test_finish_reason_that_is_a_number_ends_a_stream() -> None:
    events = events_of(streamed(chunk({"text": "a"}), chunk(finishReason=1)))

    assert isinstance(events[-1], End)


def test_last_piece_with_a_role_alone_says_nothing_of_the_answer() -> None:
    response = folded(chunk({"text": "a"}), chunk(content={"role": "model"}, finishReason="STOP"))

    assert response.choices[0].extras == {}


def test_prompt_that_was_refused_in_an_early_piece_is_refused_in_the_end() -> None:
    events = events_of(streamed(BLOCKED, {"usageMetadata": {"promptTokenCount": 1}}))

    assert [event for event in events if isinstance(event, ChoiceEnd)] == [ChoiceEnd(stop=Stop.FILTER, said="SAFETY")]


def test_answer_that_is_cut_off_as_its_prompt_would_be_is_still_an_answer() -> None:
    stream = written(events_of(streamed(chunk({"text": "a"}), {**chunk(finishReason="SAFETY"), **BLOCKED})))

    assert pieces(stream)[-1]["candidates"][0]["finishReason"] == "SAFETY"


def test_tier_that_was_told_once_is_not_told_anew() -> None:
    tiers = ({"promptTokenCount": 1, "serviceTier": "FLEX"}, {"promptTokenCount": 1})
    stream = streamed(
        *(
            {**chunk({"text": "a"}), "usageMetadata": tiers[place % 2], **({"fresh": 1} if place == 1 else {})}
            for place in range(3)
        )
    )

    assert [event for event in events_of(stream) if isinstance(event, Aside)] == [Aside(extras={"fresh": 1})]


def test_tier_that_was_told_at_the_begin_is_told_in_the_end() -> None:
    events = (
        Begin(origin=ELSE, tier="flex"),
        Aside(),
        UsageSeen(usage=Usage(input=1)),
        ChoiceEnd(stop=Stop.END),
        End(),
    )

    assert pieces(written(events))[-1]["usageMetadata"]["serviceTier"] == "flex"


def test_thinking_that_two_calls_carry_comes_back_once() -> None:
    thought = Reasoning(text="Hm.", state=State(ELSE, {"signature": "s"}))
    body = write_answer(answered(thought, ToolCall(id="a", name="f", arguments="{}")))
    call = body["candidates"][0]["content"]["parts"][-1]

    request = read({"contents": [{"role": "model", "parts": [call, call]}]})

    assert [type(part) for part in request.messages[0].parts] == [Reasoning, ToolCall, ToolCall]


@pytest.mark.parametrize("data", ["-w==", "_w==", "+w==", "/w=="])
def test_data_in_either_alphabet_is_read_in_the_usual_one_and_written_as_it_was(data: str) -> None:
    body = {"contents": [{"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": data}}]}]}

    [part] = read(body).messages[0].parts

    assert isinstance(part, Media)
    assert part.data == data.replace("-", "+").replace("_", "/")
    assert rewritten(body) == body


def test_id_that_was_made_for_another_providers_call_is_told_to_the_caller() -> None:
    id_ = "call_" + "0" * 20 + "_0"

    body = write_answer(answered(ToolCall(id=id_, name="f", arguments="{}")))

    assert body["candidates"][0]["content"]["parts"][0]["functionCall"]["id"] == id_


def test_messages_of_the_user_stay_apart_and_the_models_are_one() -> None:
    said = [(Role.USER, "a"), (Role.USER, "b"), (Role.ASSISTANT, "c"), (Role.ASSISTANT, "d")]
    messages = tuple(Message(role=role, parts=(Text(text=text),)) for role, text in said)

    contents = write(asked(messages=messages))["contents"]

    assert [[part["text"] for part in content["parts"]] for content in contents] == [["a"], ["b"], ["c", "d"]]


@pytest.mark.parametrize(
    ("mode", "word"), [(ChoiceMode.AUTO, "VALIDATED"), (ChoiceMode.REQUIRED, "ANY"), (ChoiceMode.NONE, "NONE")]
)
def test_tools_that_are_all_strict_are_validated_where_the_choice_is_free(mode: ChoiceMode, word: str) -> None:
    request = asked(tools=(Tool(name="f", strict=True),), choice=ToolChoice(mode=mode))

    assert write(request)["toolConfig"]["functionCallingConfig"]["mode"] == word


def test_tools_that_were_changed_stand_in_one_object() -> None:
    request = read({"contents": [], "tools": [{"functionDeclarations": [{"name": "f"}]}, {"googleSearch": {}}]})
    fewer = replace(request, tools=(Tool(name="g"),))

    assert b'"tools":[{"functionDeclarations":[{"name":"g"}]}]' in CODEC.write_request(fewer, notes())
