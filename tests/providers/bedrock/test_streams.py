"""Streams of events, both ways."""

import base64
import json
from typing import Any

import pytest
from tests.providers.bedrock.samples import (
    ASKED,
    BEGIN,
    CODEC,
    STOP,
    TOLD,
    answer,
    answered,
    delta,
    events,
    response,
    rewritten,
    started,
    stopped,
    stream_of,
)
from tests.support.requires import requires

from tollbridge import UpstreamError, Usage
from tollbridge.errors import UpstreamTruncated
from tollbridge.formats import (
    AnyEvent,
    Aside,
    Begin,
    Broken,
    ChoiceEnd,
    Citation,
    Delta,
    Detail,
    End,
    Logprob,
    Media,
    MediaKind,
    Opaque,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Refusal,
    Replaced,
    Response,
    ServerCall,
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
from tollbridge.testing.conversations import SEAL, notes
from tollbridge_bedrock.frames import FrameCutter, write_event

FOREIGN = State("gemini", {"thoughtSignature": "x"})
HIDDEN = base64.b64encode(b"secret").decode()


def streamed(*happened: tuple[str, dict[str, Any]], size: int = 3) -> Response:
    return fold(events(stream_of(BEGIN, *happened, STOP, TOLD), size))


def written(found: Response, left: Any = None) -> list[tuple[str, Any]]:
    """Give the events an answer is streamed in."""
    return told(rewritten(unfold(found), left))


def told(stream: bytes) -> list[tuple[str, Any]]:
    return [(frame.name, json.loads(frame.payload)) for frame in FrameCutter().feed(stream)]


@pytest.mark.parametrize(
    ("content", "happened"),
    [
        (({"text": "ab"},), (delta(0, text="a"), delta(0, text="b"), stopped(0))),
        (({"text": "ab"},), (started(0), delta(0, text=""), delta(0, text="ab"), stopped(0))),
        (({"text": "a"}, {"text": "b"}), (delta(0, text="a"), delta(1, text="b"))),
        (
            ({"toolUse": {"toolUseId": "t", "name": "f", "input": {"a": 1}}},),
            (
                started(0, toolUse={"toolUseId": "t", "name": "f"}),
                delta(0, toolUse={"input": '{"a"'}),
                delta(0, toolUse={"input": ":1}"}),
                stopped(0),
            ),
        ),
        (
            ({"toolUse": {"toolUseId": "t", "name": "f", "input": {}, "type": "tool_use"}},),
            (started(0, toolUse={"toolUseId": "t", "name": "f", "type": "tool_use"}), stopped(0)),
        ),
        (
            ({"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}}, {"text": "a"}),
            (
                delta(0, reasoningContent={"text": "hm"}),
                delta(0, reasoningContent={"signature": "s"}),
                stopped(0),
                delta(1, text="a"),
                stopped(1),
            ),
        ),
        (
            ({"reasoningContent": {"redactedContent": HIDDEN}},),
            (delta(0, reasoningContent={"redactedContent": HIDDEN}), stopped(0)),
        ),
        (
            ({"citationsContent": {"content": [{"text": "so"}], "citations": [{"title": "T"}]}},),
            (delta(0, text="so"), delta(0, citation={"title": "T"}), stopped(0)),
        ),
        (
            (
                {
                    "toolUse": {
                        "toolUseId": "t",
                        "name": "nova_code_interpreter",
                        "type": "server_tool_use",
                        "input": {"snippet": "1"},
                    }
                },
                {
                    "toolResult": {
                        "toolUseId": "t",
                        "type": "nova_code_interpreter_result",
                        "status": "success",
                        "content": [{"json": {"exitCode": 0}}],
                    }
                },
            ),
            (
                started(0, toolUse={"toolUseId": "t", "name": "nova_code_interpreter", "type": "server_tool_use"}),
                delta(0, toolUse={"input": '{"snippet":"1"}'}),
                stopped(0),
                started(1, toolResult={"toolUseId": "t", "type": "nova_code_interpreter_result", "status": "success"}),
                delta(1, toolResult=[{"json": {"exitCode": 0}}]),
                stopped(1),
            ),
        ),
        (
            ({"image": {"format": "png", "source": {"bytes": "aa"}}},),
            (started(0, image={"format": "png"}), delta(0, image={"source": {"bytes": "aa"}}), stopped(0)),
        ),
        (({"somethingNew": {"a": 1}},), (started(0, somethingNew={"a": 1}), stopped(0))),
        (({"text": "a", "new": 1},), (delta(0, text="a", new=1), stopped(0))),
        (({"text": "", "new": 1},), (delta(0, new=1), stopped(0))),
    ],
)  # fmt: skip
def test_stream_folds_to_what_a_whole_answer_shows(content: Any, happened: Any) -> None:
    assert streamed(*happened) == answer(answered(*content))


def test_end_comes_with_the_usage_behind_the_stop() -> None:
    happened = events(stream_of(BEGIN, delta(0, text="a"), stopped(0), STOP, TOLD))

    assert [type(event) for event in happened] == [
        Begin,
        PartBegin,
        Delta,
        PartEnd,
        ChoiceEnd,
        UsageSeen,
        Aside,
        End,
    ]


def test_usage_may_come_before_the_stop_and_the_end_with_the_stream() -> None:
    happened = events(stream_of(BEGIN, TOLD, STOP))

    assert isinstance(happened[-1], End)
    assert fold(happened).usage == Usage(input=1, output=2)


def test_stream_that_stops_and_tells_no_usage_is_whole() -> None:
    assert fold(events(stream_of(BEGIN, delta(0, text="a"), STOP))).usage is None


@pytest.mark.parametrize(
    "stream",
    [
        b"",
        stream_of(BEGIN),
        stream_of(BEGIN, delta(0, text="a"), stopped(0), TOLD),
        stream_of(BEGIN, STOP) + stream_of(TOLD)[:-1],
    ],
)
def test_stream_that_breaks_off_is_never_whole(stream: bytes) -> None:
    with pytest.raises(UpstreamTruncated):
        fold(events(stream))


def test_nothing_comes_behind_the_end() -> None:
    reader = CODEC.stream_reader(notes())

    assert isinstance(reader.feed(stream_of(BEGIN, STOP, TOLD, TOLD, BEGIN))[-1], End)
    assert reader.feed(stream_of(TOLD)) == []
    assert reader.feed(b"") == []


def test_stream_without_a_beginning_begins_all_the_same() -> None:
    happened = events(stream_of(delta(0, text="a"), STOP, TOLD))

    assert isinstance(happened[0], Begin)
    assert fold(happened).choices[0].parts == (Text(text="a"),)


def test_events_nobody_knows_are_told_as_they_came() -> None:
    strange = write_event("somethingNew", b"\xff") + write_event("messageStart", b"[]")

    happened = events(strange)

    assert happened == [
        Unknown(dialect="bedrock-converse", name="somethingNew", data=b"\xff"),
        Unknown(dialect="bedrock-converse", name="messageStart", data=b"[]"),
    ]
    assert rewritten(happened) == strange
    assert rewritten([Unknown(dialect="another", name="x", data=b"")]) == b""


@pytest.mark.parametrize("stream", [write_event("messageStop", b"{"), b"x" * 20, b"\x00" * 20])
def test_what_is_no_stream_is_told(stream: bytes) -> None:
    with pytest.raises(UpstreamError):
        events(stream)


@pytest.mark.parametrize(
    "happened",
    [
        (
            ("contentBlockDelta", {}),
            ("contentBlockStart", {"start": 3}),
            ("contentBlockStop", {"contentBlockIndex": 9}),
        ),
        (delta(0), delta(0, text=3), delta(1, reasoningContent=3), delta(2, toolUse=3), delta(3, citation=3)),
        (started(0, toolUse=3), delta(0, toolUse={"input": "{"}), stopped(0)),
        (started(0, toolUse={"type": "server_tool_use"}), delta(0, toolUse={"input": "{"}), stopped(0)),
        (started(0, toolResult={}), delta(0, toolResult=3), delta(0, image=[]), stopped(0)),
        (("messageStop", {"stopReason": 3, "new": 1}), ("metadata", {"usage": 3, "serviceTier": 4})),
    ],
)
def test_events_of_an_odd_shape_make_an_answer_all_the_same(happened: Any) -> None:
    assert isinstance(streamed(*happened), Response)


@pytest.mark.parametrize(
    "begun",
    [
        started(0, toolUse={"toolUseId": "a", "name": "f"}),
        delta(0, reasoningContent={"text": "a"}),
        delta(0, text="a"),
    ],
)
def test_piece_that_nobody_knows_is_more_of_the_part_that_is_open(begun: Any) -> None:
    happened = events(stream_of(BEGIN, begun, delta(0, later=1), stopped(0), STOP, TOLD))

    (part,) = fold(happened).choices[0].parts
    assert part.extras == {"later": 1}
    assert fold(events(rewritten(happened))) == fold(happened)


def test_words_of_another_kind_in_one_block_are_a_part_of_their_own() -> None:
    found = streamed(delta(0, reasoningContent={"text": "hm"}), delta(0, text="a"), stopped(0))

    assert found.choices[0].parts == (Reasoning(text="hm"), Text(text="a"))


def test_what_is_said_at_the_end_belongs_to_the_answer() -> None:
    stop = ("messageStop", {"stopReason": "stop_sequence", "additionalModelResponseFields": {"stop_sequence": "x"}})
    last = ("metadata", {"usage": {}, "serviceTier": {"type": "flex"}, "trace": {"guardrail": {}}})

    found = fold(events(stream_of(BEGIN, stop, last)))

    (choice,) = found.choices
    assert (choice.stop, choice.sequence) == (Stop.STOP_SEQUENCE, "x")
    assert (found.tier, found.extras, found.usage) == ("flex", {"trace": {"guardrail": {}}}, None)
    assert told(rewritten(unfold(found)))[1:] == [stop, last]


def test_answer_of_another_dialect_is_streamed_in_bedrocks_order() -> None:
    found = response(Text(text="a"), ToolCall(id="t", name="f", arguments='{"a":1}'), usage=Usage(input=1, output=2))

    assert written(found) == [
        ("messageStart", {"role": "assistant"}),
        ("contentBlockDelta", {"delta": {"text": "a"}, "contentBlockIndex": 0}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("contentBlockStart", {"start": {"toolUse": {"toolUseId": "t", "name": "f"}}, "contentBlockIndex": 1}),
        ("contentBlockDelta", {"delta": {"toolUse": {"input": '{"a":1}'}}, "contentBlockIndex": 1}),
        ("contentBlockStop", {"contentBlockIndex": 1}),
        ("messageStop", {"stopReason": "end_turn"}),
        (
            "metadata",
            {
                "usage": {
                    "inputTokens": 1,
                    "outputTokens": 2,
                    "totalTokens": 3,
                    "cacheReadInputTokens": 0,
                    "cacheWriteInputTokens": 0,
                },
                "metrics": {"latencyMs": 0},
            },
        ),
    ]


@pytest.mark.parametrize(
    "part",
    [
        Text(text=""),
        Text(text="a", citations=(Citation(url="u", title="T"), Citation(document=1))),
        Refusal(text="no"),
        Reasoning(text="hm"),
        Reasoning(text=""),
        Reasoning(text="hm", state=FOREIGN),
        Reasoning(state=FOREIGN),
        Reasoning(text="hm", state=State("bedrock-converse", {"signature": "s"})),
        ToolCall(id="t", name="f"),
        ToolCall(id="t", name="f", arguments='{"a":1}', state=FOREIGN),
        Media(kind=MediaKind.IMAGE, data="aa", mime="image/png"),
    ],
)
def test_streamed_part_is_the_same_as_in_a_whole_answer(part: Any) -> None:
    found = response(part)
    whole = CODEC.read_response(CODEC.write_response(found, ASKED, notes()), notes())

    folded = fold(events(rewritten(unfold(found)), 5))

    assert folded.choices == whole.choices
    assert folded.usage is None


def test_state_of_a_call_travels_in_its_id() -> None:
    found = response(ToolCall(id="t", name="f", arguments='{"a":1}', state=FOREIGN))

    start = next(payload for name, payload in written(found) if name == "contentBlockStart")

    assert carried(start["start"]["toolUse"]["toolUseId"], SEAL)[:2] == ("t", FOREIGN)


def test_long_arguments_do_not_wait_for_a_state() -> None:
    left = notes()
    begun: list[AnyEvent] = [
        Begin(origin="another"),
        PartBegin(part=ToolCall(id="t", name="f"), index=0),
        Delta(text='{"a":"', index=0),
        Delta(text="x" * 5_000, index=0),
    ]

    stream = rewritten([*begun, Delta(text='"}', index=0), Detail(index=0, state=FOREIGN), PartEnd(index=0)], left)

    assert [name for name, _ in told(rewritten(begun))] == ["messageStart", "contentBlockStart", "contentBlockDelta"]
    pieces = [payload["delta"]["toolUse"]["input"] for name, payload in told(stream) if name == "contentBlockDelta"]
    assert json.loads("".join(pieces)) == {"a": "x" * 5_000}
    assert left.dropped == ("messages[].content[].state",)


def test_own_call_begins_at_once() -> None:
    begun = [Begin(origin="bedrock-converse"), PartBegin(part=ToolCall(id="t", name="f"), index=0)]

    assert [name for name, _ in told(rewritten(begun))] == ["messageStart", "contentBlockStart"]


def test_parts_that_are_open_together_come_one_after_the_other() -> None:
    happened: list[AnyEvent] = [
        Begin(origin="another"),
        PartBegin(part=Text(text=""), index=0),
        PartBegin(part=Text(text="b"), index=1),
        Delta(text="a", index=0),
        Delta(text="B", index=1),
        ChoiceEnd(stop=Stop.END),
        End(),
    ]

    assert fold(events(rewritten(happened))).choices[0].parts == (Text(text="a"), Text(text="bB"))


def test_call_that_was_replaced_is_written_as_it_is_known_now() -> None:
    left = notes()
    happened: list[AnyEvent] = [
        Begin(origin="another"),
        PartBegin(part=ToolCall(id="t", name="f", arguments='{"a"'), index=0),
        Replaced(part=ToolCall(id="t", name="g", arguments='{"b":1}'), index=0),
        PartEnd(index=0),
        PartBegin(part=Text(text=""), index=1),
        Replaced(part=Text(text="a"), index=1),
        Replaced(part=Text(text="b"), index=1),
        PartEnd(index=1),
        ChoiceEnd(stop=Stop.END),
        End(),
    ]

    parts = fold(events(rewritten(happened, left))).choices[0].parts

    assert parts == (ToolCall(id="t", name="g", arguments='{"b":1}'), Text(text="a"))
    assert left.dropped == ("messages[].content[].replaced",)


def test_what_a_stream_has_no_place_for_is_left_behind() -> None:
    left = notes()
    happened: list[AnyEvent] = [
        Begin(origin="another", tier="flex", extras={"x": 1}),
        Ping(),
        PartBegin(part=Text(text="", extras={"y": 1}), index=0),
        Delta(text="a", index=0),
        Detail(index=0, logprobs=(Logprob("a", -1),), extras={"z": 1}),
        PartEnd(index=0),
        PartBegin(part=Media(kind=MediaKind.AUDIO, data="aa"), index=1),
        PartEnd(index=1),
        PartBegin(part=Media(kind=MediaKind.IMAGE, url="u"), index=2),
        PartEnd(index=2),
        PartBegin(part=ServerCall(tool="web_search"), index=3),
        PartEnd(index=3),
        PartBegin(part=Opaque(kind="odd", raw=1), index=4),
        PartEnd(index=4),
        ChoiceEnd(stop=Stop.STOP_SEQUENCE, sequence="s", extras={"w": 1}),
        End(),
    ]

    stream = rewritten(happened, left)

    assert fold(events(stream)).choices[0].parts == (Text(text="a"),)
    assert left.dropped == (
        "messages[].content[].y",
        "logprobs",
        "messages[].content[].z",
        "messages[].content[].audio",
        "messages[].content[].image",
        "messages[].content[].server_tools",
        "messages[].content[].odd",
        "stop_sequence",
        "w",
        "tier",
        "x",
    )


def test_words_without_an_open_part_are_nothing() -> None:
    writer = CODEC.stream_writer(ASKED, notes())

    for event in (Delta(text="a", index=0), Detail(index=0), PartEnd(index=0), Replaced(part=Text(text=""), index=0)):
        assert writer.write(event) == b""


def test_error_is_the_last_frame() -> None:
    stream = rewritten([Begin(origin="another"), Broken(error=UpstreamError("it broke"))])

    last = events(stream)[-1]

    assert isinstance(last, Broken)
    assert last.error.message == "it broke"


@requires("python-sdks")
def test_boto3_understands_a_stream_of_another_dialect() -> None:
    import botocore.session
    from botocore.eventstream import EventStream
    from botocore.parsers import create_parser

    model = botocore.session.Session().get_service_model("bedrock-runtime").operation_model("ConverseStream")
    found = response(
        Reasoning(text="hm", state=FOREIGN),
        Reasoning(state=FOREIGN),
        Text(text="so", citations=(Citation(url="u"),)),
        ToolCall(id="t", name="f", arguments='{"a":1}'),
        usage=Usage(input=1, output=2),
    )

    class Raw:
        def stream(self) -> list[bytes]:
            return [rewritten(unfold(found))]

        def close(self) -> None:
            pass

    output = model.output_shape.members["stream"]
    parser = create_parser("rest-json")._event_stream_parser
    got = list(EventStream(Raw(), output, parser, "ConverseStream"))

    assert got[0] == {"messageStart": {"role": "assistant"}}
    assert list(got[-2]) == ["messageStop"]
    assert got[-1]["metadata"]["usage"]["totalTokens"] == 3
    deltas = [event["contentBlockDelta"]["delta"] for event in got if "contentBlockDelta" in event]
    assert [next(iter(each)) for each in deltas] == ["reasoningContent"] * 3 + ["text", "citation", "toolUse"]
