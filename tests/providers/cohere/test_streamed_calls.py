"""Calls of tools in streams for Cohere's callers, as they come.  Source: invented."""

import json
from typing import Any

import pytest
from tests.providers.cohere.shared import CODEC, SEAL, asked, events_of, notes, read

from tollbridge.formats import (
    Begin,
    ChoiceEnd,
    Delta,
    Detail,
    End,
    PartBegin,
    PartEnd,
    Replaced,
    State,
    Stop,
    ToolCall,
    UsageSeen,
    carried,
    fold,
)

STATE = State("another", {"signature": "s"})


def told_events(stream: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in stream.splitlines() if line.startswith(b"data: {")]


def kinds(stream: bytes) -> list[str]:
    return [one["type"] for one in told_events(stream)]


def test_call_goes_on_as_it_comes() -> None:
    writer = CODEC.stream_writer(read(asked()), notes())
    writer.write(Begin(origin="another"))
    begun = writer.write(PartBegin(part=ToolCall(id="c1", name="f"), index=0))
    pieces = [writer.write(Delta(text=words, index=0)) for words in ('{"a"', ": 1}")]
    ended = writer.write(PartEnd(index=0))

    assert begun == b""
    assert [kinds(piece) for piece in pieces] == [["tool-call-start", "tool-call-delta"], ["tool-call-delta"]]
    assert kinds(ended) == ["tool-call-end"]
    (start, first), (second,) = map(told_events, pieces)
    assert start["delta"]["message"]["tool_calls"]["id"] == "c1"
    words = [one["delta"]["message"]["tool_calls"]["function"]["arguments"] for one in (start, first, second)]
    assert words == ["", '{"a"', ": 1}"]


def test_call_waits_for_its_turn_where_several_are_open() -> None:
    writer = CODEC.stream_writer(read(asked()), notes())
    events = [Begin(origin="another"), *(PartBegin(part=ToolCall(id=f"c{i}", name="f"), index=i) for i in (0, 1))]
    events += [Delta(text="{", index=0), Delta(text="[", index=1), Delta(text="}", index=0), Delta(text="]", index=1)]
    told_now = [writer.write(event) for event in events]

    rest = [writer.write(event) for event in (PartEnd(index=0), PartEnd(index=1), ChoiceEnd(stop=None), End())]

    assert [kinds(one)[-1:] for one in told_now[3:]] == [["tool-call-delta"], [], ["tool-call-delta"], []]
    assert kinds(rest[0]) == ["tool-call-end", "tool-call-start", "tool-call-delta", "tool-call-delta"]
    assert [part.arguments for part in parts_of(b"".join((*told_now, *rest)))] == ["{}", "[]"]


def parts_of(stream: bytes) -> Any:
    return fold(events_of(CODEC.stream_reader(notes()), [stream])).choices[0].parts


def test_state_that_comes_before_a_calls_first_words_is_behind_its_id() -> None:
    writer = CODEC.stream_writer(read(asked()), notes())
    events = [
        Begin(origin="another"),
        PartBegin(part=ToolCall(id="c1", name="f"), index=0),
        Detail(index=0, state=STATE),
        Delta(text="{}", index=0),
    ]

    (start, _) = told_events(b"".join(map(writer.write, events)))[1:]

    assert carried(start["delta"]["message"]["tool_calls"]["id"], SEAL)[:2] == ("c1", STATE)


@pytest.mark.parametrize(
    ("said", "call"),
    [
        ((), ToolCall(id="c2", name="g", arguments='{"b": 2}')),
        ((Delta(text='{"a"', index=0),), ToolCall(id="c1", name="f", arguments='{"a"')),
    ],
)
def test_call_begins_anew_as_long_as_nothing_was_told_of_it(said: Any, call: ToolCall) -> None:
    writer = CODEC.stream_writer(read(asked()), notes())
    events = [
        Begin(origin="another"),
        PartBegin(part=ToolCall(id="c1", name="f"), index=0),
        *said,
        Replaced(part=ToolCall(id="c2", name="g", arguments='{"b": 2}'), index=0),
        PartEnd(index=0),
        ChoiceEnd(stop=Stop.TOOL_CALLS),
        UsageSeen(usage=None),
        End(),
    ]

    assert parts_of(b"".join(map(writer.write, events))) == (call,)
