"""Mistral's answers and streams, read and written."""

import json
from decimal import Decimal
from typing import Any

import pytest
from tests.providers.mistral.shared import CODEC, SEAL, asked, bare, chunk, events_of, notes, read, sse

from tollbridge import UpstreamError, Usage
from tollbridge.formats import (
    Aside,
    Begin,
    Broken,
    Choice,
    ChoiceEnd,
    Citation,
    Delta,
    Detail,
    End,
    Logprob,
    Media,
    MediaKind,
    Notes,
    Opaque,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Refusal,
    Replaced,
    Response,
    State,
    Stop,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    carried,
    fold,
    unfold,
)
from tollbridge_mistral.usage import read_usage, write_usage

STATE = State("another", {"signature": "s"})


def whole(message: Any = None, finish: str | None = "stop", **fields: Any) -> Any:
    told = {
        "index": 0,
        "finish_reason": finish,
        "message": {"role": "assistant", "content": "Hello", **(message or {})},
    }
    return {"id": "a1", "object": "chat.completion", "created": 5, "model": "m", "choices": [told], **fields}


def answer(body: Any) -> Response:
    return CODEC.read_response(json.dumps(body).encode(), notes())


def told(response: Response, taken: Notes | None = None) -> Any:
    return json.loads(CODEC.write_response(response, read(asked()), taken or notes()))


def streamed(response: Response, taken: Notes | None = None) -> bytes:
    writer = CODEC.stream_writer(read(asked()), taken or notes())
    return b"".join(writer.write(event) for event in unfold(response))


def pieces(stream: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in stream.splitlines() if line.startswith(b"data: {")]


def folded(*chunks: Any) -> Response:
    return fold(events_of(CODEC.stream_reader(notes()), [sse(*chunks)]))


def foreign(*parts: Any, stop: Stop | None = Stop.END, **fields: Any) -> Response:
    return Response(origin="another", id="a1", model="m", choices=(Choice(parts=parts, stop=stop),), **fields)


CALL = {"id": "abcDEF123", "type": "function", "function": {"name": "f", "arguments": "{}"}, "index": 0}
THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}], "closed": True, "signature": "s"}
RICH = whole(
    {
        "content": [
            THOUGHT,
            {"type": "text", "text": "It is "},
            {"type": "reference", "reference_ids": [1]},
            {"type": "text", "text": "hot."},
        ],
        "tool_calls": [CALL, {"id": "abcDEF124", "function": {"name": "g", "arguments": "{}"}, "index": 1}],
        "newer": 1,
    },
    finish="tool_calls",
    usage={
        "prompt_tokens": 5,
        "total_tokens": 9,
        "completion_tokens": 4,
        "prompt_tokens_details": {"cached_tokens": 2},
    },
    newer={"a": 1},
)
RICH["choices"][0]["logprobs"] = {
    "content": [{"token": "hot", "logprob": -0.5, "bytes": None, "top_logprobs": [{"token": "a", "logprob": -1.5}]}]
}


def test_everything_an_answer_says_comes_back() -> None:
    assert bare(told(answer(RICH))) == bare(RICH)


def test_everything_an_answer_says_streams() -> None:
    response = answer(RICH)
    (choice,) = response.choices
    late = {"newer": 1}

    again = fold(events_of(CODEC.stream_reader(notes()), [streamed(response)]))

    assert again.choices[0].parts == choice.parts
    assert choice.extras == {"message": late}
    assert (again.usage, again.wire_usage, again.extras) == (response.usage, response.wire_usage, response.extras)


def test_what_an_answer_says_is_understood() -> None:
    response = answer(RICH)
    thought, first, reference, last, call, _ = response.choices[0].parts

    assert (response.created, response.model, response.usage) == (5, "m", Usage(3, 2, output=4))
    assert thought == Reasoning(text="Hm.", state=State("mistral-chat", {"signature": "s"}), extras={"closed": None})
    assert first == Text(text="It is ")
    assert isinstance(reference, Opaque)
    assert isinstance(last, Text)
    assert last.logprobs == (Logprob("hot", Decimal("-0.5"), None, (Logprob("a", Decimal("-1.5")),)),)
    assert isinstance(call, ToolCall)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"choices": 3}', b'{"id": "1"}'])
def test_what_is_no_answer_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


def test_answer_that_the_provider_broke_off_is_an_error() -> None:
    with pytest.raises(UpstreamError):
        answer(whole(finish="error"))

    *_, last = events_of(CODEC.stream_reader(notes()), [sse(chunk({"content": "a"}), chunk({}, "error"))])
    assert isinstance(last, Broken)


@pytest.mark.parametrize(
    ("said", "stop"),
    [
        ("stop", Stop.END),
        ("length", Stop.LENGTH),
        ("model_length", Stop.CONTEXT),
        ("tool_calls", Stop.TOOL_CALLS),
        ("content_filter", Stop.FILTER),
        ("odd", Stop.OTHER),
    ],
)
def test_reason_of_an_answer_is_understood(said: str, stop: Stop) -> None:
    assert answer(whole(finish=said)).choices[0].stop is stop
    assert folded(chunk({"content": "a"}, said)).choices[0].stop is stop


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        (Stop.END, "stop"),
        (Stop.STOP_SEQUENCE, "stop"),
        (Stop.LENGTH, "length"),
        (Stop.CONTEXT, "model_length"),
        (Stop.TOOL_CALLS, "tool_calls"),
        (Stop.FILTER, "content_filter"),
        (Stop.REFUSAL, "content_filter"),
        (Stop.PAUSE, "stop"),
        (Stop.BROKEN_CALL, "stop"),
        (Stop.OTHER, "stop"),
        (None, None),
    ],
)
def test_reason_is_told_in_mistrals_words(stop: Stop | None, said: str | None) -> None:
    response = foreign(Text(text="a"), stop=stop)

    assert told(response)["choices"][0]["finish_reason"] == said
    assert pieces(streamed(response))[-1]["choices"][0]["finish_reason"] == said


def test_answer_of_another_dialect_is_told_as_mistral_tells_it() -> None:
    response = foreign(
        Text(text="It is "),
        Refusal(text="hot."),
        ToolCall(id="c1", name="f", arguments=""),
        usage=Usage(input=5, cache_read=2, output=7, reasoning=3),
    )

    assert told(response) == {
        "id": "a1",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "m",
        "choices": [
            {
                "index": 0,
                "finish_reason": "stop",
                "message": {
                    "role": "assistant",
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}, "index": 0}
                    ],
                    "content": "It is hot.",
                },
            }
        ],
        "usage": {
            "prompt_tokens": 7,
            "completion_tokens": 7,
            "total_tokens": 14,
            "prompt_tokens_details": {"cached_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 3},
        },
    }


def test_answer_nobody_counted_tells_no_number() -> None:
    response = foreign(Text(text="hot"))
    written = told(response)

    again = answer(written)

    assert written["usage"] == {}
    assert (again.usage, again.wire_usage) == (None, None)
    assert fold(events_of(CODEC.stream_reader(notes()), [streamed(response)])) == again


def test_stream_of_another_dialect_has_mistrals_pieces() -> None:
    response = foreign(
        Reasoning(text="Hm."),
        Text(text="hot", logprobs=(Logprob("hot", 0),)),
        ToolCall(id="c1", name="f", arguments='{"a":1}'),
        usage=Usage(input=1, output=1),
    )

    stream = streamed(response)
    deltas = [piece["choices"][0]["delta"] for piece in pieces(stream)]

    assert deltas == [
        {"role": "assistant", "content": ""},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}]},
        {"content": [{"type": "thinking", "thinking": [], "closed": True}]},
        {"content": "hot"},
        {"content": ""},
        {
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}, "index": 0}
            ]
        },
        {"content": ""},
    ]
    assert pieces(stream)[-1]["usage"]["total_tokens"] == 2
    assert stream.endswith(b"data: [DONE]\n\n")


def test_several_answers_stream_side_by_side() -> None:
    choices = tuple(Choice(index=index, parts=(Text(text=str(index)),), stop=Stop.END) for index in range(2))
    response = Response(origin="another", choices=choices)

    again = fold(events_of(CODEC.stream_reader(notes()), [streamed(response)]))

    assert [choice.parts for choice in again.choices] == [(Text(text="0"),), (Text(text="1"),)]
    assert (told(response)["id"], len(told(response)["choices"])) == ("req_1", 2)


def test_state_of_another_dialect_goes_along_beside_the_thought_and_in_the_calls_id() -> None:
    response = foreign(Reasoning(text="Hm.", state=STATE), ToolCall(id="c1", name="f", arguments="{}", state=STATE))
    message = told(response)["choices"][0]["message"]
    deltas = [piece["choices"][0]["delta"] for piece in pieces(streamed(response))]

    sealed = deltas[2]["content"][0]["signature"]
    id_ = deltas[3]["tool_calls"][0]["id"]

    assert (message["content"][0]["signature"], message["tool_calls"][0]["id"]) == (sealed, id_)
    assert SEAL.unpack(sealed) == STATE
    assert carried(id_, SEAL) == ("c1", STATE, [Reasoning(text="Hm.", state=STATE)])


@pytest.mark.parametrize(
    ("response", "dropped"),
    [
        (foreign(Media(kind=MediaKind.IMAGE, data="QUJD")), "message.content[].media"),
        (foreign(Text(text="a", citations=(Citation(url="https://x"),))), "message.citations"),
        (foreign(Text(text="a"), extras={"odd": 1}), "odd"),
    ],
)
def test_what_mistrals_callers_cannot_be_told_is_noted(response: Response, dropped: str) -> None:
    one, other = notes(), notes()
    told(response, one)
    streamed(response, other)

    assert one.dropped == other.dropped == (dropped,)


def test_call_that_begins_anew_is_told_once() -> None:
    writer = CODEC.stream_writer(read(asked()), notes())
    events = [
        Begin(origin="another"),
        PartBegin(part=ToolCall(id="c1", name="f"), index=0),
        Delta(text='{"a"', index=0),
        Replaced(part=ToolCall(id="c1", name="g", arguments="{}"), index=0),
        Replaced(part=Text(text="x"), index=1),
        PartEnd(index=0),
        PartEnd(index=7),
        Delta(text="a", index=7),
        Detail(index=7),
        ChoiceEnd(stop=Stop.TOOL_CALLS),
        UsageSeen(usage=None),
        End(),
    ]

    (choice,) = fold(
        events_of(CODEC.stream_reader(notes()), [b"".join(writer.write(event) for event in events)])
    ).choices

    assert [(part.name, part.arguments) for part in choice.parts if isinstance(part, ToolCall)] == [("g", "{}")]


def test_reason_that_is_told_twice_ends_an_answer_once() -> None:
    events = events_of(CODEC.stream_reader(notes()), [sse(chunk({"content": "a"}, "stop"), chunk({}, "length"))])

    assert [event.said for event in events if isinstance(event, ChoiceEnd)] == ["stop"]


def test_thinking_is_behind_the_id_of_the_first_call_alone() -> None:
    calls = [ToolCall(id=id_, name="f", arguments="{}") for id_ in ("c1", "c2")]
    response = foreign(Reasoning(text="Hm.", state=STATE), *calls)

    for stream in (pieces(streamed(response)), [{"choices": [{"delta": told(response)["choices"][0]["message"]}]}]):
        ids = [call["id"] for piece in stream for call in piece["choices"][0]["delta"].get("tool_calls") or ()]
        assert carried(ids[0], SEAL) == ("c1", None, [Reasoning(text="Hm.", state=STATE)])
        assert ids[1] == "c2"


def test_calls_in_pieces_and_under_one_index_are_told_apart() -> None:
    response = folded(
        chunk({"tool_calls": [{"id": "a", "function": {"name": "", "arguments": "{"}, "index": 0}]}),
        chunk({"tool_calls": [{"function": {"name": "f", "arguments": "}"}, "index": 0}]}),
        chunk({"tool_calls": [{"id": "b", "function": {"name": "g", "arguments": {"x": 1}}, "index": 0}]}),
        chunk({"content": "late"}, "tool_calls"),
    )

    calls = [part for part in response.choices[0].parts if isinstance(part, ToolCall)]

    assert [(call.id, call.name, call.arguments) for call in calls] == [("a", "f", "{}"), ("b", "g", '{"x":1}')]


def test_thinking_that_says_nothing_is_no_part() -> None:
    nothing = {"type": "thinking", "thinking": [], "closed": True}

    assert folded(chunk({"content": [nothing]}), chunk({"content": "a"}, "stop")).choices[0].parts == (Text(text="a"),)


def test_padding_is_let_go_and_what_comes_late_is_kept() -> None:
    response = folded(chunk({"content": "a"}, p="abc"), chunk({}, "stop", newer=1))

    assert response.extras == {"newer": 1}
    writer = CODEC.stream_writer(read(asked()), notes())
    writer.write(Begin(origin="mistral-chat"))
    writer.write(Aside(extras={"newer": 1}))
    assert b'"newer":1' in writer.write(End())
    assert CODEC.stream_writer(read(asked()), notes()).write(Aside(extras={"newer": 1})) == b""


def test_events_nobody_knows_pass_by() -> None:
    ping, unknown = events_of(CODEC.stream_reader(notes()), [b": hello\n\n\n\n", b'data: {"odd": 1}\n\n'])

    assert (ping, type(unknown)) == (Ping(), Unknown)
    writer = CODEC.stream_writer(read(asked()), notes())
    assert (writer.write(unknown), writer.write(ping)) == (b"", b": keep-alive\n\n")


def test_end_needs_a_mark_or_a_reason() -> None:
    def ends(stream: bytes) -> bool:
        return any(isinstance(event, End) for event in events_of(CODEC.stream_reader(notes()), [stream]))

    assert ends(sse())
    assert ends(sse(chunk({"content": "a"})))
    assert ends(sse(chunk({}, "stop"), done=False))
    assert not ends(sse(chunk({"content": "a"}), done=False))
    assert not ends(b"")
    assert not ends(b'data: {"id"')


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"object": "error", "message": "too bad", "code": 429}, 429),
        ({"object": "error", "message": "too bad", "raw_status_code": 422}, 422),
        ({"object": "error", "message": "too bad", "code": 503}, 503),
        ({"error": {"message": "too bad", "code": "3051"}}, 502),
        ({"error": "too bad"}, 502),
    ],
)
def test_error_in_a_stream_ends_it(error: Any, status: int) -> None:
    (broken,) = events_of(CODEC.stream_reader(notes()), [sse(error, error)])

    assert isinstance(broken, Broken)
    assert (broken.error.status, broken.error.message) == (status, "too bad")


@pytest.mark.parametrize("data", [b"[]", b"3", b"<html>"])
def test_stream_of_something_else_is_said_to_be_none(data: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.stream_reader(notes()).feed(b"data: %b\n\n" % data)


@pytest.mark.parametrize(
    ("wire", "usage"),
    [
        (None, None),
        ({"prompt_audio_seconds": 3}, None),
        ({"prompt_tokens": 5, "total_tokens": 5, "completion_tokens": 0, "prompt_tokens_details": None}, Usage(5)),
        ({"prompt_tokens": 5, "completion_tokens": 1, "num_cached_tokens": 3}, Usage(2, 3, output=1)),
        ({"prompt_tokens": 5, "completion_tokens": 1, "total_tokens": 9}, Usage(5, output=4)),
        ({"prompt_tokens": 5, "prompt_token_details": {"cached_tokens": 9}}, Usage(0, 5)),
        ({"prompt_tokens": -5, "completion_tokens": 2, "completion_tokens_details": {"reasoning_tokens": 9}},
         Usage(output=2, reasoning=2)),
    ],
)  # fmt: skip
def test_usage_is_counted_in_buckets(wire: Any, usage: Usage | None) -> None:
    assert read_usage(wire) == usage


def test_usage_of_another_dialect_is_the_same_when_it_is_read_again() -> None:
    usage = Usage(input=5, cache_read=3, output=9, reasoning=4)

    assert read_usage(write_usage(usage)) == usage
