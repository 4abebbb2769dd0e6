"""Streams of chat chunks, as hosts send them."""

import json
from typing import Any

import pytest
from tests.providers.openai.chat_support import ASKED, CODEC, DONE, call, chunk, events, parts

from tollbridge.errors import UpstreamError, UpstreamTruncated
from tollbridge.formats import (
    Broken,
    Choice,
    ChoiceEnd,
    Citation,
    Delta,
    End,
    Logprob,
    Media,
    MediaKind,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Refusal,
    State,
    Stop,
    Text,
    ToolCall,
    Unknown,
    fold,
)
from tollbridge.metering.usage import Usage
from tollbridge.testing.conversation_contract import notes


def test_words_reasoning_and_refusal_are_parts_in_their_order() -> None:
    found = parts(
        chunk({"role": "assistant", "content": "", "reasoning_content": ""}),
        chunk({"reasoning_content": "h"}),
        chunk({"reasoning_content": "m"}),
        chunk({"content": "a"}),
        chunk({"content": "b"}),
        chunk({"refusal": "no"}),
        chunk({}, "stop"),
        DONE,
    )

    assert found == (Reasoning(text="hm"), Text(text="ab"), Refusal(text="no"))


def test_reasoning_without_a_word_is_none() -> None:
    assert parts(chunk({"reasoning_content": ""}), chunk({"content": "a"}), DONE) == (Text(text="a"),)


def test_arguments_come_piece_by_piece_for_calls_side_by_side() -> None:
    found = parts(
        chunk(call(0, "a", "get", "")),
        chunk(call(0, arguments='{"x":')),
        chunk(call(1, "b", "put", "{")),
        chunk(call(0, arguments="1}")),
        chunk(call(1, arguments="}")),
        chunk({}, "tool_calls"),
        DONE,
    )

    assert found == (
        ToolCall(id="a", name="get", arguments='{"x":1}'),
        ToolCall(id="b", name="put", arguments="{}"),
    )


def test_call_whose_arguments_are_whole_ends_where_the_next_begins() -> None:
    found = events(chunk(call(0, "a", "get", "{}")), chunk(call(1, "b", "put", "")))

    assert [event for event in found if isinstance(event, PartEnd | PartBegin)] == [
        PartBegin(part=ToolCall(id="a", name="get"), index=0),
        PartEnd(index=0),
        PartBegin(part=ToolCall(id="b", name="put"), index=1),
    ]


def test_call_that_is_not_whole_where_the_next_begins_ends_with_the_answer() -> None:
    found = events(
        chunk(call(0, "a", "get", '{"x":')),
        chunk(call(1, "b", "put", "{}")),
        chunk(call(0, arguments="1}")),
        chunk(call(2, "c", "cut", "{}")),
        chunk(call(1, arguments=" ")),
        DONE,
    )

    assert [event.text for event in found if isinstance(event, Delta) and event.index == 1] == ["{}"]
    places = [(type(event), event.index) for event in found if isinstance(event, PartEnd | PartBegin)]
    assert places == [(PartBegin, 0), (PartBegin, 1), (PartEnd, 1), (PartBegin, 2), (PartEnd, 0), (PartEnd, 2)]


def test_calls_all_counted_nought_are_told_apart_by_their_ids() -> None:
    found = parts(
        chunk(call(0, "a", "get", "{}")), chunk(call(0, "b", "put", "{}")), chunk(call(0, "b", "put", "")), DONE
    )

    assert [(part.id, part.name) for part in found if isinstance(part, ToolCall)] == [("a", "get"), ("b", "put")]


def test_call_without_an_index_is_counted_by_its_place() -> None:
    assert parts(chunk(call(None, "a", "get", "{}")), chunk({}, "tool_calls"), DONE) == (
        ToolCall(id="a", name="get", arguments="{}"),
    )


def test_arguments_that_come_before_the_name_wait_for_it() -> None:
    assert parts(
        chunk(call(0, "a", arguments="{")), chunk(call(0, name="get")), chunk(call(0, arguments="}")), DONE
    ) == (ToolCall(id="a", name="get", arguments="{}"),)


def test_signature_that_comes_before_the_name_waits_for_it() -> None:
    signed = {"tool_calls": [{"index": 0, "id": "a", "extra_content": {"google": {"thought_signature": "s"}}}]}

    (found,) = parts(chunk(signed), chunk(call(0, name="get", arguments="{}")), DONE)

    assert found.state == State("openai-chat", {"extra_content": {"google": {"thought_signature": "s"}}})


def test_details_of_reasoning_that_come_in_pieces_are_those_of_the_whole_answer() -> None:
    def words(text: str | None, index: int = 0, **more: Any) -> Any:
        return {"type": "reasoning.text", "index": index, "text": text, **more}

    secret = {"type": "reasoning.encrypted", "index": 0, "data": "AA"}
    pieces = [
        [words("h")],
        [words(None, signature="s")],
        [words("m", signature=None), words("Ah", 1)],
        [secret],
        [secret, "odd"],
    ]
    whole = [words("hm", signature="s"), words("Ah", 1), secret, secret, "odd"]

    (found,) = parts(*(chunk({"reasoning": "w", "reasoning_details": piece}) for piece in pieces), DONE)

    assert found == Reasoning(text="wwwww", state=State("openai-chat", {"in": "reasoning", "reasoning_details": whole}))


def test_empty_reason_with_every_piece_ends_nothing() -> None:
    pieces = [chunk({"content": "Hel"}, ""), chunk({"content": "lo"}, ""), chunk(finish="length"), chunk(finish="")]

    found = fold(events(*pieces, DONE))

    assert found.choices[0] == Choice(parts=(Text(text="Hello"),), stop=Stop.LENGTH, said="length")


def test_words_after_a_reason_to_stop_belong_to_the_answer_that_ends_once() -> None:
    found = events(chunk({"content": "a"}, "stop"), chunk({"content": "b"}), chunk({}, "stop"), DONE)

    assert found[-3:] == [PartEnd(index=0), ChoiceEnd(stop=Stop.END, said="stop"), End()]
    assert fold(found).choices[0].parts == (Text(text="ab"),)


@pytest.mark.parametrize(
    ("said", "stop"),
    [({"content": "4"}, Stop.END), (call(0, "c1", "weather", "{}"), Stop.TOOL_CALLS)],
    ids=["words", "call"],
)
def test_answer_whose_reason_is_empty_to_the_end_stopped_as_it_looks(said, stop) -> None:
    found = fold(events(chunk(said, ""), DONE))

    whole = {"choices": [{"index": 0, "message": {"role": "assistant", **said}, "finish_reason": ""}]}
    for choice in (*found.choices, *CODEC.read_response(json.dumps(whole).encode(), notes()).choices):
        assert (choice.stop, choice.said) == (stop, "")


def test_older_function_call_is_a_call() -> None:
    found = parts(
        chunk({"function_call": {"name": "get", "arguments": "{"}}),
        chunk({"function_call": {"arguments": "}"}}),
        chunk({}, "function_call"),
        DONE,
    )

    assert found == (ToolCall(id="function_get", name="get", arguments="{}"),)


def test_answers_side_by_side_are_kept_apart() -> None:
    answer = fold(
        events(
            chunk({"content": "a"}, index=0),
            chunk({"content": "x"}, index=1),
            chunk({"content": "b"}, index=0),
            chunk({}, "length", index=1),
            chunk({}, "stop", index=0),
            DONE,
        )
    )

    assert [(choice.parts, choice.stop) for choice in answer.choices] == [
        ((Text(text="ab"),), Stop.END),
        ((Text(text="x"),), Stop.LENGTH),
    ]


def test_probabilities_citations_and_pictures_belong_to_the_text() -> None:
    token = {"token": "a", "logprob": -1, "bytes": [97], "top_logprobs": []}
    cited = {"type": "url_citation", "url_citation": {"url": "u", "title": "t", "start_index": 0, "end_index": 1}}
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}

    found = parts(
        chunk({"annotations": [cited]}),
        chunk({"content": "a"}, logprobs={"content": [token]}),
        chunk({"images": [picture, {"image_url": {"url": "https://h/x"}}, {"image_url": 1}]}),
        chunk({}, "stop"),
        DONE,
    )

    assert found == (
        Text(
            text="a",
            citations=(Citation(url="u", title="t", start=0, end=1, raw=cited),),
            logprobs=(Logprob("a", -1, [97]),),
        ),
        Media(kind=MediaKind.IMAGE, data="AA==", mime="image/png"),
        Media(kind=MediaKind.IMAGE, url="https://h/x"),
    )


def test_citations_and_probabilities_without_a_word_are_not_lost_in_a_whole_answer_either() -> None:
    cited = {"type": "url_citation", "url_citation": {"url": "u"}}
    token = {"token": "a", "logprob": -1, "bytes": None, "top_logprobs": []}
    for message, logprobs in (({"annotations": [cited]}, None), ({"content": ""}, {"content": [token]})):
        choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": "stop"}
        whole = CODEC.read_response(json.dumps({"choices": [choice]}).encode(), notes())

        assert whole.choices[0].parts == parts(chunk(message, "stop", logprobs=logprobs), DONE)
        assert whole.choices[0].parts


def test_content_that_is_no_list_of_parts_stays_as_it_was() -> None:
    choice = {"index": 0, "message": {"content": [{"type": "text"}]}, "finish_reason": "stop"}

    whole = CODEC.read_response(json.dumps({"choices": [choice]}).encode(), notes())

    assert whole.choices[0].parts == ()
    assert json.loads(CODEC.write_response(whole, ASKED, notes()))["choices"][0]["message"]["content"] == [
        {"type": "text"}
    ]


def test_usage_tier_and_what_comes_late_belong_to_the_answer() -> None:
    later = {
        "id": "1",
        "choices": [],
        "usage": {"prompt_tokens": 2, "completion_tokens": 3},
        "service_tier": "flex",
        "x": 1,
    }

    answer = fold(events(chunk({"content": "a"}, "stop"), b"data: %b\n\n" % json.dumps(later).encode(), DONE))

    assert (answer.usage, answer.tier, answer.extras) == (Usage(input=2, output=3), "flex", {"x": 1})


def test_stream_that_said_why_it_stopped_is_whole_without_its_mark() -> None:
    assert isinstance(events(chunk({"content": "a"}, "stop"))[-1], End)


@pytest.mark.parametrize("rest", [b"", b'data: {"choices"', b": comment", b"data: [DO"])
def test_stream_that_broke_off_is_not_whole(rest: bytes) -> None:
    with pytest.raises(UpstreamTruncated):
        fold(events(chunk({"content": "a"}), rest))


def test_mark_that_was_not_terminated_counts() -> None:
    assert isinstance(events(chunk({"content": "a"}), b"data: [DONE]")[-1], End)


def test_nothing_is_read_behind_the_end() -> None:
    assert isinstance(events(chunk({"content": "a"}), DONE, chunk({"content": "b"}))[-1], End)


def test_comment_is_a_sign_of_life_and_an_unknown_event_is_passed_on() -> None:
    found = events(b": ping\n\n", b'event: odd\ndata: {"odd": 1}\n\n', chunk({"content": "a"}))

    assert found[:2] == [Ping(), Unknown(dialect="openai-chat", name="odd", data=b'{"odd": 1}')]


@pytest.mark.parametrize("piece", [b"data: nonsense\n\n", b"data: 1\n\n"])
def test_piece_that_is_no_object_is_a_fault_of_the_provider(piece: bytes) -> None:
    with pytest.raises(UpstreamError):
        events(piece)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"message": "slow down", "type": "rate_limit_error"}, 429),
        ({"message": "gone", "code": 503}, 503),
        ({"message": "odd"}, 502),
        ("words", 502),
    ],
)
def test_error_in_the_stream_ends_it(error: Any, status: int) -> None:
    found = events(chunk({"content": "a"}), b"data: %b\n\n" % json.dumps({"error": error}).encode(), DONE)

    assert isinstance(found[-1], Broken)
    assert found[-1].error.status == status


def test_error_that_stands_beside_an_answer_ends_the_stream_too() -> None:
    last = {"choices": [{"index": 0, "delta": {}, "finish_reason": "error"}], "x_groq": {"error": "over capacity"}}

    found = events(chunk({"content": "a"}), b"data: %b\n\n" % json.dumps(last).encode(), DONE)

    assert isinstance(found[-1], Broken)
    assert found[-1].error.message == "over capacity"
