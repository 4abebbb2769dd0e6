"""Events of any provider as a stream that Anthropic's SDKs fold."""

import json
from typing import Any

import pytest
from tests.providers.anthropic.reading import NEWS

from tollbridge import Unavailable, Usage
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
    KeyedSeal,
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
    Request,
    ServerCall,
    State,
    Stop,
    Text,
    ToolCall,
    Unknown,
    UsageSeen,
    split_id,
)
from tollbridge_anthropic.codec import MessagesCodec

CODEC = MessagesCodec()
OWN = CODEC.name
SEAL = KeyedSeal(b"k" * 32)
BEGIN = Begin(origin="another", id="a_1", model="m")
MINE = Begin(origin=OWN, id="msg_1", model="claude", tier="standard", extras={"container": {"id": "c"}})


def stream(*events: AnyEvent) -> bytes:
    writer = CODEC.stream_writer(Request(origin=OWN, model="m", messages=()), Notes(SEAL, call_id="req_1"))
    return b"".join(writer.write(event) for event in events)


def written(*events: AnyEvent) -> list[Any]:
    """Write events; every one must be named as its type says."""
    found = []
    for event in stream(*events).decode().split("\n\n")[:-1]:
        name, data = event.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


def blocks(*events: AnyEvent, begin: Begin = BEGIN) -> list[Any]:
    """Write what stands between the beginning and the end of a message."""
    first, *found, last, stop = written(begin, *events, End())
    assert [first["type"], last["type"], stop["type"]] == ["message_start", "message_delta", "message_stop"]
    return found


def kinds(found: list[Any]) -> list[str]:
    return [event.get("delta", event.get("content_block", event)).get("type") for event in found]


def test_events_come_in_anthropics_order() -> None:
    assert written(
        BEGIN,
        PartBegin(part=Text(text=""), index=0),
        Delta(text="H", index=0),
        Delta(text="i", index=0),
        PartEnd(index=0),
        ChoiceEnd(stop=Stop.LENGTH),
        UsageSeen(usage=Usage(input=3, output=2)),
        End(),
    ) == [
        {
            "type": "message_start",
            "message": {
                "id": "a_1",
                "type": "message",
                "role": "assistant",
                "model": "m",
                "content": [],
                "stop_reason": None,
                "stop_sequence": None,
                "usage": {"input_tokens": 0, "output_tokens": 0},
            },
        },
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "H"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "i"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "max_tokens", "stop_sequence": None},
            "usage": {
                "input_tokens": 3,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": 2,
            },
        },
        {"type": "message_stop"},
    ]


def test_usage_that_is_known_at_the_beginning_stands_there() -> None:
    wire = {"input_tokens": 3, "output_tokens": 1}
    first, *_ = written(MINE, UsageSeen(usage=Usage(input=3, output=1), wire=wire), Ping())

    assert first["message"]["usage"] == wire
    assert first["message"]["container"] == {"id": "c"}
    foreign, *_ = written(BEGIN, UsageSeen(usage=Usage(input=3), wire=wire), Ping())
    assert foreign["message"]["usage"]["cache_read_input_tokens"] == 0


def test_tier_is_told_at_the_beginning_and_later() -> None:
    first, *_ = written(Begin(origin="another", tier="default"), Ping())
    *_, last, _stop = written(BEGIN, Aside(tier="priority"), End())

    assert first["message"]["usage"]["service_tier"] == "standard"
    assert last["usage"]["service_tier"] == "priority"
    assert written(MINE, Ping())[0]["message"]["usage"]["service_tier"] == "standard"


def test_empty_parts_of_another_provider_are_left_out_and_its_own_are_kept() -> None:
    empty = (PartBegin(part=Text(text=""), index=0), Delta(text="", index=0), PartEnd(index=0))
    silent = (PartBegin(part=Reasoning(), index=1), PartEnd(index=1))

    assert blocks(*empty, *silent) == []
    assert kinds(blocks(*empty, *silent, begin=MINE)) == [
        "text",
        "content_block_stop",
        "thinking",
        "content_block_stop",
    ]


def test_words_that_stood_at_the_beginning_are_the_first_piece() -> None:
    found = blocks(PartBegin(part=Refusal(text="No"), index=0), Delta(text=".", index=0), PartEnd(index=0))

    assert [event["delta"]["text"] for event in found if "delta" in event] == ["No", "."]


def test_refusal_is_the_reason_of_the_end() -> None:
    *_, last, _stop = written(
        BEGIN, PartBegin(part=Refusal(text="No"), index=0), PartEnd(index=0), ChoiceEnd(stop=Stop.END), End()
    )

    assert last["delta"]["stop_reason"] == "refusal"


def test_thinking_is_signed_at_its_end() -> None:
    state = State("another", {"id": "rs_1"})
    found = blocks(
        PartBegin(part=Reasoning(), index=0),
        Delta(text="So.", index=0),
        Detail(index=0, state=state),
        PartEnd(index=0),
    )

    assert kinds(found) == ["thinking", "thinking_delta", "signature_delta", "content_block_stop"]
    assert found[0]["content_block"] == {"type": "thinking", "thinking": "", "signature": ""}
    assert SEAL.unpack(found[2]["delta"]["signature"]) == state


def test_thinking_without_words_is_a_signature_alone() -> None:
    state = State("another", {"id": "rs_1"})
    found = blocks(PartBegin(part=Reasoning(), index=0), Detail(index=0, state=state), PartEnd(index=0))

    assert kinds(found) == ["thinking", "signature_delta", "content_block_stop"]
    assert SEAL.unpack(found[1]["delta"]["signature"]) == state


def test_thinking_without_a_state_has_no_signature() -> None:
    found = blocks(PartBegin(part=Reasoning(text="So."), index=0), PartEnd(index=0))

    assert kinds(found) == ["thinking", "thinking_delta", "content_block_stop"]


def test_redacted_thinking_is_written_as_it_came() -> None:
    raw = {"type": "redacted_thinking", "data": "D"}
    part = Reasoning(state=State(OWN, raw))

    assert blocks(PartBegin(part=part, index=0), PartEnd(index=0))[0]["content_block"] == raw
    assert (
        blocks(PartBegin(part=Reasoning(), index=0), Detail(index=0, state=part.state), PartEnd(index=0), begin=MINE)[
            0
        ]["content_block"]
        == raw
    )


def test_call_is_written_as_it_comes_with_the_state_that_came_before_its_words() -> None:
    state = State("another", {"a": 1})
    writer = CODEC.stream_writer(Request(origin=OWN, model="m", messages=()), Notes(SEAL))
    writer.write(BEGIN)
    started = writer.write(PartBegin(part=ToolCall(id="c", name="look"), index=0))

    assert started.count(b"event: ") == 1  # the message's beginning
    assert writer.write(Detail(index=0, state=state)) == b""
    start, given = (
        json.loads(event.partition("data: ")[2])
        for event in writer.write(Delta(text='{ "a":', index=0)).decode().split("\n\n")[:-1]
    )
    assert split_id(start["content_block"].pop("id"), SEAL) == ("c", state)
    assert start["content_block"] == {"type": "tool_use", "name": "look", "input": {}}
    assert given["delta"] == {"type": "input_json_delta", "partial_json": '{ "a":'}
    assert b'"partial_json":" 1 }"' in writer.write(Delta(text=" 1 }", index=0))
    assert b"content_block_stop" in writer.write(PartEnd(index=0))


def test_call_without_words_is_written_at_its_end() -> None:
    start, given, stop = blocks(PartBegin(part=ToolCall(id="c", name="look"), index=0), PartEnd(index=0))

    assert start["content_block"]["input"] == {}
    assert given["delta"] == {"type": "input_json_delta", "partial_json": "{}"}
    assert stop["type"] == "content_block_stop"


def test_blocks_are_open_one_at_a_time() -> None:
    found = blocks(
        PartBegin(part=Text(text=""), index=0),
        PartBegin(part=ToolCall(id="c", name="look"), index=1),
        Delta(text="a", index=0),
        Delta(text="{}", index=1),
        Delta(text="b", index=0),
        PartEnd(index=1),
        PartEnd(index=0),
    )

    assert [event["index"] for event in found] == [0, 0, 0, 0, 1, 1, 1]


def test_part_that_was_never_ended_ends_with_the_answer() -> None:
    found = blocks(PartBegin(part=Text(text="a"), index=0), ChoiceEnd(stop=Stop.END))

    assert kinds(found) == ["text", "text_delta", "content_block_stop"]


def test_other_answers_than_the_first_are_left_out() -> None:
    assert blocks(PartBegin(part=Text(text="b"), index=0, choice=1), PartEnd(index=0, choice=1)) == []


def test_citations_are_pieces_too() -> None:
    link = Citation(url="u", title="N", cited="It is.")
    filed = Citation(file_id="f")
    begin, end = PartBegin(part=Text(text=""), index=0), PartEnd(index=0)

    found = blocks(begin, Delta(text="x", index=0), Detail(index=0, citations=(link, filed)), end)
    early = blocks(begin, Detail(index=0, citations=(Citation(raw=NEWS),)), end, begin=MINE)

    assert found[2]["delta"] == {"type": "citations_delta", "citation": {**NEWS, "encrypted_index": ""}}
    assert early[1]["delta"] == {"type": "citations_delta", "citation": NEWS}
    assert blocks(begin, Detail(index=0, citations=(filed,)), end) == []


def test_what_only_anthropic_has_is_written_for_itself_alone() -> None:
    call = ServerCall(tool="web_search", raw={"type": "server_tool_use", "id": "s", "name": "n", "input": {"q": 1}})
    result = Opaque(kind="later", raw={"type": "later", "a": 1})
    events = (
        PartBegin(part=ServerCall(tool="web_search", raw={}), index=0),
        Replaced(part=call, index=0),
        PartEnd(index=0),
        PartBegin(part=result, index=1),
        PartEnd(index=1),
        PartBegin(part=Media(kind=MediaKind.IMAGE, url="u"), index=2),
        PartEnd(index=2),
    )
    found = blocks(*events, begin=MINE)

    assert found[0]["content_block"] == {**call.raw, "input": {}}
    assert json.loads(found[1]["delta"]["partial_json"]) == {"q": 1}
    assert found[3]["content_block"] == result.raw
    assert blocks(*events) == []


def test_part_that_is_replaced_begins_anew_unless_its_words_are_out() -> None:
    begin, end = PartBegin(part=Text(text=""), index=0), PartEnd(index=0)
    other = Replaced(part=Text(text="b"), index=0)
    fresh, late = blocks(begin, other, end), blocks(begin, Delta(text="a", index=0), other, end)

    assert [event["delta"]["text"] for event in (*fresh, *late) if "delta" in event] == ["b", "a"]
    half = PartBegin(part=ToolCall(id="c", name="n"), index=0)
    assert blocks(half, Replaced(part=Text(text=""), index=0), end) == []


def test_what_comes_late_about_its_own_message_stands_where_it_came() -> None:
    late = Aside(extras={"container": {"id": "c"}, "context_management": {"applied_edits": []}})
    end = ChoiceEnd(stop=Stop.OTHER, said="later", sequence="S", extras={"stop_details": None})
    *_, last, _stop = written(MINE, late, end, End())

    assert last["delta"] == {
        "stop_reason": "later",
        "stop_sequence": "S",
        "stop_details": None,
        "container": {"id": "c"},
    }
    assert last["context_management"] == {"applied_edits": []}
    *_, foreign, _stop = written(BEGIN, late, end, End())
    assert foreign["delta"] == {"stop_reason": "end_turn", "stop_sequence": "S"}
    assert "context_management" not in foreign


@pytest.mark.parametrize("raw", [{}, {"type": {}}, {"type": "server_tool_use", "input": 5}])
def test_block_of_an_odd_shape_is_written_to_its_own_dialect_as_it_came(raw: dict[str, Any]) -> None:
    part = Opaque(kind="", raw=raw)

    found = blocks(PartBegin(part=part, index=0), PartEnd(index=0), begin=MINE)

    assert found[0]["content_block"] == raw
    assert len(found) == 2


def test_members_of_an_odd_shape_never_hide_what_ends_a_message() -> None:
    odd = Aside(extras={"delta": 5, "usage": [], "kind": "later"})

    *_, last, _ = written(MINE, odd, ChoiceEnd(stop=Stop.END, said="end_turn"), End())

    assert last["delta"]["stop_reason"] == "end_turn"
    assert last["usage"] == {"input_tokens": 0, "output_tokens": 0} | last["usage"]
    assert last["kind"] == "later"


def test_unknown_events_are_passed_on_to_their_own_dialect() -> None:
    mine = Unknown(dialect=OWN, name="later", data=b'{"type":\n"later"}')

    assert blocks(mine, begin=MINE) == [{"type": "later"}]
    assert blocks(mine) == []
    assert blocks(Unknown(dialect="another", name="later", data=b"{}"), begin=MINE) == []
    assert blocks(Unknown(dialect=OWN, name="a\nb", data=b"{}"), begin=MINE) == []


def test_sign_of_life_is_a_ping_wherever_it_comes() -> None:
    assert stream(Ping()) == b'event: ping\ndata: {"type":"ping"}\n\n'
    assert kinds(written(Ping(), BEGIN, Ping())) == ["ping", "message_start", "ping"]


def test_error_ends_the_stream_and_nothing_comes_after_it() -> None:
    error = Broken(error=Unavailable("too busy", status=529))
    found = written(BEGIN, Ping(), error, End(), error)

    assert found[2:] == [
        {
            "type": "error",
            "error": {"type": "overloaded_error", "message": "too busy"},
            "request_id": "req_1",
        }
    ]
    assert len(written(BEGIN, error)) == 1


def test_pieces_of_nothing_say_nothing_between_others_either() -> None:
    begin, end = PartBegin(part=Text(text="a"), index=0), PartEnd(index=0)

    assert blocks(begin, Delta(text="x", index=3), end, PartEnd(index=3)) == blocks(begin, end)


@pytest.mark.parametrize("lone", [Delta(text="x", index=3), Detail(index=3), PartEnd(index=3)])
def test_pieces_of_nothing_say_nothing(lone: AnyEvent) -> None:
    assert blocks(lone) == []
