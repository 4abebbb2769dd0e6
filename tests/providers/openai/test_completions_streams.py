"""Streams of completions, as providers send them and as callers get them.  Source: invented."""

import json

import pytest
from tests.providers.openai.completions_support import (
    CODEC,
    DONE,
    answer,
    asked,
    piece,
    read,
    streamed,
)

from tollbridge.errors import UpstreamError, UpstreamTruncated
from tollbridge.formats import (
    Aside,
    Begin,
    Broken,
    Choice,
    ChoiceEnd,
    Delta,
    Ping,
    Response,
    Stop,
    Text,
    Unknown,
    UsageSeen,
    fold,
)
from tollbridge.metering.usage import Usage
from tollbridge.testing.conversation_contract import notes


def test_reason_that_is_said_twice_ends_the_answer_once() -> None:
    events = read(piece("a", "length"), piece("", "length"), DONE)

    assert sum(isinstance(event, ChoiceEnd) for event in events) == 1
    assert fold(events).choices[0].parts == (Text(text="a"),)


def test_words_after_a_reason_are_not_lost() -> None:
    (choice,) = fold(read(piece("a", "stop"), piece("b"), DONE)).choices

    assert (choice.parts, choice.said) == ((Text(text="ab"),), "stop")


def test_several_answers_come_by_their_index() -> None:
    events = read(piece("b", index=1), piece("a"), piece("", "stop", index=1), piece("", "stop"), DONE)

    assert [choice.parts for choice in fold(events).choices] == [(Text(text="a"),), (Text(text="b"),)]


def test_stream_ends_with_its_bytes_where_every_answer_has_said_why() -> None:
    assert fold(read(piece("a", "stop"))).choices[0].said == "stop"
    with pytest.raises(UpstreamTruncated):
        fold(read(piece("a", "stop"), piece("b", index=1)))


def test_error_inside_a_stream_is_the_last_event() -> None:
    error = b'data: {"error": {"message": "full", "code": "server_overloaded"}}\n\n'

    events = read(piece("a"), error, piece("b"))

    assert isinstance(events[-1], Broken)
    assert events[-1].error.status == 503


def test_what_belongs_to_the_answer_as_a_whole_may_come_later() -> None:
    first = b'data: {"prompt_filter_results": [1], "choices": []}\n\n'
    told = {"prompt_tokens": 1, "completion_tokens": 2}
    last = {"choices": [], "usage": told, "late": 3, "obfuscation": "x"}
    events = read(
        first,
        piece("a", "stop"),
        b": ping\n\n",
        b'data: {"value": 1}\n\n',
        b"data: %b\n\n" % json.dumps(last).encode(),
        DONE,
    )

    kinds = [type(event) for event in events]
    assert kinds[:2] == [Aside, Begin]
    assert {Ping, Unknown, UsageSeen} <= set(kinds)
    assert fold(events).extras == {"prompt_filter_results": [1], "late": 3}
    assert fold(events).usage == Usage(input=1, output=2)


def test_done_alone_is_an_empty_answer() -> None:
    assert fold(read(DONE)) == Response(origin="openai-completions")


def test_unfinished_event_at_the_end_says_nothing() -> None:
    with pytest.raises(UpstreamTruncated):
        fold(read(piece("a"), b'data: {"choices": [{"te'))


@pytest.mark.parametrize("junk", [b"data: nonsense\n\n", b"data: []\n\n"])
def test_what_is_no_stream_is_said_to_be_none(junk: bytes) -> None:
    with pytest.raises(UpstreamError):
        read(junk)


def test_own_answer_keeps_in_a_stream_what_nobody_else_knows() -> None:
    choice = Choice(
        parts=(Text(text="a"),),
        stop=Stop.END,
        said="stop",
        extras={"stop_reason": ".", "logprobs": {"text_offset": [0]}},
    )
    response = Response(
        origin="openai-completions", id="1", model="m", choices=(choice,), wire_usage={"x": 1}, extras={"y": 2}
    )

    pieces = streamed(response, asked(stream_options={"include_usage": True}))

    assert [piece["y"] for piece in pieces] == [2] * 3
    assert pieces[1]["choices"][0] == {
        "text": "",
        "index": 0,
        "logprobs": None,
        "finish_reason": "stop",
        "stop_reason": ".",
    }
    assert [piece["usage"] for piece in pieces] == [None, None, {"x": 1}]


def test_usage_is_told_in_a_stream_to_who_asked() -> None:
    asking, silent = asked(stream_options={"include_usage": True}), asked()

    assert streamed(answer(), asking)[-1]["usage"]["total_tokens"] == 12
    assert streamed(answer(), asking)[-1]["choices"] == []
    assert all("usage" not in piece for piece in streamed(answer(), silent))


def test_signs_of_life_and_errors_pass() -> None:
    writer = CODEC.stream_writer(asked(), notes())

    assert writer.write(Ping()) == b": ping\n\n"
    assert writer.write(Unknown(dialect="x", name="", data=b"")) == b""
    assert writer.write(Delta(text="never begun", index=5)) == b""
    assert writer.write(Aside(extras={"x": 1})) == b""
    assert writer.write(UsageSeen(usage=None)) == b""
    told = writer.write(Broken(error=UpstreamError("gone")))
    assert json.loads(told[6:])["error"]["message"] == "gone"


def test_what_comes_later_of_the_answer_as_a_whole_is_in_the_pieces_after_it() -> None:
    writer = CODEC.stream_writer(asked(), notes())
    writer.write(Begin(origin="openai-completions", id="1", model="m"))
    writer.write(Aside(extras={"late": 3}))

    assert json.loads(writer.write(ChoiceEnd(stop=Stop.END, said="stop"))[6:])["late"] == 3
