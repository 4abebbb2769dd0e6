"""Streams of chat chunks, as callers get them."""

import json
from typing import Any

import pytest
from tests.providers.openai.chat_support import ASKED, CODEC, DONE, chunk, events, parts

from tollbridge.errors import UpstreamError
from tollbridge.formats import (
    AnyEvent,
    Aside,
    Begin,
    Broken,
    Choice,
    ChoiceEnd,
    Citation,
    Delta,
    Detail,
    End,
    Media,
    MediaKind,
    Opaque,
    PartBegin,
    PartEnd,
    Ping,
    Reasoning,
    Replaced,
    Request,
    Response,
    State,
    Stop,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    carried,
    unfold,
    unpack_thinking,
)
from tollbridge.metering.usage import Usage
from tollbridge.testing.conversations import SEAL, notes


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
    state = State("another", {"s": 1, "t": 2})
    chunks = written(
        BEGIN,
        PartBegin(part=ToolCall(id="c", name="get"), index=0),
        Detail(index=0, state=State("another", {"s": 1})),
        Detail(index=0, state=State("another", {"t": 2})),
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


def test_thinking_goes_into_the_id_of_the_first_call_after_it_alone() -> None:
    thought = Reasoning(text="hm", state=State("another", {"s": 1}))
    calls = [ToolCall(id=id_, name="get", arguments="{}") for id_ in ("c", "d")]
    answer = Response(origin="another", choices=(Choice(parts=(thought, *calls)),))

    told = [delta["tool_calls"][0] for delta in deltas(written(*unfold(answer))) if "tool_calls" in delta]

    assert [carried(call["id"], SEAL) for call in told if "id" in call] == [("c", None, [thought]), ("d", None, [])]


def test_own_call_keeps_its_signature_and_its_want_of_words() -> None:
    own = {"extra_content": {"google": {"thought_signature": "s"}}}
    begin = Begin(origin="openai-chat", id="1", model="m")
    call = ToolCall(id="c", name="get", state=State("openai-chat", own))

    (told,) = deltas(written(begin, PartBegin(part=call, index=0), PartEnd(index=0)))[1:]

    begun = {"index": 0, "id": "c", "type": "function", "function": {"name": "get", "arguments": ""}}
    assert told == {"tool_calls": [{**begun, **own}]}


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


@pytest.mark.parametrize(("count", "lost"), [(1, ()), (2, ("choices[].message.tool_calls",))])
def test_calls_that_an_older_caller_cannot_be_told_of_are_named(count: int, lost: tuple[str, ...]) -> None:
    older = Request(origin="openai-chat", model="m", messages=(), spelling=("functions",))
    calls = (ToolCall(id="c", name="get", arguments="{}"), ToolCall(id="d", name="put", arguments="{}"))
    answer = Response(origin="another", choices=(Choice(parts=calls[:count]),))
    whole, streaming = notes(), notes()

    CODEC.write_response(answer, older, whole)
    writer = CODEC.stream_writer(older, streaming)
    for event in unfold(answer):
        writer.write(event)

    assert whole.dropped == streaming.dropped == lost


def test_call_that_is_given_anew_before_its_words_is_told_as_it_is_in_the_end() -> None:
    chunks = written(
        BEGIN,
        PartBegin(part=ToolCall(id="c", name="get"), index=0),
        Replaced(part=ToolCall(id="c", name="put", arguments="{}"), index=0),
        Replaced(part=ToolCall(id="c", name="cut", arguments="[]"), index=0),
        PartEnd(index=0),
    )

    begun = {"index": 0, "id": "c", "type": "function", "function": {"name": "put", "arguments": ""}}
    assert deltas(chunks)[1:] == [
        {"tool_calls": [begun]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
    ]


def test_thinking_that_is_given_anew_is_packed_as_it_is_in_the_end() -> None:
    thought = Reasoning(text="Hm!", state=State("another", {"s": 1}))
    chunks = written(
        BEGIN,
        PartBegin(part=Reasoning(), index=0),
        Delta(text="Hm", index=0),
        Replaced(part=thought, index=0),
        PartEnd(index=0),
        PartBegin(part=Text(text=""), index=1),
        Replaced(part=Text(text="a"), index=1),
        Replaced(part=Text(text="b"), index=1),
        Replaced(part=Text(text="c"), index=1),
        Replaced(part=Text(text="never begun"), index=2),
    )

    _, words, details, text = deltas(chunks)
    assert (words, text) == ({"reasoning_content": "Hm"}, {"content": "a"})
    assert unpack_thinking(details["reasoning_details"][0]["data"], SEAL) == [thought]


def test_own_thinking_is_told_in_the_place_where_it_was() -> None:
    begin, more = chunk({"reasoning": "h"}), chunk({"reasoning": "m", "reasoning_details": [{"type": "x"}]})
    found = [event for event in events(begin, more, DONE) if not isinstance(event, End)]

    (detail,) = (event for event in found if isinstance(event, Detail))
    assert detail.state == State("openai-chat", {"in": "reasoning", "reasoning_details": [{"type": "x"}]})
    assert deltas(written(*found))[1:] == [
        {"reasoning": "h"},
        {"reasoning": "m"},
        {"reasoning_details": [{"type": "x"}]},
        {},
    ]


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


def test_stop_sequence_that_was_met_has_no_place_in_a_whole_answer() -> None:
    left = notes()

    CODEC.write_response(Response(origin="another", choices=(Choice(sequence="."),)), ASKED, left)

    assert left.dropped == ("stop_sequence",)


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
    assert writer.write(PartBegin(part=Media(kind=MediaKind.IMAGE, file_id="f"), index=3)) == b""


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
