"""Cohere's answers and streams, read and written."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from tests.providers.cohere.shared import CODEC, SEAL, asked, events_of, notes, read, sse
from tests.support.growth import assert_linear

from tollbridge import UpstreamError, Usage
from tollbridge.errors import UpstreamTimeout
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
    carried,
    fold,
    unfold,
)
from tollbridge_cohere.usage import read_usage, write_usage

STATE = State("another", {"signature": "s"})


def whole(**fields: Any) -> Any:
    message = {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}
    return {"id": "a1", "message": message, "finish_reason": "COMPLETE", **fields}


def answer(body: Any) -> Response:
    return CODEC.read_response(json.dumps(body).encode(), notes())


def told(response: Response, taken: Notes | None = None) -> Any:
    return json.loads(CODEC.write_response(response, read(asked()), taken or notes()))


def streamed(response: Response, taken: Notes | None = None) -> bytes:
    writer = CODEC.stream_writer(read(asked()), taken or notes())
    return b"".join(writer.write(event) for event in unfold(response))


def told_events(stream: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in stream.splitlines() if line.startswith(b"data: {")]


def kinds(stream: bytes) -> list[str]:
    return [line[7:].decode() for line in stream.splitlines() if line.startswith(b"event: ")]


def foreign(*parts: Any, stop: Stop | None = Stop.END, **fields: Any) -> Response:
    return Response(origin="another", id="a1", model="m", choices=(Choice(parts=parts, stop=stop),), **fields)


RICH = whole(
    message={
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "odd": 1},
            {"type": "text", "text": "It is hot."},
            {"type": "text", "text": "Very."},
            {"type": "later", "x": 1},
        ],
        "tool_plan": "I will look.",
        "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
        "citations": [
            {
                "start": 6,
                "end": 9,
                "text": "hot",
                "content_index": 1,
                "type": "TEXT_CONTENT",
                "sources": [
                    {"type": "document", "id": "doc:3", "document": {"title": "T", "url": "https://x", "snippet": "s"}}
                ],
            },
            {"start": 0, "end": 2, "text": "Ve", "content_index": 2, "sources": [{"type": "tool", "id": "c1:0"}]},
        ],
    },
    finish_reason="TOOL_CALL",
    logprobs=[{"text": "It", "token_ids": [1, 2], "logprobs": [-0.5, -1.5]}],
    usage={"billed_units": {"input_tokens": 1, "output_tokens": 2}, "tokens": {"input_tokens": 9, "output_tokens": 3}},
    newer={"a": 1},
)


def test_everything_an_answer_says_comes_back() -> None:
    assert told(answer(RICH)) == RICH


def test_everything_an_answer_says_streams() -> None:
    response = answer(RICH)

    assert fold(events_of(CODEC.stream_reader(notes()), [streamed(response)])) == response


def test_what_an_answer_says_is_understood() -> None:
    (choice,) = answer(RICH).choices
    thought, first, second, _, plan, call = choice.parts

    assert (choice.stop, choice.said) == (Stop.TOOL_CALLS, "TOOL_CALL")
    assert isinstance(thought, Reasoning)
    assert isinstance(first, Text)
    (cited,) = first.citations
    assert (cited.url, cited.title, cited.cited, cited.document) == ("https://x", "T", "s", 3)
    assert (cited.start, cited.end) == (6, 9)
    assert isinstance(second, Text)
    assert second.logprobs == (Logprob("It", Decimal("-2.0")),)
    assert isinstance(plan, Reasoning)
    assert (plan.text, plan.summary) == ("I will look.", True)
    assert call == ToolCall(id="c1", name="f", arguments="{}")


def test_citations_out_of_the_order_of_the_texts_stay_with_the_message() -> None:
    cited = [{"start": 0, "end": 1, "content_index": index} for index in (1, 0)]
    texts = [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]
    body = whole(message={"role": "assistant", "content": texts, "citations": cited})

    assert told(answer(body)) == body
    assert answer(body).choices[0].extras == {"message": {"citations": cited}}


@pytest.mark.parametrize("number", [b"9e999999", b"-9e999999"])
def test_probability_beyond_all_numbers_is_said_to_be_none(number: bytes) -> None:
    token = b'{"text":"a","logprobs":[%b,%b]}' % (number, number)
    body = b'{"message":{"content":[{"type":"text","text":"a"}]},"logprobs":[%b]}' % token
    piece = b'{"type":"content-delta","delta":{"message":{"content":{"text":"a"}}},"logprobs":%b}' % token

    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())
    with pytest.raises(UpstreamError):
        CODEC.stream_reader(notes()).feed(b"data: %b\n\n" % piece)


def test_calls_and_words_without_an_index_belong_to_what_began_last() -> None:
    def call(number: int) -> Any:
        told = {"id": f"c{number}", "type": "function", "function": {"name": "f", "arguments": ""}}
        return {"type": "tool-call-start", "index": number, "delta": {"message": {"tool_calls": told}}}

    words = {"type": "tool-call-delta", "delta": {"message": {"tool_calls": {"function": {"arguments": "x"}}}}}

    def reading(count: int) -> Callable[[], object]:
        stream = [sse(*map(call, range(count)), *[words] * count)]

        def work() -> None:
            events = events_of(CODEC.stream_reader(notes()), stream)
            assert {event.index for event in events if isinstance(event, Delta)} == {count - 1}

        return work

    assert_linear(reading, 800)


def test_probabilities_of_a_long_stream_are_told_in_one_pass() -> None:
    told = Delta(text="hello ", index=0), Detail(index=0, logprobs=(Logprob("hello ", 0),))

    def writing(count: int) -> Callable[[], object]:
        writer = CODEC.stream_writer(read(asked()), notes())
        for event in (Begin(origin="another"), PartBegin(part=Text(text=""), index=0)):
            writer.write(event)
        return lambda: [writer.write(event) for event in told * count]

    assert_linear(writing, 1_500)


def test_citation_of_a_thought_stays_with_the_message() -> None:
    body = whole(
        message={
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "Yes"}],
            "citations": [{"start": 0, "end": 1, "text": "H", "content_index": 0, "type": "THINKING_CONTENT"}],
        }
    )

    assert told(answer(body)) == body
    assert fold(events_of(CODEC.stream_reader(notes()), [streamed(answer(body))])) == answer(body)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"message": 3}', b'{"id": "1"}'])
def test_what_is_no_answer_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(UpstreamError):
        CODEC.read_response(body, notes())


@pytest.mark.parametrize(("said", "status"), [("ERROR", 502), ("TIMEOUT", 504)])
def test_answer_that_the_provider_broke_off_is_an_error(said: str, status: int) -> None:
    with pytest.raises(UpstreamError) as failed:
        answer(whole(finish_reason=said))

    assert failed.value.status == status
    end = {"type": "message-end", "delta": {"finish_reason": said, "error": "too long"}}
    (broken,) = [e for e in events_of(CODEC.stream_reader(notes()), [sse(end)]) if isinstance(e, Broken)]
    assert (broken.error.status, broken.error.message) == (status, "too long")
    assert isinstance(broken.error, UpstreamTimeout) == (said == "TIMEOUT")


@pytest.mark.parametrize(
    ("said", "stop"),
    [
        ("COMPLETE", Stop.END),
        ("MAX_TOKENS", Stop.LENGTH),
        ("STOP_SEQUENCE", Stop.STOP_SEQUENCE),
        ("TOOL_CALL", Stop.TOOL_CALLS),
        ("ERROR_LIMIT", Stop.CONTEXT),
        ("ERROR_TOXIC", Stop.FILTER),
        ("USER_CANCEL", Stop.OTHER),
    ],
)
def test_reason_of_an_answer_is_understood(said: str, stop: Stop) -> None:
    assert answer(whole(finish_reason=said)).choices[0].stop is stop


@pytest.mark.parametrize(
    ("stop", "said"),
    [
        (Stop.END, "COMPLETE"),
        (Stop.LENGTH, "MAX_TOKENS"),
        (Stop.STOP_SEQUENCE, "STOP_SEQUENCE"),
        (Stop.TOOL_CALLS, "TOOL_CALL"),
        (Stop.CONTEXT, "ERROR_LIMIT"),
        (Stop.FILTER, "ERROR_TOXIC"),
        (Stop.REFUSAL, "ERROR_TOXIC"),
        (Stop.PAUSE, "COMPLETE"),
        (Stop.BROKEN_CALL, "COMPLETE"),
        (Stop.OTHER, "COMPLETE"),
        (None, None),
    ],
)
def test_reason_is_told_in_coheres_words(stop: Stop | None, said: str | None) -> None:
    response = foreign(Text(text="a"), stop=stop)

    assert told(response).get("finish_reason") == said
    assert told_events(streamed(response))[-1]["delta"].get("finish_reason") == said


def test_answer_of_another_dialect_is_told_as_cohere_tells_it() -> None:
    response = foreign(
        Reasoning(text="Hm."),
        Text(text="It is hot.", citations=(Citation(url="https://x", title="T", start=6, end=9, cited="c"),)),
        ToolCall(id="c1", name="f", arguments=""),
        usage=Usage(input=5, cache_read=2, output=7, reasoning=3),
        created=5,
    )

    assert told(response) == {
        "id": "a1",
        "finish_reason": "COMPLETE",
        "message": {
            "role": "assistant",
            "content": [{"type": "thinking", "thinking": "Hm."}, {"type": "text", "text": "It is hot."}],
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            "citations": [
                {
                    "start": 6,
                    "end": 9,
                    "text": "hot",
                    "sources": [
                        {
                            "type": "document",
                            "id": "https://x",
                            "document": {"url": "https://x", "title": "T", "text": "c"},
                        }
                    ],
                    "content_index": 1,
                    "type": "TEXT_CONTENT",
                }
            ],
        },
        "usage": {
            "billed_units": {"input_tokens": 7, "output_tokens": 7},
            "tokens": {"input_tokens": 7, "output_tokens": 7, "reasoning_tokens": 3},
            "cached_tokens": 2,
        },
    }


def test_stream_of_another_dialect_has_the_order_the_sdk_expects() -> None:
    response = foreign(
        Reasoning(text="Hm."),
        Text(text="hot", citations=(Citation(url="https://x"),), logprobs=(Logprob("hot", 0),)),
        ToolCall(id="c1", name="f", arguments='{"a":1}'),
        usage=Usage(input=1, output=1),
    )

    stream = streamed(response)

    assert kinds(stream) == [
        "message-start",
        *("content-start", "content-delta", "content-end"),
        *("content-start", "content-delta", "content-delta", "citation-start", "citation-end", "content-end"),
        *("tool-call-start", "tool-call-delta", "tool-call-end"),
        "message-end",
    ]
    assert stream.endswith(b"data: [DONE]\n\n")
    assert fold(events_of(CODEC.stream_reader(notes()), [stream])).choices == answer(told(response)).choices


def test_state_of_another_dialect_goes_along_beside_the_thought_and_in_the_calls_id() -> None:
    response = foreign(Reasoning(text="Hm.", state=STATE), ToolCall(id="c1", name="f", arguments="{}", state=STATE))

    message = told(response)["message"]
    pieces = [event.get("delta", {}).get("message", {}) for event in told_events(streamed(response))]
    sealed = [piece["content"]["signature"] for piece in pieces if "signature" in (piece.get("content") or ())]
    ids = [piece["tool_calls"]["id"] for piece in pieces if "id" in (piece.get("tool_calls") or ())]

    assert [message["content"][0]["signature"]] == sealed
    assert [message["tool_calls"][0]["id"]] == ids
    assert SEAL.unpack(sealed[0]) == STATE
    assert carried(ids[0], SEAL) == ("c1", STATE, [Reasoning(text="Hm.", state=STATE)])


@pytest.mark.parametrize(
    ("response", "dropped"),
    [
        (foreign(Media(kind=MediaKind.IMAGE, data="QUJD")), "message.content[].media"),
        (foreign(Text(text="a", citations=(Citation(start=0, end=1),))), "message.citations"),
        (foreign(Text(text="a"), extras={"odd": 1}), "odd"),
    ],
)
def test_what_coheres_callers_cannot_be_told_is_noted(response: Response, dropped: str) -> None:
    one, other = notes(), notes()
    told(response, one)
    streamed(response, other)

    assert one.dropped == other.dropped == (dropped,)


def test_only_the_first_of_several_answers_is_told() -> None:
    choices = tuple(Choice(index=index, parts=(Text(text=str(index)),), stop=Stop.END) for index in range(2))
    taken = notes()

    body = told(Response(origin="another", choices=choices), taken)

    assert body["message"]["content"] == [{"type": "text", "text": "0"}]
    assert (body["id"], taken.dropped) == ("req_1", ("choices",))
    again = notes()
    assert b'"text":"1"' not in streamed(Response(origin="another", choices=choices), again)
    assert again.dropped == taken.dropped


def test_refusal_is_told_as_words() -> None:
    assert told(foreign(Refusal(text="No.")))["message"]["content"] == [{"type": "text", "text": "No."}]


def test_events_nobody_knows_pass_between_coheres_own() -> None:
    stream = b": hello\n\n" + sse({"type": "debug", "prompt": "x"})

    ping, unknown = events_of(CODEC.stream_reader(notes()), [stream])

    assert (ping, type(unknown)) == (Ping(), Unknown)
    assert CODEC.stream_writer(read(asked()), notes()).write(unknown) == stream.partition(b"\n\n")[2]
    assert CODEC.stream_writer(read(asked()), notes()).write(Unknown(dialect="x", name="y", data=b"{}")) == b""
    assert CODEC.stream_writer(read(asked()), notes()).write(ping).startswith(b":")


def test_thinking_is_behind_the_id_of_the_first_call_alone() -> None:
    calls = [ToolCall(id=id_, name="f", arguments="{}") for id_ in ("c1", "c2")]

    stream = told_events(streamed(foreign(Reasoning(text="Hm.", state=STATE), *calls)))
    first, second = [e["delta"]["message"]["tool_calls"]["id"] for e in stream if e["type"] == "tool-call-start"]

    assert carried(first, SEAL) == ("c1", None, [Reasoning(text="Hm.", state=STATE)])
    assert second == "c2"


def test_usage_of_another_dialect_is_told_in_coheres_words() -> None:
    response = foreign(Text(text="a"), usage=Usage(3, output=4), wire_usage={"total": 7})

    (*_, last) = told_events(streamed(response))

    assert last["delta"]["usage"] == write_usage(Usage(3, output=4)) == told(response)["usage"]


def test_plan_behind_a_thought_is_a_part_of_its_own() -> None:
    thought = {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"thinking": "Hm."}}}}
    planned = {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "I will look."}}}

    events = events_of(CODEC.stream_reader(notes()), [sse(thought, planned, planned, {"type": "message-end"})])

    assert [part.text for part in fold(events).choices[0].parts if isinstance(part, Reasoning)] == [
        "Hm.",
        "I will look.I will look.",
    ]


def test_citation_that_comes_after_its_text_was_over_stays_with_the_message() -> None:
    texts = [
        {"type": "content-delta", "index": index, "delta": {"message": {"content": {"text": "a"}}}} for index in (0, 1)
    ]
    cited = {"type": "citation-start", "delta": {"message": {"citations": {"start": 0, "end": 1}}}}

    events = events_of(CODEC.stream_reader(notes()), [sse(*texts, cited, {"type": "message-end"})])

    (choice,) = fold(events).choices
    assert choice.parts == (Text(text="a"), Text(text="a"))
    assert choice.extras == {"message": {"citations": [{"start": 0, "end": 1}]}}


def test_words_without_a_beginning_begin_a_part() -> None:
    stream = sse(
        {"type": "content-delta", "delta": {"message": {"content": {"text": "a"}}}},
        {"type": "content-delta", "index": 1, "delta": {"message": {"content": {"thinking": "b"}}}},
        {"type": "tool-call-delta", "index": 4, "delta": {"message": {"tool_calls": {"function": {"arguments": "x"}}}}},
        {"type": "message-end", "delta": {"finish_reason": "COMPLETE"}},
    )

    response = fold(events_of(CODEC.stream_reader(notes()), [stream]))

    assert response.choices[0].parts == (Text(text="a"), Reasoning(text="b"))


def test_signature_of_nobodys_stays_with_the_thought() -> None:
    stream = sse(
        {"type": "content-start", "index": 0, "delta": {"message": {"content": {"type": "thinking", "thinking": ""}}}},
        {"type": "content-delta", "index": 0, "delta": {"message": {"content": {"signature": "s"}}}},
        {"type": "message-end", "delta": {}},
    )

    assert fold(events_of(CODEC.stream_reader(notes()), [stream])).choices[0].parts == (
        Reasoning(extras={"signature": "s"}),
    )


@pytest.mark.parametrize(
    "event", [b'data: {"message": "too bad"}\n\n', b'event: error\ndata: {"error": {"message": "too bad"}}\n\n']
)
def test_error_in_a_stream_ends_it(event: bytes) -> None:
    (broken,) = events_of(CODEC.stream_reader(notes()), [event, event])

    assert isinstance(broken, Broken)
    assert broken.error.message == "too bad"


def test_detail_after_its_part_is_let_go() -> None:
    writer = CODEC.stream_writer(read(asked()), notes())

    assert writer.write(Detail(index=3, state=STATE)) == b""
    assert writer.write(End()).startswith(b"event: message-end")


@pytest.mark.parametrize(
    ("wire", "usage"),
    [
        (None, None),
        ({}, None),
        ({"billed_units": {"search_units": 1}}, None),
        ({"tokens": {"input_tokens": 5, "output_tokens": 2}, "cached_tokens": 3}, Usage(2, 3, output=2)),
        # 12 billed of 212: the 208 cached ones are the first, of which 200 were Cohere's own.
        (
            {
                "billed_units": {"input_tokens": 12, "output_tokens": 65},
                "tokens": {"input_tokens": 212, "output_tokens": 65},
                "cached_tokens": 208,
            },
            Usage(4, 8, output=65),
        ),
        # 259 of the 267 billed tokens are the image's; 5 of 1786 were not billed, which were thought.
        (
            {
                "billed_units": {"input_tokens": 267, "output_tokens": 1781},
                "tokens": {"input_tokens": 34, "output_tokens": 1786, "reasoning_tokens": 1516, "image_tokens": 259},
            },
            Usage(8, image_input=259, output=1781, reasoning=1511),
        ),
        ({"billed_units": {"input_tokens": Decimal("7.0"), "image_tokens": 3}}, Usage(7, image_input=3)),
        ({"billed_units": {"input_tokens": -1, "output_tokens": "x"}, "cached_tokens": -5}, Usage()),
    ],
)
def test_what_is_billed_is_what_counts(wire: Any, usage: Usage | None) -> None:
    assert read_usage(wire) == usage


def test_usage_of_another_dialect_is_the_same_when_it_is_read_again() -> None:
    usage = Usage(input=5, cache_read=3, image_input=2, output=9, reasoning=4)

    assert read_usage(write_usage(usage)) == usage


def test_answer_whose_content_is_a_text_is_read() -> None:
    assert answer(whole(message={"content": "Hello"})).choices[0].parts == (Text(text="Hello"),)


def test_stream_of_anything_is_read_as_far_as_it_goes() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a"'}}
    stream = b"\n\ndata:\n\ndata: [DONE]\n\n" + sse(
        {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": ""}}},
        {"type": "tool-call-start", "index": 0, "delta": {"message": {"tool_calls": [call]}}},
        {
            "type": "tool-call-delta",
            "index": 0,
            "delta": {"message": {"tool_calls": {"function": {"arguments": ":1}"}}}},
        },
        {"type": "citation-start", "delta": {"message": {"citations": []}}},
        {"type": "message-start", "id": "late", "delta": {}},
        {"type": "message-end", "delta": {"finish_reason": "TOOL_CALL"}},
    )

    (choice,) = fold(events_of(CODEC.stream_reader(notes()), [stream])).choices

    assert choice.parts == (ToolCall(id="c1", name="f", arguments='{"a":1}'),)


def test_late_members_of_coheres_own_stream_are_written_at_its_end() -> None:
    writer = CODEC.stream_writer(read(asked()), notes())
    events = [Begin(origin="cohere-v2"), Aside(extras={"newer": 1, "logprobs": []}), ChoiceEnd(stop=Stop.END), End()]

    end = told_events(b"".join(writer.write(event) for event in events))[-1]

    assert end["delta"] == {"newer": 1}
    assert CODEC.stream_writer(read(asked()), notes()).write(Aside(extras={"newer": 1})) == b""


def test_words_of_a_part_that_was_left_behind_are_left_behind() -> None:
    writer = CODEC.stream_writer(read(asked()), notes())
    writer.write(Begin(origin="another"))
    part = Media(kind=MediaKind.IMAGE, data="QUJD")

    assert (
        b"".join(map(writer.write, [PartBegin(part=part, index=0), Delta(text="a", index=0), PartEnd(index=0)])) == b""
    )
    assert writer.write(Replaced(part=Text(text="b"), index=0)) == b""
