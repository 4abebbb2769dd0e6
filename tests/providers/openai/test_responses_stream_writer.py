"""Streams of the Responses API, written."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.providers.openai.responses_support import (
    CODEC,
    SEAL,
    answer,
    events_in,
    folded,
    given,
    hello,
    lines,
    notes,
    parts_of,
    read,
    shown,
    streamed,
)
from tests.support.growth import assert_linear

from tollbridge.errors import RateLimited
from tollbridge.formats import (
    AnyEvent,
    Begin,
    Broken,
    ChoiceEnd,
    Citation,
    Delta,
    Detail,
    Media,
    MediaKind,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Refusal,
    Replaced,
    ServerCall,
    State,
    Stop,
    Text,
    ToolCall,
    Unknown,
    carried,
    encode_json,
    unfold,
)

NAME = "openai-responses"
MESSAGE: dict[str, Any] = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
TEXT = {"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}
STATE = State("stranger", {"signature": "s"})


def kinds(stream: bytes) -> list[str]:
    return [line["type"].removeprefix("response.") for line in lines(stream)]


def test_text_is_written_from_the_beginning_of_its_message_to_its_end() -> None:
    stream = streamed(answer(hello()))

    assert kinds(stream) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert [line["sequence_number"] for line in lines(stream)] == list(range(9))
    assert stream.startswith(b"event: response.created\ndata: {")
    assert lines(stream)[-1]["response"] == shown(answer(hello()))


def test_every_kind_of_part_has_its_events() -> None:
    response = answer(
        Reasoning(text="long", state=STATE),
        Reasoning(text="short", summary=True),
        Text(text="hi", citations=(Citation(url="https://a"),)),
        Refusal(text="no"),
        ToolCall(id="c", name="f", arguments='{"a":1}'),
        ToolCall(id="d", name="g", arguments="words", custom=True),
        ToolCall(id="e", name="h"),
    )

    assert kinds(streamed(response))[2:-1] == [
        "output_item.added",
        "content_part.added",
        "reasoning_text.delta",
        "reasoning_text.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.annotation.added",
        "output_text.done",
        "content_part.done",
        "content_part.added",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    assert lines(streamed(response))[-1]["response"] == shown(response)


def test_what_cannot_be_said_is_left_out_of_a_stream_too() -> None:
    response = answer(hello(), Media(kind=MediaKind.AUDIO, data="AA"), ServerCall(tool="web_search"), hello())

    assert lines(streamed(response))[-1]["response"] == shown(response)
    assert len(shown(response)["output"]) == 2


@pytest.mark.parametrize("stop", list(Stop))
def test_last_event_is_named_after_the_status(stop: Stop) -> None:
    response = answer(hello(), ToolCall(id="c", name="f"), stop=stop)
    last = lines(streamed(response))[-1]

    assert last["type"] == f"response.{last['response']['status']}"
    assert last["response"] == shown(response)


def test_item_keeps_its_id_from_its_first_event_to_its_last() -> None:
    response = answer(
        Reasoning(text="hm", state=STATE), hello(), ToolCall(id="c", name="f", arguments="{}", state=STATE)
    )

    for line in lines(streamed(response))[2:-1]:
        place = line["output_index"]
        told = shown(response)["output"][place]
        assert line.get("item_id", told["id"]) == told["id"]
        item = line.get("item", told)
        assert (item["id"], item.get("call_id")) == (told["id"], told.get("call_id"))


def wrote(*events: AnyEvent) -> list[dict[str, Any]]:
    writer = CODEC.stream_writer(read(), notes())
    begun = writer.write(Begin(origin="stranger", id="x", model="m"))
    return lines(begun + b"".join(writer.write(event) for event in events))[2:]


def test_call_waits_for_its_second_piece_so_that_its_state_may_come() -> None:
    call = PartBegin(part=ToolCall(id="c", name="f"), index=0)
    words = [Delta(text=text, index=0) for text in ("{", "}")]

    assert wrote(call, words[0]) == []
    assert [line.get("delta") for line in wrote(call, *words)] == [None, "{", "}"]
    (begun, *_) = wrote(call, words[0], Detail(index=0, state=STATE), PartEnd(index=0))
    assert carried(begun["item"]["call_id"], SEAL) == ("c", STATE, [])


def test_empty_pieces_of_a_call_are_not_gone_through_again_and_again() -> None:
    def writing(pieces: int) -> Callable[[], object]:
        events = [PartBegin(part=ToolCall(id="c", name="f"), index=0), *[Delta(text="", index=0)] * pieces]

        def work() -> None:
            assert wrote(*events) == []

        return work

    assert_linear(writing, 1_000)


def test_state_of_a_call_that_comes_too_late_is_left_behind_and_said() -> None:
    left = notes()
    writer = CODEC.stream_writer(read(), left)
    words = [Delta(text=text, index=0) for text in ("{", "}")]
    late = [Detail(index=0, state=STATE), PartEnd(index=0)]

    for event in (Begin(origin="x"), PartBegin(part=ToolCall(id="c", name="f"), index=0), *words, *late):
        writer.write(event)

    assert left.dropped == ("output[].state",)


def test_what_a_text_cites_may_be_known_when_it_begins() -> None:
    told = wrote(PartBegin(part=Text(text="hi", citations=(Citation(url="https://a"),)), index=0), PartEnd(index=0))

    assert "response.output_text.annotation.added" in [line["type"] for line in told]


def test_part_that_is_replaced_is_whole_in_its_last_event() -> None:
    *_, last = wrote(
        PartBegin(part=ToolCall(id="c", name="f"), index=0),
        Delta(text="junk", index=0),
        Replaced(part=ToolCall(id="c", name="f", arguments='{"a":1}'), index=0),
        PartEnd(index=0),
    )

    assert last["item"]["arguments"] == '{"a":1}'


def test_parts_that_come_at_once_are_written_one_after_the_other() -> None:
    told = wrote(
        PartBegin(part=Text(text=""), index=0),
        PartBegin(part=ToolCall(id="c", name="f"), index=1),
        Delta(text="{}", index=1),
        Delta(text="hi", index=0),
        PartEnd(index=1),
        PartEnd(index=0),
        ChoiceEnd(stop=Stop.END),
    )

    assert [line["output_index"] for line in told] == sorted(line["output_index"] for line in told)
    assert [line["item"]["type"] for line in told if "done" in line["type"] and "item" in line] == [
        "message",
        "function_call",
    ]


def test_error_is_written_with_its_number_and_read_again() -> None:
    writer = CODEC.stream_writer(read(), notes())
    stream = writer.write(Begin(origin="x")) + writer.write(Broken(error=RateLimited("slow down")))

    last = lines(stream)[-1]

    assert (last["type"], last["sequence_number"], last["code"]) == ("error", 2, "rate_limit_exceeded")
    broken = events_in(stream)[-1]
    assert isinstance(broken, Broken)
    assert (broken.error.status, broken.error.message) == (429, "slow down")


def test_sign_of_life_is_a_comment() -> None:
    assert CODEC.stream_writer(read(), notes()).write(Ping()).startswith(b":")


def test_own_event_is_passed_on_with_a_number_that_fits_and_a_strangers_is_not() -> None:
    event = Unknown(dialect=NAME, name="response.x", data=b'{"type":"response.x","sequence_number":77,"a":1}')
    strange = [
        Unknown(dialect="stranger", name="x", data=b"{}"),
        Unknown(dialect=NAME, name="x", data=b"[]"),
        Unknown(dialect=NAME, name="x", data=b"{"),
        Unknown(dialect=NAME, name="", data=b"{}"),
    ]

    assert wrote(event, *strange) == [{"type": "response.x", "sequence_number": 2, "a": 1}]


@pytest.mark.parametrize(
    "output",
    [
        [{**MESSAGE, "content": [TEXT, {"type": "refusal", "refusal": "no"}]}],
        [{**MESSAGE, "content": [{"type": "odd", "x": 1}, TEXT]}],
        [{**MESSAGE, "content": [TEXT]}, {**MESSAGE, "id": "msg_2", "content": [TEXT, TEXT]}],
        [{**MESSAGE, "content": []}, {"type": "web_search_call", "id": "ws_1"}],
        [{"type": "reasoning", "summary": [{"type": "summary_text", "text": text} for text in "ab"]}],
        [{"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": ""}]}],
        [{"type": "function_call", "call_id": "c", "name": "f", "arguments": ""}, {**MESSAGE, "content": [TEXT]}],
        [],
    ],
)
def test_answer_of_this_dialect_comes_through_a_stream_unchanged(output: list[Any]) -> None:
    response = given(*output, x=1)

    assert folded(streamed(response)) == response


@pytest.mark.parametrize(("stop", "kept"), [(Stop.END, True), (Stop.LENGTH, True), (Stop.BROKEN_CALL, False)])
def test_answer_that_failed_is_none_to_come_back_to(stop: Stop, kept: bool) -> None:
    writer = CODEC.stream_writer(read(), notes())

    last = [writer.write(event) for event in unfold(answer(Text(text="hi"), stop=stop))][-1]

    assert writer.answer == (encode_json(lines(last)[-1]["response"]) if kept else b"")


def test_message_whose_last_part_never_comes_is_written_all_the_same() -> None:
    (first, _) = parts_of(given({**MESSAGE, "content": [TEXT, TEXT]}))
    events = list(unfold(given({**MESSAGE, "content": [TEXT]})))
    begin, *_, choice, end = events
    writer = CODEC.stream_writer(read(), notes())
    part = [PartBegin(part=first, index=0), PartEnd(index=0)]

    stream = b"".join(writer.write(event) for event in (begin, *part, choice, end))

    assert lines(stream)[-1]["response"]["output"][0]["content"] == [TEXT]
