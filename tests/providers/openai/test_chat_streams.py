"""Streams of chat chunks, as hosts send them and as callers get them."""

import json
from typing import Any

import pytest

from tollbridge.errors import UpstreamError, UpstreamTruncated
from tollbridge.formats import (
    AnyEvent,
    AnyPart,
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
    Opaque,
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
    carried,
    fold,
    unfold,
)
from tollbridge.metering.usage import Usage
from tollbridge.testing.conversation_contract import SEAL, notes
from tollbridge_openai.chat_codec import ChatCodec

CODEC = ChatCodec()
ASKED = Request(origin="openai-chat", model="m", messages=(), stream_usage=True)
DONE = b"data: [DONE]\n\n"


def chunk(delta: Any = None, finish: str | None = None, index: int = 0, **fields: Any) -> bytes:
    choice = {"index": index, "delta": delta or {}, "finish_reason": finish, **fields}
    return b"data: %b\n\n" % json.dumps({"id": "1", "model": "m", "choices": [choice]}).encode()


def call(index: int | None, id_: str | None = None, name: str | None = None, arguments: str | None = None) -> Any:
    inner = {key: value for key, value in (("name", name), ("arguments", arguments)) if value is not None}
    told = {"index": index, "id": id_, "function": inner}
    return {"tool_calls": [{key: value for key, value in told.items() if value is not None}]}


def events(*chunks: bytes) -> list[AnyEvent]:
    reader = CODEC.stream_reader(notes())
    found: list[AnyEvent] = []
    for piece in (*chunks, b""):
        found += reader.feed(piece)
    return found


def parts(*chunks: bytes) -> tuple[AnyPart, ...]:
    return fold(events(*chunks)).choices[0].parts


def test_words_reasoning_and_refusal_are_parts_in_their_order() -> None:
    found = parts(
        chunk({"role": "assistant", "content": ""}),
        chunk({"reasoning_content": "h"}),
        chunk({"reasoning_content": "m"}),
        chunk({"content": "a"}),
        chunk({"content": "b"}),
        chunk({"refusal": "no"}),
        chunk({}, "stop"),
        DONE,
    )

    assert found == (Reasoning(text="hm"), Text(text="ab"), Refusal(text="no"))


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


def test_empty_reason_with_every_piece_ends_nothing() -> None:
    found = fold(events(chunk({"content": "Hel"}, ""), chunk({"content": "lo"}, ""), chunk(finish="length"), DONE))

    assert found.choices[0] == Choice(parts=(Text(text="Hello"),), stop=Stop.LENGTH, said="length")


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


def written(*given: AnyEvent, request: Request = ASKED) -> list[Any]:
    writer = CODEC.stream_writer(request, notes())
    stream = b"".join(writer.write(event) for event in given).decode()
    return [json.loads(line[6:]) if line != "data: [DONE]" else line for line in stream.splitlines() if line]


BEGIN = Begin(origin="another", id="1", model="m")


def deltas(chunks: list[Any]) -> list[Any]:
    return [choice["delta"] for piece in chunks if isinstance(piece, dict) for choice in piece["choices"]]


def test_stream_begins_with_the_role_and_ends_with_reason_usage_and_mark() -> None:
    chunks = written(
        BEGIN,
        PartBegin(part=Text(text=""), index=0),
        Delta(text="a", index=0),
        PartEnd(index=0),
        ChoiceEnd(stop=Stop.END),
        UsageSeen(usage=Usage(input=1, cache_read=2, output=3, reasoning=1)),
        End(),
    )

    assert deltas(chunks) == [{"role": "assistant", "content": "", "refusal": None}, {"content": "a"}, {}]
    assert [piece["choices"][0]["finish_reason"] for piece in chunks[:3]] == [None, None, "stop"]
    assert chunks[3]["choices"] == []
    assert chunks[3]["usage"] == {
        "prompt_tokens": 3,
        "completion_tokens": 3,
        "total_tokens": 6,
        "prompt_tokens_details": {"cached_tokens": 2, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 1, "audio_tokens": 0},
    }
    assert [piece["usage"] for piece in chunks[:3]] == [None, None, None]
    assert chunks[4] == "data: [DONE]"
    assert {(piece["id"], piece["object"], piece["created"], piece["model"]) for piece in chunks[:4]} == {
        ("1", "chat.completion.chunk", 1_700_000_000, "m")
    }


def test_answer_without_a_name_gets_one() -> None:
    request = Request(origin="openai-chat", model="asked", messages=())
    nameless = Response(origin="another", choices=(Choice(parts=(Text(text="a"),)),))

    whole = json.loads(CODEC.write_response(nameless, request, notes()))
    (first, *_) = written(*unfold(nameless), request=request)

    assert (whole["id"], whole["model"]) == (first["id"], first["model"]) == ("chatcmpl-req_1", "asked")


def test_usage_comes_only_to_those_who_asked() -> None:
    silent = Request(origin="openai-chat", model="m", messages=())

    chunks = written(BEGIN, UsageSeen(usage=Usage(input=1)), ChoiceEnd(stop=Stop.END), End(), request=silent)

    assert all("usage" not in piece for piece in chunks if isinstance(piece, dict))


def test_state_that_comes_before_a_calls_words_goes_into_its_id() -> None:
    state = State("another", {"s": 1})
    chunks = written(
        BEGIN,
        PartBegin(part=ToolCall(id="c", name="get"), index=0),
        Detail(index=0, state=state),
        Delta(text="{}", index=0),
        PartEnd(index=0),
    )

    id_ = deltas(chunks)[1]["tool_calls"][0]["id"]
    assert carried(id_, SEAL) == ("c", state, [])


def streamed(*given: AnyEvent) -> list[bytes]:
    writer = CODEC.stream_writer(ASKED, notes())
    return [writer.write(event) for event in (BEGIN, *given)]


def test_call_without_a_word_has_an_empty_object() -> None:
    chunks = written(BEGIN, PartBegin(part=ToolCall(id="c", name="get"), index=0), PartEnd(index=0))

    assert deltas(chunks)[1:] == [
        {"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "get", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
    ]


def test_caller_who_knows_functions_alone_gets_a_function_call() -> None:
    older = Request(origin="openai-chat", model="m", messages=(), spelling=("functions",))
    calls = (ToolCall(id="c", name="get", arguments="{}"), ToolCall(id="d", name="put", arguments="{}"))
    answer = Response(origin="another", choices=(Choice(parts=calls, stop=Stop.TOOL_CALLS),))

    chunks = written(*unfold(answer), request=older)
    whole = json.loads(CODEC.write_response(answer, older, notes()))

    assert deltas(chunks)[1:3] == [
        {"function_call": {"name": "get", "arguments": ""}},
        {"function_call": {"arguments": "{}"}},
    ]
    assert chunks[-2]["choices"][0]["finish_reason"] == "function_call"
    assert whole["choices"][0]["message"]["function_call"] == {"name": "get", "arguments": "{}"}
    assert whole["choices"][0]["finish_reason"] == "function_call"


def test_custom_tool_is_called_with_text() -> None:
    answer = Response(
        origin="another",
        choices=(Choice(parts=(ToolCall(id="c", name="sql", arguments="select 1", custom=True),)),),
    )

    assert parts(*streamed(*list(unfold(answer))[1:])) == answer.choices[0].parts


def test_citations_count_from_the_beginning_of_the_message() -> None:
    first, second = Text(text="ab"), Text(text="cd", citations=(Citation(url="u", title="t"), Citation(cited="x")))
    answer = Response(origin="another", choices=(Choice(parts=(first, second), stop=Stop.END),))
    cited = [{"type": "url_citation", "url_citation": {"start_index": 2, "end_index": 4, "url": "u", "title": "t"}}]

    assert {"annotations": cited} in deltas(written(*unfold(answer)))
    left = notes()
    assert json.loads(CODEC.write_response(answer, ASKED, left))["choices"][0]["message"]["annotations"] == cited
    assert left.dropped == ("citations",)


def test_second_answer_has_a_role_of_its_own() -> None:
    chunks = written(BEGIN, PartBegin(part=Text(text="x"), index=0, choice=1), ChoiceEnd(stop=Stop.LENGTH, choice=1))

    assert deltas(chunks)[1:] == [{"role": "assistant", "content": ""}, {"content": "x"}, {}]


def test_sign_of_life_error_and_tools_of_the_provider() -> None:
    writer = CODEC.stream_writer(ASKED, notes())

    assert writer.write(Ping()) == b": ping\n\n"
    assert b'"error"' in writer.write(Broken(error=UpstreamError("gone")))
    assert writer.write(Unknown(dialect="another", name="x", data=b"")) == b""
    assert writer.write(BEGIN)
    assert writer.write(PartBegin(part=Opaque(kind="k", raw={}), index=0)) == b""
    assert b"images" in writer.write(PartBegin(part=Media(kind=MediaKind.IMAGE, data="AA=="), index=1))
    assert writer.write(PartBegin(part=Media(kind=MediaKind.AUDIO, data="AA=="), index=2)) == b""


def test_pieces_of_a_part_that_never_began_are_left_out() -> None:
    writer = CODEC.stream_writer(ASKED, notes())
    writer.write(BEGIN)

    for event in (Delta(text="a", index=7), Detail(index=7, state=State("a", {})), PartEnd(index=7)):
        assert writer.write(event) == b""


def test_answer_of_the_same_dialect_keeps_its_own_words() -> None:
    begin = Begin(origin="openai-chat", id="1", model="m", created=5, tier="flex", extras={"system_fingerprint": "f"})
    chunks = written(
        begin,
        Aside(extras={"x": 1}),
        UsageSeen(usage=None, wire={"odd": 1}),
        ChoiceEnd(stop=Stop.OTHER, said="eos"),
        End(),
    )

    assert (chunks[0]["service_tier"], chunks[0]["system_fingerprint"]) == ("flex", "f")
    assert chunks[1]["choices"][0]["finish_reason"] == "eos"
    assert chunks[2]["usage"] == {"odd": 1}
    assert chunks[2]["x"] == 1
