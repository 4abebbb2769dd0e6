"""Streams of Anthropic as events."""

import json
from typing import Any

import pytest
from tests.providers.anthropic.reading import NEWS

from tollbridge import UpstreamError, Usage
from tollbridge.errors import UpstreamTruncated
from tollbridge.formats import (
    AnyEvent,
    Aside,
    Begin,
    ChoiceEnd,
    Citation,
    Delta,
    Detail,
    End,
    KeyedSeal,
    Notes,
    Opaque,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Replaced,
    ServerCall,
    State,
    Stop,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    fold,
)
from tollbridge_anthropic.codec import MessagesCodec

CODEC = MessagesCodec()
OWN = CODEC.name
SEAL = KeyedSeal(b"k" * 32)


def event(kind: str, **members: Any) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), json.dumps({"type": kind, **members}).encode())


def begun(block: dict[str, Any], index: int = 0) -> bytes:
    return event("content_block_start", index=index, content_block=block)


def piece(delta: dict[str, Any], index: int = 0) -> bytes:
    return event("content_block_delta", index=index, delta=delta)


def ended(index: int = 0) -> bytes:
    return event("content_block_stop", index=index)


START = event(
    "message_start",
    message={
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude",
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": 3, "output_tokens": 1, "service_tier": "standard"},
        "later": 1,
    },
)
DELTA = event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 5})
STOP = event("message_stop")
WORDS = begun({"type": "text", "text": ""}) + piece({"type": "text_delta", "text": "Hi"}) + ended()


def read(*stream: bytes) -> list[AnyEvent]:
    reader = CODEC.stream_reader(Notes(SEAL))
    return [found for chunk in (*stream, b"") for found in reader.feed(chunk)]


def between(*stream: bytes) -> list[AnyEvent]:
    """Give the events of what stands between the beginning and the end of a message."""
    return read(START, *stream, DELTA, STOP)[2:-3]


def test_data_of_nothing_and_another_dialects_end_say_nothing() -> None:
    assert between(b"data:\n\n", b"data: \n\n", b"data: [DONE]\n\n") == []


@pytest.mark.parametrize(("given", "words"), [({}, "{}"), ({"a": 1}, '{"a":1}'), (None, ""), (5, "")])
def test_call_without_pieces_has_what_stood_at_its_beginning(given: Any, words: str) -> None:
    block = {"type": "tool_use", "id": "t", "name": "f", "input": given}

    found = fold(read(START, begun(block), ended(), DELTA, STOP)).choices[0].parts

    (call,) = CODEC.read_response(json.dumps({"content": [block]}).encode(), Notes(SEAL)).choices[0].parts
    assert found == (call,)
    assert isinstance(call, ToolCall)
    assert call.arguments == words


def test_stream_becomes_events_in_order() -> None:
    first = {"input_tokens": 3, "output_tokens": 1, "service_tier": "standard"}

    assert read(START, event("ping"), WORDS, DELTA, STOP) == [
        Begin(origin=OWN, id="msg_1", model="claude", tier="standard", extras={"later": 1}),
        UsageSeen(usage=Usage(input=3, output=1), wire=first),
        Ping(),
        PartBegin(part=Text(text=""), index=0),
        Delta(text="Hi", index=0),
        PartEnd(index=0),
        UsageSeen(usage=Usage(input=3, output=5), wire={**first, "output_tokens": 5}),
        ChoiceEnd(stop=Stop.END, said="end_turn", extras={"stop_sequence": None}),
        End(),
    ]


@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_other_line_ends_and_comments_change_nothing(end: bytes) -> None:
    stream = (START + b": still here\n\n" + WORDS + DELTA + STOP).replace(b"\n", end)

    assert read(*(stream[place : place + 1] for place in range(len(stream)))) == read(START, WORDS, DELTA, STOP)


@pytest.mark.parametrize(
    ("pieces", "arguments"),
    [(['{"a"', ": 1}"], '{"a": 1}'), ([""], "{}"), ([], "{}"), (['{"a"'], '{"a"')],
)
def test_arguments_come_as_they_are_written_and_are_never_empty(pieces: list[str], arguments: str) -> None:
    call = {"type": "tool_use", "id": "t", "name": "look", "input": {}, "caller": {"type": "direct"}}
    deltas = [piece({"type": "input_json_delta", "partial_json": text}) for text in pieces]

    (part,) = fold(read(START, begun(call), *deltas, ended(), DELTA, STOP)).choices[0].parts

    assert part == ToolCall(id="t", name="look", arguments=arguments, extras={"caller": {"type": "direct"}})


def test_arguments_that_stood_at_the_beginning_are_told_at_the_end() -> None:
    call = {"type": "tool_use", "id": "t", "name": "look", "input": {"a": 1}}

    assert between(begun(call), ended()) == [
        PartBegin(part=ToolCall(id="t", name="look"), index=0),
        Delta(text='{"a":1}', index=0),
        PartEnd(index=0),
    ]


def test_thinking_has_its_words_in_its_state() -> None:
    words = [piece({"type": "thinking_delta", "thinking": text}) for text in ("So", ".")]
    signed = piece({"type": "signature_delta", "signature": "S"})

    found = between(begun({"type": "thinking", "thinking": "", "signature": ""}), *words, signed, ended())

    assert found[-2] == Detail(index=0, state=State(OWN, {"type": "thinking", "thinking": "So.", "signature": "S"}))


def test_thinking_without_a_signature_has_no_state() -> None:
    assert between(begun({"type": "thinking", "thinking": "So."}), ended()) == [
        PartBegin(part=Reasoning(text="So."), index=0),
        PartEnd(index=0),
    ]


def test_thinking_that_is_whole_at_its_beginning_is_whole() -> None:
    block = {"type": "thinking", "thinking": "So.", "signature": "S"}

    assert between(begun(block), ended()) == [
        PartBegin(part=Reasoning(text="So."), index=0),
        Detail(index=0, state=State(OWN, block)),
        PartEnd(index=0),
    ]


@pytest.mark.parametrize("early", [True, False])
def test_state_of_another_provider_comes_back_out_of_a_signature(early: bool) -> None:
    state = State("another", {"signature": "theirs"})
    signature = SEAL.pack(state) or ""
    block = {"type": "thinking", "thinking": "So.", "signature": signature if early else ""}
    later = [] if early else [piece({"type": "signature_delta", "signature": signature})]

    (part,) = fold(read(START, begun(block), *later, ended(), DELTA, STOP)).choices[0].parts

    assert part == Reasoning(text="So.", state=state)


def test_redacted_thinking_comes_whole() -> None:
    block = {"type": "redacted_thinking", "data": "D"}

    assert between(begun(block), ended()) == [
        PartBegin(part=Reasoning(state=State(OWN, block)), index=0),
        PartEnd(index=0),
    ]


def test_citations_are_details_and_an_empty_list_is_none_yet() -> None:
    assert between(
        begun({"type": "text", "text": "", "citations": []}),
        piece({"type": "citations_delta", "citation": NEWS}),
        ended(),
    ) == [
        PartBegin(part=Text(text=""), index=0),
        Detail(index=0, citations=(Citation(url="u", title="N", cited="It is.", raw=NEWS),)),
        PartEnd(index=0),
    ]


@pytest.mark.parametrize(("text", "given"), [('{"q": 1}', {"q": 1}), ('{"q"', {"INVALID_JSON": '{"q"'})])
def test_input_of_a_servers_tool_is_told_whole(text: str, given: Any) -> None:
    raw = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}

    assert between(begun(raw), piece({"type": "input_json_delta", "partial_json": text}), ended()) == [
        PartBegin(part=ServerCall(tool="web_search", id="s", raw=raw), index=0),
        Replaced(part=ServerCall(tool="web_search", id="s", raw={**raw, "input": given}), index=0),
        PartEnd(index=0),
    ]


def test_compaction_is_told_whole() -> None:
    raw = {"type": "compaction", "content": None}
    pieces = [piece({"type": "compaction_delta", "content": text}) for text in ("All ", "of it.")]
    secret = piece({"type": "compaction_delta", "content": None, "encrypted_content": "E"})

    found = between(begun(raw), *pieces, secret, ended())

    whole = {**raw, "content": "All of it.", "encrypted_content": "E"}
    assert found[1] == Replaced(part=Opaque(kind="compaction", raw=whole), index=0)


def test_what_comes_late_about_the_message_is_an_aside() -> None:
    late = event(
        "message_delta",
        delta={"stop_reason": "refusal", "stop_details": {"category": "bio"}, "container": {"id": "c"}},
        usage={"output_tokens": 1},
        context_management={"applied_edits": []},
    )
    found = read(START, late, STOP)

    assert found[3:5] == [
        Aside(extras={"context_management": {"applied_edits": []}, "container": {"id": "c"}}),
        ChoiceEnd(stop=Stop.REFUSAL, said="refusal", extras={"stop_details": {"category": "bio"}}),
    ]


@pytest.mark.parametrize(
    "strange",
    [
        event("later", a=1),
        b"data: [1]\n\n",
        b'data: {"type": 5}\n\n',
        piece({"type": "later_delta"}),
        piece({"type": "text_delta", "text": "Hi"}, index=7),
        piece({"type": "text_delta", "text": 5}),
        piece({"type": "thinking_delta", "thinking": "x"}),
        piece({"type": "thinking_delta"}),
        piece({"type": "signature_delta", "signature": "x"}),
        piece({"type": "input_json_delta", "partial_json": "x"}),
        piece({"type": "citations_delta", "citation": 5}),
        piece({"type": "compaction_delta", "content": "x"}),
        event("content_block_delta", index=0, delta=5),
        event("content_block_delta", index=[0], delta={}),
        event("content_block_start", index=True, content_block={}),
        event("content_block_start", index=0),
    ],
)
def test_event_that_nobody_knows_is_passed_on_as_it_came(strange: bytes) -> None:
    found = between(begun({"type": "text", "text": ""}), strange, ended())

    assert [type(one) for one in found] == [PartBegin, Unknown, PartEnd]
    assert isinstance(found[1], Unknown)
    assert found[1].data == strange.partition(b"data: ")[2].strip()


@pytest.mark.parametrize("strange", [{"type": "signature_delta"}, {"type": "text_delta", "text": "Hi"}])
def test_unknown_pieces_of_thinking_are_unknown_too(strange: dict[str, Any]) -> None:
    found = between(begun({"type": "thinking", "thinking": ""}), piece(strange), ended())

    assert [type(one) for one in found] == [PartBegin, Unknown, PartEnd]


def test_end_of_a_block_that_never_began_says_nothing() -> None:
    assert between(ended(), event("content_block_stop", index="0")) == []


def test_message_may_begin_twice() -> None:
    assert fold(read(START, START, WORDS, DELTA, STOP)) == fold(read(START, WORDS, DELTA, STOP))


def test_second_beginning_makes_void_what_was_not_whole() -> None:
    half = begun({"type": "tool_use", "id": "t", "name": "look", "input": {}}, 1) + piece(
        {"type": "input_json_delta", "partial_json": '{"a'}, 1
    )

    parts = fold(read(START, WORDS, half, START, WORDS, DELTA, STOP)).choices[0].parts

    assert parts == (Text(text="Hi"), Text(text=""), Text(text="Hi"))


def test_block_that_begins_in_the_place_of_another_ends_that_one() -> None:
    found = between(begun({"type": "text", "text": "a"}), WORDS)

    assert [type(one) for one in found] == [PartBegin, PartEnd, PartBegin, Delta, PartEnd]


def test_end_of_the_message_ends_its_blocks() -> None:
    found = read(START, begun({"type": "text", "text": "a"}), STOP)

    assert found[-3:] == [PartEnd(index=0), ChoiceEnd(stop=None), End()]
    assert read(START, WORDS, DELTA, STOP, WORDS, event("error", error={})) == read(START, WORDS, DELTA, STOP)


def test_last_event_may_lack_its_blank_line() -> None:
    assert isinstance(read(START, WORDS, DELTA, STOP[:-2])[-1], End)
    assert isinstance(read(START, WORDS, DELTA, STOP, b"data: [DONE]\n\n")[-1], End)


@pytest.mark.parametrize("place", [len(START), len(START + WORDS), len(START + WORDS + DELTA), len(START) + 30])
def test_stream_that_breaks_off_is_truncated(place: int) -> None:
    events = read((START + WORDS + DELTA + STOP)[:place])

    assert not any(isinstance(one, End | ChoiceEnd) for one in events)
    with pytest.raises(UpstreamTruncated):
        fold(events)
    assert read() == []


@pytest.mark.parametrize(
    "stream", [b"<html>busy</html>", b'{"type":"error"}', b"data: no\n\n", WORDS, DELTA, STOP, b"data: \xff\n\n"]
)
def test_what_is_no_stream_is_refused(stream: bytes) -> None:
    with pytest.raises(UpstreamError):
        read(stream)


def test_message_that_tells_nothing_begins_all_the_same() -> None:
    bare = event("message_start", message={"usage": 5})

    assert read(bare) == [Begin(origin=OWN, extras={"usage": 5})]
    assert read(event("message_start")) == [Begin(origin=OWN)]
