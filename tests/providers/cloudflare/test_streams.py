"""Streams of a model: invented, after workers-ai-provider 4.0.0 (`streaming.ts`)."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tollbridge import GatewayError, Usage
from tollbridge.errors import RateLimited, UpstreamError, UpstreamTruncated
from tollbridge.formats import (
    AnyEvent,
    Begin,
    Broken,
    Choice,
    ChoiceEnd,
    Delta,
    End,
    KeyedSeal,
    Media,
    MediaKind,
    Notes,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Refusal,
    Request,
    Response,
    State,
    Stop,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    fold,
    unfold,
)
from tollbridge_cloudflare.codec import RUN_CODEC

CODEC = RUN_CODEC
ASKED = Request(origin="cloudflare-run", model="m", messages=())
DONE = b"data: [DONE]\n\n"
USAGE = {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}


def notes() -> Notes:
    return Notes(KeyedSeal(b"k"), call_id="call")


def stream(*chunks: Any) -> bytes:
    return b"".join(b"data: %b\n\n" % json.dumps(chunk).encode() for chunk in chunks)


def events_of(data: bytes, size: int = 0) -> list[AnyEvent]:
    reader = CODEC.stream_reader(notes())
    step = size or len(data) or 1
    found = [event for at in range(0, len(data), step) for event in reader.feed(data[at : at + step])]
    return [*found, *reader.feed(b"")]


def delta(**pieces: Any) -> dict[str, Any]:
    return {"id": "x", "model": "m", "created": 5, "choices": [{"index": 0, "delta": pieces}]}


NATIVE = (
    b": hello\n\n"
    + stream(
        {"response": "Hel", "p": "abc"},
        {"response": 1, "p": ""},
        {"response": ""},
        {"response": "", "usage": {"prompt_tokens": 4, "completion_tokens": 1}},
        {"response": "", "usage": USAGE},
    )
    + DONE
)
CALLS = (
    stream(
        delta(role="assistant", content="", reasoning_content="h"),
        delta(reasoning_content="m"),
        delta(content="Hi"),
        delta(tool_calls=[{"id": "a", "type": "function", "index": 0, "function": {"name": "f", "arguments": ""}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": '{"x"'}}]),
        delta(tool_calls=[{"index": 1, "id": "b", "function": {"name": "g"}}]),
        delta(tool_calls=[{"index": 0, "function": {"arguments": ":1}"}}]),
        delta(tool_calls=[{"id": None, "type": None, "index": 1, "function": {"name": None, "arguments": ""}}]),
        {"id": "x", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}], "usage": USAGE},
    )
    + DONE
)
STREAMS = {"native": NATIVE, "calls": CALLS}


def test_native_stream_is_read() -> None:
    response = fold(events_of(NATIVE))

    (choice,) = response.choices
    assert (choice.parts, choice.stop) == ((Text(text="Hel1"),), Stop.END)
    assert (response.usage, response.wire_usage) == (Usage(input=4, output=2), USAGE)


def test_chunks_of_a_completion_are_read() -> None:
    response = fold(events_of(CALLS))

    (choice,) = response.choices
    assert choice.parts == (
        Reasoning(text="hm"),
        Text(text="Hi"),
        ToolCall(id="a", name="f", arguments='{"x":1}'),
        ToolCall(id="b", name="g"),
    )
    assert (choice.stop, choice.said, response.id, response.created) == (Stop.TOOL_CALLS, "tool_calls", "x", 5)


def test_refusal_in_a_completion_is_read() -> None:
    (choice,) = fold(events_of(stream(delta(refusal="No"), delta(refusal=".")) + DONE)).choices

    assert choice.parts == (Refusal(text="No."),)


def test_whole_calls_in_a_native_stream_are_read() -> None:
    calls = [{"name": "f", "arguments": {"x": 1}}, {"name": "g", "arguments": "{}"}]

    (choice,) = fold(events_of(stream({"response": None, "tool_calls": calls}) + DONE)).choices

    found = [(part.name, part.arguments) for part in choice.parts if isinstance(part, ToolCall)]
    assert found == [("f", '{"x":1}'), ("g", "{}")]
    assert choice.stop is Stop.TOOL_CALLS


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("size", [1, 2, 3, 17])
def test_cut_anywhere_a_stream_is_the_same(name: str, size: int) -> None:
    assert events_of(STREAMS[name], size) == events_of(STREAMS[name])


@pytest.mark.parametrize("name", STREAMS)
def test_stream_that_broke_off_has_no_end(name: str) -> None:
    data = STREAMS[name].removesuffix(DONE)
    for length in range(0, len(data), 7):
        events = events_of(data[:length])

        assert not any(isinstance(event, End) for event in events)
    with pytest.raises(UpstreamTruncated):
        fold(events_of(NATIVE.removesuffix(DONE)))


def test_stream_whose_model_said_why_it_stopped_may_end_without_a_mark() -> None:
    assert isinstance(events_of(CALLS.removesuffix(DONE))[-1], End)


def test_one_part_is_said_at_a_time() -> None:
    kinds = [type(event).__name__ for event in events_of(CALLS)]

    assert kinds == [
        *("Begin", "PartBegin", "Delta", "Delta", "PartEnd"),
        *("PartBegin", "Delta", "PartEnd", "PartBegin", "Delta", "PartBegin", "Delta", "PartEnd"),
        *("UsageSeen", "PartEnd", "ChoiceEnd", "End"),
    ]


@pytest.mark.parametrize(
    "chunk",
    [
        {"errors": [{"code": 3040, "message": "out of capacity"}], "success": False},
        {"error": {"message": "out of capacity"}},
        {"error": "out of capacity"},
        {"success": False},
    ],
)
def test_error_in_a_stream_ends_it(chunk: dict[str, Any]) -> None:
    events = events_of(stream({"response": "a"}, chunk, {"response": "b"}) + DONE)

    broken = events[-1]
    assert isinstance(broken, Broken)
    assert isinstance(broken.error, UpstreamError)
    assert not any(isinstance(event, End) for event in events)


def test_signs_of_life_and_what_nobody_knows_pass() -> None:
    events = events_of(b": ping\n\ndata: 5\n\ndata: nonsense\n\n" + DONE)

    assert events[0] == Ping()
    assert [type(event) for event in events[1:]] == [Unknown, Unknown, Begin, ChoiceEnd, End]


def test_reader_says_no_more_after_its_end() -> None:
    reader = CODEC.stream_reader(notes())

    assert reader.feed(DONE)
    assert reader.feed(DONE) == []
    assert reader.feed(b"") == []


def write(*events: AnyEvent, told: Notes | None = None) -> bytes:
    writer = CODEC.stream_writer(ASKED, told or notes())
    return b"".join(writer.write(event) for event in events)


def test_stream_is_written_as_cloudflare_writes_it() -> None:
    data = write(
        Begin(origin="other", id="i", model="m"),
        Ping(),
        PartBegin(part=Text(text=""), index=0),
        Delta(text="Hi", index=0),
        Delta(text="", index=0),
        PartEnd(index=0),
        UsageSeen(usage=Usage(input=1, output=2)),
        ChoiceEnd(stop=Stop.END, said="end_turn"),
        End(),
    )

    usage = {
        "prompt_tokens": 1,
        "completion_tokens": 2,
        "total_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 0},
    }
    last = {"response": "", "usage": usage, "finish_reason": "stop"}
    assert data == (
        b'data: {"response":"","id":"i","model":"m"}\n\ndata: {"response":"Hi"}\n\n'
        + b"data: %b\n\n" % json.dumps(last, separators=(",", ":")).encode()
        + DONE
    )


def test_other_answers_and_pictures_are_dropped() -> None:
    told = notes()

    data = write(
        Begin(origin="other"),
        PartBegin(part=Text(text="a"), index=0),
        PartBegin(part=Text(text="b"), index=0, choice=1),
        Delta(text="c", index=0, choice=1),
        PartBegin(part=Media(kind=MediaKind.IMAGE, url="u"), index=1),
        ChoiceEnd(stop=Stop.END, choice=1),
        ChoiceEnd(stop=Stop.END),
        End(),
        told=told,
    )

    assert told.dropped == ("choices", "result.media")
    assert fold(events_of(data)).choices[0].parts == (Text(text="a"),)


def test_broken_stream_ends_with_an_error() -> None:
    broken = events_of(write(Begin(origin="other"), Broken(error=RateLimited("no"))))[-1]

    assert isinstance(broken, Broken)
    assert broken.error.message == "no"


def test_thinking_without_words_is_signed_too() -> None:
    state = State("anthropic-messages", {"redacted": "x"})
    response = Response(origin="other", choices=(Choice(parts=(Reasoning(state=state), Text(text="Hi"))),))

    (choice,) = fold(events_of(write(*unfold(response)))).choices

    assert choice.parts == (Reasoning(state=state), Text(text="Hi"))


def test_state_that_is_too_long_is_dropped() -> None:
    told = notes()
    long = State("other", {"signature": "".join(f"{number**7:x}" for number in range(40_000))})
    response = Response(origin="other", choices=(Choice(parts=(Reasoning(text="hm", state=long), Text(text="Hi"))),))

    (choice,) = fold(events_of(write(*unfold(response), told=told))).choices

    assert choice.parts == (Reasoning(text="hm"), Text(text="Hi"))
    assert told.dropped == ("result.reasoning.state",)


PARTS = st.tuples(
    st.none() | st.builds(lambda text: Reasoning(text=text), st.text(min_size=1)),
    st.none() | st.builds(lambda text: Text(text=text), st.text(min_size=1)),
    st.lists(
        st.builds(
            lambda name, value: ToolCall(id=f"id{name}", name=name, arguments=json.dumps(value)),
            st.text("abc", min_size=1),
            st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=2),
        ),
        max_size=2,
    ),
).map(lambda parts: tuple(part for part in (*parts[:2], *parts[2]) if part is not None))
ANSWERS = st.builds(
    lambda parts, stop, usage, id_: Response(
        origin="other", id=id_, model=id_, choices=(Choice(parts=parts, stop=stop),), usage=usage
    ),
    PARTS,
    st.sampled_from([Stop.END, Stop.LENGTH, Stop.TOOL_CALLS, Stop.FILTER]),
    st.none() | st.builds(Usage, input=st.integers(0, 9), cache_read=st.integers(0, 9), output=st.integers(0, 9)),
    st.sampled_from(["", "x"]),
)


@settings(max_examples=80)
@given(ANSWERS, st.integers(1, 40))
def test_what_is_streamed_is_what_is_written_whole(response: Response, size: int) -> None:
    whole = CODEC.read_response(CODEC.write_response(response, ASKED, notes()), notes())

    assert fold(events_of(write(*unfold(response)), size)) == whole


@settings(max_examples=40)
@given(ANSWERS)
def test_own_answer_keeps_its_words(response: Response) -> None:
    own = CODEC.read_response(CODEC.write_response(response, ASKED, notes()), notes())

    assert fold(events_of(write(*unfold(own)))) == own


def test_refusal_is_said_in_the_response() -> None:
    response = Response(origin="other", choices=(Choice(parts=(Refusal(text="No."),), stop=Stop.REFUSAL),))

    (choice,) = fold(events_of(write(*unfold(response)))).choices
    assert (choice.parts, choice.stop) == ((Text(text="No."),), Stop.FILTER)


def test_thinking_of_another_provider_goes_along_in_the_calls_id() -> None:
    thought = Reasoning(text="hm", state=State("anthropic-messages", {"signature": "s"}))
    response = Response(origin="other", choices=(Choice(parts=(thought, ToolCall(id="a", name="f"))),))

    (choice,) = fold(events_of(write(*unfold(response)))).choices
    whole = json.loads(CODEC.write_response(response, ASKED, notes()))

    (call,) = [part for part in choice.parts if isinstance(part, ToolCall)]
    assert call.id == whole["result"]["tool_calls"][0]["id"] != "a"


CHUNK = st.dictionaries(
    st.sampled_from(("response", "tool_calls", "usage", "choices", "finish_reason", "id", "errors", "reasoning")),
    st.none()
    | st.text(max_size=4)
    | st.integers()
    | st.lists(
        st.dictionaries(
            st.sampled_from(("delta", "id", "name", "arguments", "index", "function", "finish_reason")),
            st.none()
            | st.text(max_size=4)
            | st.integers(0, 3)
            | st.dictionaries(st.sampled_from(("content", "tool_calls", "name", "arguments")), st.text(max_size=4)),
        ),
        max_size=2,
    ),
)


@settings(max_examples=60)
@given(st.lists(CHUNK, max_size=5), st.booleans(), st.integers(1, 60))
def test_no_stream_breaks_the_codec(chunks: list[Any], done: bool, size: int) -> None:
    events = events_of(stream(*chunks) + (DONE if done else b""), size)

    assert sum(isinstance(event, End | Broken) for event in events) <= 1
    if events and isinstance(events[-1], End):
        response = fold(events)
        write(*unfold(response))


@settings(max_examples=60)
@given(st.binary(max_size=80))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        events_of(data, 3)
    except GatewayError as exc:
        raise AssertionError from exc
