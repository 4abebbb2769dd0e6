"""Streams of the Responses API, read."""

import json
from typing import Any

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st
from tests.providers.openai.responses_support import (
    CODEC,
    answer,
    events_in,
    folded,
    given,
    hello,
    notes,
    parts_of,
    read,
    stream_of,
    streamed,
)

from tollbridge import UpstreamError
from tollbridge.errors import GatewayError, UpstreamTruncated
from tollbridge.formats import (
    Begin,
    Broken,
    Delta,
    Detail,
    End,
    Opaque,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Replaced,
    State,
    ToolCall,
    Unknown,
    fold,
)

NAME = "openai-responses"
BEGUN: dict[str, Any] = {"type": "response.created", "response": {"id": "resp_1", "model": "m", "output": []}}
MESSAGE: dict[str, Any] = {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed"}
TEXT = {"type": "output_text", "text": "hi", "annotations": [], "logprobs": []}
STATE = State("stranger", {"signature": "s"})


def ended(*output: Any, kind: str = "completed", **members: Any) -> dict[str, Any]:
    told = {"id": "resp_1", "model": "m", "object": "response", "status": kind, "output": list(output), **members}
    return {"type": f"response.{kind}", "response": told}


def added(item: Any, place: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": place, "item": item}


def done(item: Any, place: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": place, "item": item}


def piece(kind: str, delta: str, place: int = 0, **members: Any) -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "output_index": place, "delta": delta, **members}


def whole(*events: dict[str, Any], last: dict[str, Any] | None = None) -> Any:
    """Fold a stream with these events in it."""
    return folded(stream_of(BEGUN, *events, last or ended()))


def test_items_are_found_by_their_place_whatever_their_ids() -> None:
    response = whole(
        added({**MESSAGE, "content": []}),
        piece("output_text", "h", item_id="a"),
        piece("output_text", "i", item_id="b"),
        done({**MESSAGE, "id": "msg_2", "content": [TEXT]}),
    )

    (text,) = parts_of(response)
    assert text.text == "hi"
    assert text.extras["(item)"]["id"] == "msg_2"


@pytest.mark.parametrize(
    "events",
    [
        [done({**MESSAGE, "content": [TEXT]})],
        [piece("output_text", "hi"), done({**MESSAGE, "content": [TEXT]})],
        [added({**MESSAGE, "content": []}), piece("output_text", "h"), done({**MESSAGE, "content": [TEXT]})],
        [added({**MESSAGE, "content": []}), piece("output_text", "no!"), done({**MESSAGE, "content": [TEXT]})],
        [added(MESSAGE), added(MESSAGE), piece("output_text", "hi"), done({**MESSAGE, "content": [TEXT]})],
        [done({**MESSAGE, "content": [TEXT]}), piece("output_text", "late"), done(MESSAGE)],
        [piece("function_call_arguments", "lost"), done({**MESSAGE, "content": [TEXT]})],
    ],
)
def test_last_event_of_an_item_says_what_holds(events: list[dict[str, Any]]) -> None:
    assert parts_of(whole(*events)) == parts_of(given({**MESSAGE, "content": [TEXT]}))


def test_item_that_never_ended_is_taken_from_the_whole_answer() -> None:
    listed = {"type": "mcp_list_tools", "id": "a", "tools": []}
    message = {**MESSAGE, "content": [TEXT]}
    never = {"type": "mcp_list_tools", "id": "b", "tools": []}

    response = whole(added({**listed, "tools": None}), done(message, 1), last=ended(listed, message, never))

    assert parts_of(response) == parts_of(given(listed, message, never))


def test_whole_answer_that_says_nothing_of_its_items_changes_nothing() -> None:
    response = whole(added({**MESSAGE, "content": []}), piece("output_text", "hi"), last=ended())

    (text,) = parts_of(response)
    assert text.text == "hi"


def test_content_that_is_gone_in_the_last_event_is_kept() -> None:
    response = whole(added(MESSAGE), piece("output_text", "hi"), done({**MESSAGE, "content": []}))

    assert [part.text for part in parts_of(response)] == ["hi"]


def test_several_contents_of_a_message_come_one_after_the_other() -> None:
    content = [TEXT, {"type": "refusal", "refusal": "no"}, {"type": "odd"}, TEXT]
    part = {"type": "response.content_part.added", "output_index": 0}

    response = whole(
        added({**MESSAGE, "content": []}),
        {**part, "content_index": 0, "part": {**TEXT, "text": ""}},
        piece("output_text", "hi", content_index=0),
        {**part, "type": "response.content_part.done", "content_index": 0, "part": TEXT},
        piece("refusal", "no", content_index=1),
        {**part, "content_index": 2, "part": {"type": "odd"}},
        done({**MESSAGE, "content": content}),
    )

    assert [getattr(found, "text", "") for found in parts_of(response)] == ["hi", "no", "", "hi"]


def test_reasoning_of_both_kinds_ends_as_its_content() -> None:
    thought = {
        "type": "reasoning",
        "id": "rs_1",
        "summary": [{"type": "summary_text", "text": "short"}],
        "content": [{"type": "reasoning_text", "text": "long"}],
    }
    short, long = piece("reasoning_summary_text", "short"), piece("reasoning_text", "long")

    for pieces in ([short, long], [long, short]):
        response = whole(added({"type": "reasoning", "id": "rs_1"}), *pieces, done(thought))
        assert parts_of(response) == parts_of(given(thought))


def test_pieces_of_a_summary_are_set_apart() -> None:
    part = {"type": "response.reasoning_summary_part.added", "output_index": 0}
    summary = [{"type": "summary_text", "text": text} for text in ("a", "b")]
    events = [
        added({"type": "reasoning", "id": "rs_1", "summary": []}),
        {**part, "summary_index": 0},
        piece("reasoning_summary_text", "a", summary_index=0),
        {**part, "summary_index": 1},
        piece("reasoning_summary_text", "b", summary_index=1),
        done({"type": "reasoning", "id": "rs_1", "summary": summary}),
    ]

    found = events_in(stream_of(BEGUN, *events, ended()))

    assert [event.text for event in found if isinstance(event, Delta)] == ["a", "\n\n", "b"]
    assert not any(isinstance(event, Replaced) for event in found)
    (thought,) = parts_of(fold(found))
    assert (thought.text, thought.summary) == ("a\n\nb", True)


def test_citation_is_told_when_it_comes() -> None:
    annotation = {"type": "url_citation", "url": "https://a", "title": "A", "start_index": 0, "end_index": 2}
    told = {"type": "response.output_text.annotation.added", "output_index": 0, "annotation": annotation}
    events = [
        {**told, "annotation": None},
        told,
        piece("output_text", "hi"),
        told,
        done({**MESSAGE, "content": [{**TEXT, "annotations": [annotation]}]}),
    ]

    found = events_in(stream_of(BEGUN, *events, ended()))

    assert sum(isinstance(event, Detail) and bool(event.citations) for event in found) == 1
    (text,) = parts_of(fold(found))
    assert [citation.url for citation in text.citations] == ["https://a"]


def test_citations_are_in_the_end_those_of_the_last_event() -> None:
    first, second = ({"type": "url_citation", "url": url} for url in ("https://a", "https://b"))
    told = {"type": "response.output_text.annotation.added", "output_index": 0, "annotation": first}
    last = done({**MESSAGE, "content": [{**TEXT, "annotations": [second]}]})

    (text,) = parts_of(whole(piece("output_text", "hi"), told, last))

    assert [citation.url for citation in text.citations] == ["https://b"]


def test_items_whose_places_are_counted_from_one_come_once() -> None:
    message = {**MESSAGE, "content": [TEXT]}

    response = whole(added({**MESSAGE, "content": []}, 1), done(message, 1), last=ended(message))

    assert parts_of(response) == parts_of(given(message))


def test_what_hosted_tools_are_at_is_passed_on() -> None:
    searching = {"type": "response.web_search_call.searching", "output_index": 0, "item_id": "ws_1"}

    (event,) = events_in(stream_of(searching))

    assert event == Unknown(
        dialect=NAME, name="response.web_search_call.searching", data=json.dumps(searching).encode()
    )


def test_signs_of_life_are_told() -> None:
    stream = b": hello\n\n" + stream_of({"type": "keepalive", "sequence_number": 3}) + b"event: x\n\ndata: [DONE]\n\n"

    assert events_in(stream) == [Ping(), Ping()]


@pytest.mark.parametrize(
    ("event", "status"),
    [
        ({"type": "error", "code": "rate_limit_exceeded", "message": "slow", "param": None}, 429),
        ({"type": "error", "error": {"code": "server_error", "message": "oops"}}, 502),
        ({"type": "error", "status": 429, "error": {"message": "slow"}}, 429),
        ({"type": "error", "status": 400, "error": {"type": "invalid_request_error", "message": "bad"}}, 400),
        ({"type": "response.failed", "response": {"error": {"code": "invalid_prompt", "message": "bad"}}}, 400),
        ({"type": "response.failed", "response": None}, 502),
    ],
)
def test_error_of_the_provider_ends_the_stream(event: dict[str, Any], status: int) -> None:
    events = events_in(stream_of(BEGUN, event, ended()))

    assert isinstance(events[-1], Broken)
    assert events[-1].error.status == status
    with pytest.raises(GatewayError):
        fold(events)


def test_error_without_a_type_is_one_too() -> None:
    (event,) = events_in(b'data: {"error":{"message":"no more","code":"insufficient_quota"}}\n\n')

    assert isinstance(event, Broken)
    assert event.error.status == 429


def test_stream_may_begin_anywhere() -> None:
    queued = {**BEGUN, "type": "response.queued"}
    response = folded(stream_of(queued, BEGUN, ended(usage={"input_tokens": 1})))

    assert (response.id, response.model) == ("resp_1", "m")
    assert response.usage is not None
    assert folded(stream_of(ended())).id == "resp_1"
    assert isinstance(events_in(stream_of(piece("output_text", "hi")))[0], Begin)


def test_last_event_may_lack_its_blank_line() -> None:
    stream = stream_of(BEGUN, ended()).rstrip(b"\n")

    assert isinstance(events_in(stream)[-1], End)


def test_what_comes_after_the_end_is_nobodys() -> None:
    events = events_in(stream_of(BEGUN, ended(), BEGUN, {"type": "error", "message": "x"}))

    assert isinstance(events[-1], End)


@pytest.mark.parametrize("junk", [b"data: {\n\n", b"data: []\n\n", b"data: \xff\n\n"])
def test_what_is_no_stream_is_said_to_be_none(junk: bytes) -> None:
    with pytest.raises(UpstreamError):
        events_in(junk + b"data: {}\n\n")


@hypothesis_given(st.integers(0, 10_000), st.integers(1, 50))
def test_stream_that_is_cut_off_is_truncated(place: int, size: int) -> None:
    stream = streamed(answer(Reasoning(text="hm", state=STATE), hello(), ToolCall(id="c", name="f", arguments="{}")))
    last = stream.rindex(b"event: ")

    with pytest.raises(UpstreamTruncated):
        fold(events_in(stream[: place % last], size))


ODD = st.sampled_from(
    [
        BEGUN,
        added(MESSAGE),
        added({"type": "reasoning", "id": 3}),
        added({"type": "function_call", "call_id": "c"}, 1),
        added(None),
        added({"type": "odd"}, 2),
        done({**MESSAGE, "content": [TEXT, {"type": "refusal"}]}),
        done({"type": "reasoning", "summary": [3], "content": "x"}),
        done(None, 1),
        piece("output_text", "a"),
        piece("output_text", "b", 1, content_index=1),
        piece("refusal", "c"),
        piece("reasoning_text", "d"),
        piece("reasoning_summary_text", "e", 1, summary_index=2),
        piece("function_call_arguments", "{"),
        piece("custom_tool_call_input", "f", 2),
        {"type": "response.output_text.annotation.added", "annotation": {"type": 3}},
        {"type": "response.content_part.added", "part": {"type": "output_text"}},
        {"type": "response.content_part.added", "part": {"type": "reasoning_text"}, "content_index": 3},
        {"type": "response.content_part.done", "part": {"type": "refusal"}},
        {"type": "response.reasoning_summary_part.added"},
        {"type": "response.in_progress"},
    ]
)


@hypothesis_given(st.lists(ODD, max_size=12), st.lists(st.sampled_from([MESSAGE, {"type": "odd"}, 3]), max_size=4))
def test_events_in_any_order_are_a_stream_all_the_same(events: list[dict[str, Any]], output: list[Any]) -> None:
    found = events_in(stream_of(*events, ended(*output)))
    writer = CODEC.stream_writer(read(), notes())
    begun: set[int] = set()
    open_: set[int] = set()

    for event in found:
        if isinstance(event, PartBegin):
            assert event.index not in begun
            begun.add(event.index)
            open_.add(event.index)
        elif isinstance(event, Delta | Detail | Replaced | PartEnd):
            assert event.index in open_
            if isinstance(event, PartEnd):
                open_.remove(event.index)
        writer.write(event)
    assert not open_
    fold(found)


def test_part_of_a_kind_that_is_not_known_yet_is_whole_at_its_end() -> None:
    (part,) = parts_of(whole(added({"type": "odd", "x": 1}), done({"type": "odd", "x": 2})))

    assert part == Opaque(kind="odd", raw={"type": "odd", "x": 2})
